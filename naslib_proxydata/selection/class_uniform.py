"""Classes of every size, and the same fraction of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.data.base import evenly_spaced
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.class_random import draw_by_class
from naslib_proxydata.selection.numbers import check_whole
from naslib_proxydata.selection.quotas import class_sizes, proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassUniformSelector(Selector):
    """A fixed fraction of classes spread over all class sizes (arXiv 2006.13314, "uniform").

    Classes are sorted by size and N of them sampled evenly; each gives the same fraction, drawn
    at random. Classes that would be left with fewer than ``least`` images are dropped. With a
    fraction the others give what they gave before, so that fewer images are chosen than the
    fraction of all, as in the paper; with a size they give more, until it is met, the smallest
    half of those that are too small going at a time. Every class that stays is in both halves.

    Args:
        classes: Number of classes N; all where None.
        least: Fewest images with which a class stays; the paper drops those left with one.
        fraction: The fraction of its images that each class gives, rounded down, in place of a
            size; the paper's is 0.0097 for ImageNet-22K.

    Raises:
        SelectionError: A number is no whole one, or below 1, or the fraction is not in (0, 1].
    """

    name = "class-uniform"
    needs = frozenset({"labels"})
    takes_fraction = True
    splits_by_class = True

    def __init__(
        self, classes: int | None = None, least: int = 2, fraction: float | None = None
    ) -> None:
        check_whole("selector 'class-uniform'", least=least)
        if classes is not None:
            check_whole("selector 'class-uniform'", classes=classes)
        if fraction is not None and not 0 < fraction <= 1:
            raise SelectionError(
                f"selector 'class-uniform': fraction must be above 0 and at most 1, got {fraction}"
            )
        self.classes = classes
        self.least = least
        self.fraction = fraction

    def parameters(self) -> Mapping[str, Any]:
        """Return the number of classes, the fewest images of one, and the fraction if given."""
        own: dict[str, Any] = {"classes": self.classes, "least": self.least}
        return own if self.fraction is None else {**own, "fraction": self.fraction}

    def own_size(self, inputs: SelectorInputs, generator: np.random.Generator) -> int:
        """Return how many images the fraction of each class makes, without the dropped ones."""
        if self.fraction is None:
            return super().own_size(inputs, generator)
        sizes = class_sizes(inputs.required("labels", self.name), self.name)
        size = int(self._by_fraction(sizes, self.fraction).sum())
        if size < 1:
            raise SelectionError(
                f"selector 'class-uniform': a fraction of {self.fraction} leaves no class with "
                f"{self.least} or more images, the largest has {sizes.max()}; take a larger one"
            )
        return size

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Sample classes, share the size, drop what is too small, draw."""
        labels = inputs.required("labels", self.name)
        sizes = class_sizes(labels, self.name)
        if self.fraction is None:
            quotas = self._by_size(sizes, size)
        else:
            quotas = self._by_fraction(sizes, self.fraction)
        return draw_by_class(labels, quotas, generator)

    def _sampled(self, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sampled classes, from the smallest to the largest."""
        by_size = np.argsort(sizes, kind="stable")
        return by_size[evenly_spaced(len(sizes), self.classes or len(sizes))]

    def _by_fraction(self, sizes: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
        """Return what each class gives, shape (classes,), at a fraction."""
        sampled = self._sampled(sizes)
        shares = np.floor(fraction * sizes[sampled] + 1e-9).astype(np.int64)  # 0.29 * 100
        quotas = np.zeros(len(sizes), np.int64)
        quotas[sampled] = np.where(shares >= self.least, shares, 0)
        return quotas

    def _by_size(self, sizes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """Return what each class gives, shape (classes,), for a number of images in all."""
        kept = self._sampled(sizes)
        quotas = np.zeros(len(sizes), np.int64)
        while len(kept) and size <= sizes[kept].sum():
            shares = proportional_quotas(sizes[kept], size)
            if (shares >= self.least).all():
                quotas[kept] = shares
                return quotas
            too_small = int((shares < self.least).sum())
            kept = kept[max(1, too_small // 2) :]  # kept is in ascending order of size
        raise SelectionError(
            f"selector 'class-uniform': {len(kept)} classes with {self.least} or more images "
            f"hold {sizes[kept].sum()} examples, {size} were asked for; use more classes or "
            "another size"
        )
