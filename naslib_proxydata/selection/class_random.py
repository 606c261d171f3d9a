"""Examples drawn uniformly within each class, classes in their own proportions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.quotas import class_sizes, proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassRandomSelector(Selector):
    """Class-conditional random sampling ("Less is More").

    Class c gives r n_c examples, rounded so that the sum is exact.
    """

    name = "class-random"
    needs = frozenset({"labels"})

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw each class's quota without replacement."""
        labels = inputs.required("labels", self.name)
        quotas = proportional_quotas(class_sizes(labels, self.name), size)
        return draw_by_class(labels, quotas, generator)


def draw_by_class(
    labels: NDArray[np.int64], quotas: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw ``quotas[c]`` examples of each class c, uniformly and without replacement."""
    shuffled = generator.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    ends = np.cumsum(np.bincount(labels, minlength=len(quotas)))
    starts = np.concatenate([[0], ends[:-1]])
    parts = [by_class[start : start + quota] for start, quota in zip(starts, quotas, strict=True)]
    return np.concatenate(parts)
