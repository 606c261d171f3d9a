"""GLISTER: the examples that help held-out ones most, chosen anew every few epochs.

GLISTER-ONLINE is of Killamsetty et al., AAAI 2021 (arXiv 2012.10630); arXiv 2211.01454
(Adaptive-NAS) lets a search train on such a subset of a tenth of the data. Here each level is
chosen for the loss on the other level's examples, which is what held-out data are in a bi-level
search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, WeightedExamples, hookimpl
from naslib_proxydata.pruning.arrays import on_host
from naslib_proxydata.pruning.bilevel import labels_of
from naslib_proxydata.ranges import POSITIVE, Range, counted, with_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

OTHER: Mapping[Level, Level] = {"weights": "architecture", "architecture": "weights"}


def output_errors(probabilities: Floats, targets: NDArray[np.int64]) -> Floats:
    """Return p - y, shape (n, classes): the loss's gradient in the bias of the last layer."""
    errors = probabilities.copy()
    errors[np.arange(len(targets)), targets] -= 1
    return errors


def glister_choice(
    errors: Floats,
    held_out: Floats,
    held_out_targets: NDArray[np.int64],
    size: int,
    step: float,
    rounds: int,
) -> NDArray[np.int64]:
    """Choose the examples whose gradient step lowers the held-out loss most, greedily in rounds.

    L_V(theta - eta sum_{j in S} g_j) ~ L_V - eta sum_{j in S} g_j . grad L_V
    (arXiv 2012.10630, section 3.3), where gradients are those in the bias of the last layer. Each
    round takes the largest g_j . grad L_V and moves the held-out outputs by -eta sum_{j in S} g_j
    before the next one (the release's "RGreedy").

    Args:
        errors: g_j = p_j - y_j of the candidates, shape (n, classes).
        held_out: Probabilities of the held-out examples, shape (m, classes).
        held_out_targets: Their classes, shape (m,).
        size: How many to choose.
        step: eta.
        rounds: In how many rounds.

    Returns:
        Positions among the candidates, ascending, shape (size,).
    """
    logits = np.log(np.maximum(held_out, 1e-12))  # softmax leaves them free up to a constant
    left = np.ones(len(errors), dtype=bool)
    moved = np.zeros(errors.shape[1])
    for taken in _shared_out(size, rounds):
        gradient = output_errors(softmax(logits - step * moved), held_out_targets).mean(0)
        gains = np.where(left, errors @ gradient, -np.inf)
        chosen = np.argsort(-gains, kind="stable")[:taken]
        left[chosen] = False
        moved += errors[chosen].sum(0)
    return np.flatnonzero(~left)


def softmax(logits: Floats) -> Floats:
    """Return exp(z) / sum exp(z) along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    result: Floats = shifted / shifted.sum(-1, keepdims=True)
    return result


def _shared_out(size: int, rounds: int) -> list[int]:
    """Cut a size into at most so many rounds, the last of which takes the rest."""
    each = max(1, size // rounds)
    counts = [each] * min(rounds, size // each)
    counts[-1] += size - sum(counts)
    return counts


class GlisterPruner:
    """Lets each level use the part of its examples that helps the other level most.

    Args:
        fraction: Share of each level's examples that is used; 0.1 in arXiv 2211.01454.
        every: Epochs between two choices. A choice costs a forward pass over both levels.
        step: eta; the weights' first learning rate where None.
        rounds: Greedy rounds of a choice; 15 in the release.

    Raises:
        PruningError: A number is out of its range.
    """

    @with_ranges(
        "pruner 'glister'",
        PruningError,
        fraction=Range(0, 1, above=True),
        every=counted(1),
        step=POSITIVE,
        rounds=counted(1),
    )
    def __init__(
        self,
        fraction: float = 0.1,
        *,
        every: int = 5,
        step: float | None = None,
        rounds: int = 15,
    ) -> None:
        self._fraction, self._every, self._rounds = fraction, every, rounds
        self._wanted_step = step
        self._chosen: dict[Level, NDArray[np.int64]] = {}

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        """Forget the choices of an earlier search."""
        self._targets = labels_of(info, "GLISTER")
        default = float(info.settings.get("weights_lr", 0.025))
        self._step = default if self._wanted_step is None else self._wanted_step
        self._chosen = {}

    @hookimpl
    def weigh_examples(
        self,
        epoch: int,
        active: Mapping[Level, NDArray[np.int64]],
        predict: Callable[[NDArray[np.int64]], Any],
    ) -> Mapping[Level, WeightedExamples]:
        """Choose anew where it is time; else use the last choice, as far as it is still active."""
        if not self._chosen or (epoch - 1) % self._every == 0:
            outputs = {
                level: on_host(predict(indices)).astype(np.float64)
                for level, indices in active.items()
            }
            self._chosen = {level: self._choice(level, active, outputs) for level in active}
        kept = {level: np.intersect1d(self._chosen[level], active[level]) for level in active}
        return {level: WeightedExamples(one, np.ones(len(one))) for level, one in kept.items()}

    def _choice(
        self,
        level: Level,
        active: Mapping[Level, NDArray[np.int64]],
        outputs: Mapping[Level, Floats],
    ) -> NDArray[np.int64]:
        """Choose a level's examples by the outputs of both levels."""
        other, candidates = OTHER[level], active[level]
        places = glister_choice(
            output_errors(outputs[level], self._targets[candidates]),
            outputs[other],
            self._targets[active[other]],
            min(len(candidates), max(2, round(self._fraction * len(candidates)))),
            self._step,
            self._rounds,
        )
        return candidates[places]

    def settings(self) -> Mapping[str, Any]:
        """Return what a search that has started runs with."""
        return {
            "fraction": self._fraction,
            "every": self._every,
            "step": self._step,
            "rounds": self._rounds,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return the last choices, for a checkpoint."""
        return {level: chosen.copy() for level, chosen in self._chosen.items()}

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Go on from a checkpoint; called after :meth:`search_started`."""
        self._chosen = {level: on_host(state[level]).copy() for level in LEVELS if level in state}
