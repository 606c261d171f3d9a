"""The examples with the highest or the lowest scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.balanced import BalancedSelector
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.origin import End

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.selection.balanced import Rows


class RankedSelector(BalancedSelector):
    """Takes one end of the scores; among equal scores, lower indices come first.

    Args:
        keep: ``highest`` or ``lowest``; the method's own end where None.
        balance: See :class:`~naslib_proxydata.selection.balanced.BalancedSelector`.

    Raises:
        SelectionError: ``keep`` is neither.
    """

    needs = frozenset({"scores"})
    promises_scorer = True
    deterministic = True
    own_end: ClassVar[End] = "highest"

    def __init__(self, keep: End | None = None, balance: bool = False) -> None:
        super().__init__(balance)
        if keep not in (None, "highest", "lowest"):
            raise SelectionError(
                f"selector {self.name!r}: keep must be highest or lowest, got {keep!r}"
            )
        self.keep: End = keep or self.own_end

    def parameters(self) -> Mapping[str, Any]:
        """Return which end is kept, and whether classes are balanced."""
        return {"keep": self.keep, **super().parameters()}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Sort and cut."""
        scores = inputs.required("scores", self.name)
        keys = -scores if self.keep == "highest" else scores

        def first(rows: Rows, quota: int) -> NDArray[np.int64]:
            return np.argsort(keys[rows], kind="stable")[:quota]

        return self.spread(inputs, size, first)


class EntropyTopSelector(RankedSelector):
    """The k examples of highest entropy (arXiv 2106.04784)."""

    name = "entropy-top"
    scorer = "entropy"


class EntropyBottomSelector(RankedSelector):
    """The k examples of lowest entropy (arXiv 2106.04784)."""

    name = "entropy-bottom"
    scorer = "entropy"
    own_end = "lowest"


class ForgettingSelector(RankedSelector):
    """The k examples forgotten most often in training; those never learnt count as more.

    arXiv 2106.04784; never-learnt examples as in arXiv 1812.05159.
    """

    name = "forgetting"
    scorer = "forgetting"


class EL2NSelector(RankedSelector):
    """The k examples of highest or lowest early error norm (arXiv 2107.07075; 2312.14200)."""

    name = "el2n"
    scorer = "el2n"


class AutoencoderLossSelector(RankedSelector):
    """The k examples an autoencoder restores best, or worst ("Less is More")."""

    name = "autoencoder-loss"
    scorer = "reconstruction"
    own_end = "lowest"


class TransferLossSelector(RankedSelector):
    """The k examples of lowest, or highest, loss of a transferred model ("Less is More")."""

    name = "transfer-loss"
    scorer = "transfer"
    own_end = "lowest"


class AumSelector(RankedSelector):
    """The k examples of smallest, or largest, area under the margin (arXiv 2001.10528).

    The authors of arXiv 2210.15809 choose a coreset by the smallest, which are the hardest.
    """

    name = "aum"
    scorer = "aum"
    own_end = "lowest"


class DynamicUncertaintySelector(RankedSelector):
    """The k examples whose predictions vary most in training (Dyn-Unc, arXiv 2306.05175)."""

    name = "dyn-unc"
    scorer = "dyn-unc"


class TDDSSelector(RankedSelector):
    """The k examples of highest temporal dual-depth score (TDDS, arXiv 2311.13613)."""

    name = "tdds"
    scorer = "tdds"
