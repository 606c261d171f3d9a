"""InfoBatch: unbiased dynamic pruning of well-learnt examples (arXiv 2303.04947)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, WeightedExamples, hookimpl
from naslib_proxydata.pruning.arrays import is_tensor, on_host, put_beside
from naslib_proxydata.pruning.bilevel import labels_of
from naslib_proxydata.ranges import PART, SHARE, WHOLE, with_ranges
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def cross_entropies(probabilities: Any, targets: Any) -> Any:
    """Return -ln p_y of each example, shape (batch,), where the probabilities are.

    Args:
        probabilities: Softmax outputs, shape (batch, classes), numpy or torch.
        targets: Integer labels, shape (batch,), of the same kind and on the same device.
    """
    rows = (targets * 0 + 1).cumsum(0) - 1  # 0, 1, ... on the same device, in either library
    right = probabilities[rows, targets]
    # Probabilities that a float32 softmax has rounded to 0 must not give an infinite loss.
    return (
        -right.double().clamp_min(1e-12).log()
        if is_tensor(right)
        else -np.log(np.maximum(right, 1e-12))
    )


def infobatch_weights(
    losses: NDArray[np.float64], ratio: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return the weight of each example in the next epoch, 0 for those that are pruned.

    An example whose last loss is below the mean is pruned with probability r; one that is below
    and stays weighs 1 / (1 - r), so that the expected gradient is that of all examples; all
    others weigh 1 (arXiv 2303.04947, section 2.2, eq. 2 to 4). An example without a loss
    weighs 1.

    Args:
        losses: Last loss of each example, nan where there is none, shape (n,).
        ratio: r, in [0, 1).
        generator: Draws which are pruned.
    """
    if np.isnan(losses).all():
        return np.ones(len(losses))
    well_learnt = losses < np.nanmean(losses)  # False where there is no loss
    pruned = generator.random(len(losses)) < ratio
    return np.where(well_learnt, np.where(pruned, 0.0, 1 / (1 - ratio)), 1.0)


class InfoBatchPruner:
    """Leaves out well-learnt examples for one epoch each, and lets those that stay weigh more.

    The score of an example is its loss when it was last seen; pruned examples keep theirs and may
    come back in the next epoch. In the last part of the search every example is used, with
    weight 1 (the paper's annealing).

    Args:
        ratio: Probability r with which a well-learnt example is left out; 0.5 in the paper.
        untouched: Share of the search, its end, that uses every example; 0.125 in the paper.
        levels: The level that is pruned, or several.
        seed: Seed of the draws; the search's own where None.

    Raises:
        PruningError: A number is out of its range, or a level is unknown.
    """

    @with_ranges(
        "pruner 'infobatch'",
        PruningError,
        ratio=PART,
        untouched=SHARE,
        seed=WHOLE,
    )
    def __init__(
        self,
        ratio: float = 0.5,
        *,
        untouched: float = 0.125,
        levels: Level | Sequence[Level] = LEVELS,
        seed: int | None = None,
    ) -> None:
        levels = (levels,) if isinstance(levels, str) else tuple(levels)
        if not set(levels) <= set(LEVELS):
            raise PruningError(f"levels are {' and '.join(LEVELS)}, got {', '.join(levels)}")
        self._ratio = ratio
        self._untouched = untouched
        self._levels = levels
        self._seed = seed
        self._losses: dict[str, Any] = {}

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Forget the losses of an earlier search.

        Raises:
            PruningError: The dataset has no labels, or no epoch would leave anything out.
        """
        self._size = len(labels_of(info, "InfoBatch"))
        self._last_epoch = info.epochs * (1 - self._untouched)
        if self._last_epoch < 2:
            raise PruningError(
                "InfoBatch uses all examples in the first epoch and in the last "
                f"{self._untouched:.3g} of the search, so in {info.epochs} epochs it would never "
                "leave any out; give more epochs, or a smaller share with --set pruner.untouched=0"
            )
        self._draws_seed = info.seed if self._seed is None else self._seed
        self._losses = {}

    @hookimpl
    def batch_finished(
        self, level: Level, indices: NDArray[np.int64], probabilities: Any, targets: Any
    ) -> None:
        """Note the loss of each example of a batch, where it was computed."""
        if level not in self._losses:
            self._losses[level] = put_beside(np.full(self._size, np.nan), probabilities)
        losses = cross_entropies(probabilities, targets)
        self._losses[level][put_beside(indices, probabilities)] = losses

    @hookimpl
    def weigh_examples(
        self, epoch: int, active: Mapping[Level, NDArray[np.int64]]
    ) -> Mapping[Level, WeightedExamples] | None:
        """Draw the examples of an epoch; all of them in the first and the last ones."""
        if epoch > self._last_epoch:
            return None
        seen = [level for level in self._levels if level in self._losses]
        return {level: self._drawn(level, epoch, active[level]) for level in seen}

    def _drawn(self, level: Level, epoch: int, active: NDArray[np.int64]) -> WeightedExamples:
        generator = numpy_generator(self._draws_seed, "infobatch", level, epoch)
        weights = infobatch_weights(on_host(self._losses[level])[active], self._ratio, generator)
        kept = weights > 0
        return WeightedExamples(active[kept], weights[kept])

    def settings(self) -> Mapping[str, Any]:
        """Return what a search that has started runs with."""
        return {
            "ratio": self._ratio,
            "untouched": self._untouched,
            "levels": list(self._levels),
            "seed": self._draws_seed,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the losses, for a checkpoint."""
        return {level: on_host(losses).copy() for level, losses in self._losses.items()}

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Go on from a checkpoint; called after :meth:`search_started`."""
        self._losses = {
            level: put_beside(on_host(losses).copy(), example) for level, losses in state.items()
        }
