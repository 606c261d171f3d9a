"""The examples with the highest or the lowest scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selector, SelectorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

End = Literal["highest", "lowest"]


class RankedSelector(Selector):
    """Takes one end of the scores; among equal scores, lower indices come first.

    Args:
        keep: ``highest`` or ``lowest``; the method's own end where None.

    Raises:
        SelectionError: ``keep`` is neither.
    """

    needs = frozenset({"scores"})
    deterministic = True
    own_end: ClassVar[End] = "highest"

    def __init__(self, keep: End | None = None) -> None:
        if keep not in (None, "highest", "lowest"):
            raise SelectionError(
                f"selector {self.name!r}: keep must be highest or lowest, got {keep!r}"
            )
        self.keep: End = keep or self.own_end

    def parameters(self) -> Mapping[str, Any]:
        """Return which end is kept."""
        return {"keep": self.keep}

    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Sort and cut."""
        scores = inputs.required("scores", self.name)
        return np.argsort(-scores if self.keep == "highest" else scores, kind="stable")[:size]


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
