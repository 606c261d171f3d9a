"""Whole classes, drawn at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.class_random import draw_by_class
from naslib_proxydata.selection.numbers import check_whole
from naslib_proxydata.selection.quotas import class_sizes, proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassSubsetSelector(Selector):
    """Random classes with all of their images (arXiv 2006.13314, "random").

    With ``classes`` and no size these are all images of so many classes; with a size the classes
    share it in proportion to their own sizes: 200 classes and 128,000 images of ImageNet make
    the paper's proxy set P4. Without ``classes``, whole classes are taken in random order until
    the size is reached, and the last one is cut at random where it does not fit.

    Args:
        classes: Number of classes to draw; as many as the size needs where None.

    Raises:
        SelectionError: ``classes`` is no whole number, or below 1.
    """

    name = "class-subset"
    needs = frozenset({"labels"})

    def __init__(self, classes: int | None = None) -> None:
        if classes is not None:
            check_whole("selector 'class-subset'", classes=classes)
        self.classes = classes

    def parameters(self) -> Mapping[str, Any]:
        """Return the number of classes."""
        return {"classes": self.classes}

    def own_size(self, inputs: SelectorInputs, generator: np.random.Generator) -> int:
        """Return how many images the drawn classes have."""
        if self.classes is None:
            return super().own_size(inputs, generator)
        sizes = class_sizes(inputs.required("labels", self.name), self.name)
        return int(sizes[self._drawn(len(sizes), generator)].sum())

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw the classes, and fill the size class by class or from all of them."""
        labels = inputs.required("labels", self.name)
        sizes = class_sizes(labels, self.name)
        order = self._drawn(len(sizes), generator)
        if size > sizes[order].sum():
            raise SelectionError(
                f"selector 'class-subset': the {len(order)} classes drawn hold "
                f"{sizes[order].sum()} examples, {size} were asked for; use more classes or a "
                "smaller size"
            )
        quotas = np.zeros(len(sizes), np.int64)
        if self.classes is None:
            left = size - np.concatenate([[0], np.cumsum(sizes[order])[:-1]])
            quotas[order] = np.clip(left, 0, sizes[order])
        else:
            quotas[order] = proportional_quotas(sizes[order], size)
        return draw_by_class(labels, quotas, generator)

    def _drawn(self, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
        """Draw classes out of ``count``, in random order."""
        if self.classes is not None and self.classes > count:
            raise SelectionError(
                f"selector 'class-subset': classes must be at most {count}, the number that the "
                f"dataset has, got {self.classes}"
            )
        return generator.permutation(count)[: self.classes]
