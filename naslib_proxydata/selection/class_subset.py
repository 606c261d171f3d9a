"""Whole classes, drawn at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.class_random import draw_by_class
from naslib_proxydata.selection.quotas import class_sizes

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassSubsetSelector(Selector):
    """Random classes with all of their images (arXiv 2006.13314, "random").

    Classes are taken whole in random order; the last one is cut at random where it does not
    fit. With N classes of n_c images each, the size N n_c gives whole classes only.

    Args:
        classes: Number of classes to draw; as many as the size needs where None.

    Raises:
        SelectionError: ``classes`` is below 1.
    """

    name = "class-subset"
    needs = frozenset({"labels"})

    def __init__(self, classes: int | None = None) -> None:
        if classes is not None and classes < 1:
            raise SelectionError(
                f"selector 'class-subset': classes must be at least 1, got {classes}"
            )
        self.classes = classes

    def parameters(self) -> Mapping[str, Any]:
        """Return the number of classes."""
        return {"classes": self.classes}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Fill the size class by class."""
        labels = inputs.required("labels", self.name)
        sizes = class_sizes(labels, self.name)
        order = generator.permutation(len(sizes))[: self.classes]
        if size > sizes[order].sum():
            raise SelectionError(
                f"selector 'class-subset': the {len(order)} classes drawn hold "
                f"{sizes[order].sum()} examples, {size} were asked for; use more classes or a "
                "smaller size"
            )
        left = size - np.concatenate([[0], np.cumsum(sizes[order])[:-1]])
        quotas = np.zeros(len(sizes), np.int64)
        quotas[order] = np.clip(left, 0, sizes[order])
        return draw_by_class(labels, quotas, generator)
