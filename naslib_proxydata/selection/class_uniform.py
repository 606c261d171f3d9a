"""Classes of every size, and the same fraction of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.data.base import evenly_spaced
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.class_random import draw_by_class
from naslib_proxydata.selection.quotas import class_sizes, proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassUniformSelector(Selector):
    """A fixed fraction of classes spread over all class sizes (arXiv 2006.13314, "uniform").

    Classes are sorted by size and N of them sampled evenly; each gives the same fraction,
    drawn at random. Classes that would be left with fewer than ``least`` images are dropped,
    the smallest half of them at a time, and the others give more, until none need be dropped.

    Args:
        classes: Number of classes N; all where None.
        least: Fewest images with which a class stays; the paper drops those left with one.

    Raises:
        SelectionError: A number is below 1.
    """

    name = "class-uniform"
    needs = frozenset({"labels"})

    def __init__(self, classes: int | None = None, least: int = 2) -> None:
        if (classes is not None and classes < 1) or least < 1:
            raise SelectionError(
                f"selector 'class-uniform': classes and least must be at least 1, "
                f"got {classes} and {least}"
            )
        self.classes = classes
        self.least = least

    def parameters(self) -> Mapping[str, Any]:
        """Return the number of classes and the fewest images of one."""
        return {"classes": self.classes, "least": self.least}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Sample classes, share the size, drop what is too small, draw."""
        labels = inputs.required("labels", self.name)
        sizes = class_sizes(labels, self.name)
        by_size = np.argsort(sizes, kind="stable")
        kept = by_size[evenly_spaced(len(sizes), self.classes or len(sizes))]
        quotas = np.zeros(len(sizes), np.int64)
        while len(kept) and size <= sizes[kept].sum():
            shares = proportional_quotas(sizes[kept], size)
            if (shares >= self.least).all():
                quotas[kept] = shares
                return draw_by_class(labels, quotas, generator)
            too_small = int((shares < self.least).sum())
            kept = kept[max(1, too_small // 2) :]  # kept is in ascending order of size
        raise SelectionError(
            f"selector 'class-uniform': {len(kept)} classes with {self.least} or more images "
            f"hold {sizes[kept].sum()} examples, {size} were asked for; use more classes or "
            "another size"
        )
