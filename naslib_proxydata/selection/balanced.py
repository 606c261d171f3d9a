"""Selectors that can take the same share of every class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.quotas import class_sizes, proportional_quotas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = slice | NDArray[np.int64]
    Among = Callable[[Rows, int], NDArray[np.int64]]


class BalancedSelector(Selector):
    """A selector whose rule can be applied to each class by itself.

    Args:
        balance: Let every class give the same share of its examples, see
            ``quotas.proportional_quotas``, and choose within it; else all compete.

    Raises:
        SelectionError: ``balance`` is neither true nor false.
    """

    def __init__(self, balance: bool = False) -> None:
        if not isinstance(balance, bool):
            raise SelectionError(
                f"selector {self.name!r}: balance must be true or false, got {balance!r}"
            )
        self.balance = balance
        if balance:
            self.needs = self.needs | {"labels"}

    def parameters(self) -> Mapping[str, Any]:
        """Return whether it is balanced, where it is."""
        return {"balance": True} if self.balance else {}

    def spread(self, inputs: SelectorInputs, size: int, among: Among) -> NDArray[np.int64]:
        """Choose among all, or within each class its share.

        Args:
            inputs: Its labels give the classes.
            size: Number of examples to choose.
            among: Gets rows of the inputs' arrays and how many of them to choose; returns
                positions within these rows.
        """
        if not self.balance:
            return among(slice(None), size)
        labels = inputs.required("labels", self.name)
        sizes = class_sizes(labels, self.name)
        members = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
        quotas = proportional_quotas(sizes, size)
        return np.concatenate(
            [
                rows[among(rows, int(quota))]
                for rows, quota in zip(members, quotas, strict=True)
                if quota
            ]
        )
