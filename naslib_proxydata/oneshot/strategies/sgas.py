"""SGAS: edges are decided one by one, greedily (arXiv 1912.00195)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.steps import Progress, require_operations_of_edges
from naslib_proxydata.ranges import counted, with_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.oneshot.mixture import Choices
    from naslib_proxydata.oneshot.steps import TrainableState
    from naslib_proxydata.oneshot.supernets.base import Supernet

NONE = "none"


def edge_importance(weights: NDArray[np.float64], real: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return S_EI = sum of the weights of operations other than none, by edge (eq. 2)."""
    result: NDArray[np.float64] = (weights * real).sum(1)
    return result


def shares_of_real(weights: NDArray[np.float64], real: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return p_o = w_o / sum of w over the real operations of its edge, 0 for none (eq. 3)."""
    kept = weights * real
    result: NDArray[np.float64] = kept / np.maximum(kept.sum(1, keepdims=True), 1e-300)
    return result


def selection_certainty(
    weights: NDArray[np.float64], real: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return S_SC = 1 - H(p) / log K, p the weights of the K real operations (eq. 3 and 4)."""
    shares = shares_of_real(weights, real)
    logs = np.log(np.where(shares > 0, shares, 1.0))
    entropy = -(shares * logs).sum(1)
    result: NDArray[np.float64] = 1 - entropy / np.log(np.maximum(real.sum(1), 2))
    return result


def selection_stability(
    shares: NDArray[np.float64], history: list[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return S_SS, the mean over past epochs of sum_o min(p_o, p_o of then) (eq. 6).

    Args:
        shares: :func:`shares_of_real` of this epoch, edges x operations.
        history: The same of past epochs.
    """
    if not history:
        return np.ones(len(shares))
    result: NDArray[np.float64] = np.mean([np.minimum(shares, o).sum(1) for o in history], axis=0)
    return result


def real_operations(choices: Choices) -> NDArray[np.bool_]:
    """Return which candidates are operations other than none, edges x operations."""
    named = np.array([[name != NONE for name in row] for row in choices.operations])
    real: NDArray[np.bool_] = named & choices.present.numpy()
    return real


def normalised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (x - min) / (max - min), ones where all are equal."""
    span = values.max() - values.min()
    return np.ones_like(values) if span == 0 else (values - values.min()) / span


class GreedyDecisions(Progress):
    """From epoch 10, every 5 epochs, the best edge of every kind of cell keeps one operation.

    Best is the largest normalised importance times certainty (criterion 1), also times
    stability over the last four epochs (criterion 2). Each is normalised over all edges of the
    cell, decided ones with them, whose alpha stays as it was decided. Where a derived cell keeps
    only so many edges into a node, the others are dropped as soon as these are decided. The batch
    grows by 8 with each decision.

    Args:
        criterion: 1 or 2.
        first: The epoch of the first decision.
        every: Epochs between decisions.
        growth: What each decision adds to the batch size.
        window: Past epochs that stability looks at.
    """

    def __init__(
        self, criterion: int, first: int = 10, every: int = 5, growth: int = 8, window: int = 4
    ) -> None:
        self.criterion, self.first, self.every = criterion, first, every
        self.growth, self.window = growth, window
        self._history: dict[str, list[NDArray[np.float64]]] = {}
        self._decided: dict[str, list[int]] = {}

    def check(self, supernet: Supernet, cells: int | None) -> None:
        """Refuse a space of other choices than the operations of edges.

        Raises:
            SearchError: Not every choice of the space is the operation of an edge.
        """
        require_operations_of_edges(supernet, "SGAS decides the operations of edges")

    def fewest_epochs(self) -> int:
        """Return the epoch of the first decision; without one this would be DARTS."""
        return self.first

    def epoch_finished(self, learner: TrainableState, moment: Moment) -> None:
        """Decide, if it is time, and remember the weights."""
        due = moment.epoch >= self.first and (moment.epoch - self.first) % self.every == 0
        decisions = 0
        for kind, choices in learner.supernet.choices.items():
            weights = learner.architecture.undecided_strengths(kind, learner.relaxation)
            if due:
                decisions += self._decide(learner, kind, choices, weights)
            history = self._history.setdefault(kind, [])
            history.append(shares_of_real(weights, real_operations(choices)))
            del history[: -self.window]
        learner.batch_size += self.growth * (decisions > 0)

    def _decide(
        self, learner: TrainableState, kind: str, choices: Choices, weights: NDArray[np.float64]
    ) -> bool:
        """Decide one edge of a cell; return whether there was one left to decide."""
        allowed = learner.architecture.allowed(kind).cpu().numpy()
        decided = self._decided.setdefault(kind, [])
        open_rows = [r for r in range(len(allowed)) if r not in decided and allowed[r].any()]
        if not open_rows:
            return False
        real = real_operations(choices)
        score = normalised(edge_importance(weights, real))
        score = score * normalised(selection_certainty(weights, real))
        if self.criterion == 2:
            shares = shares_of_real(weights, real)
            stability = selection_stability(shares, self._history.get(kind, []))
            score = score * normalised(stability)
        row = open_rows[int(score[open_rows].argmax())]
        # "none" counts against an edge's importance but is never what an edge is decided for.
        column = int(np.where(real[row], weights[row], -1).argmax())
        mask = np.zeros_like(allowed)
        mask[row] = np.arange(allowed.shape[1]) != column
        decided.append(row)
        # A node that has all its edges needs no others: their gradients would only blur the rest.
        rivals = choices.into(choices.edges[row][1])
        limit = learner.supernet.inputs_per_node
        if limit is not None and sum(other in decided for other in rivals) >= limit:
            mask[[other for other in rivals if other not in decided]] = True
        learner.architecture.forbid(kind, mask)
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return the past weights and the decided edges."""
        return {"history": dict(self._history), "decided": dict(self._decided)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self._history = {
            kind: [np.asarray(one) for one in past] for kind, past in state["history"].items()
        }
        self._decided = {kind: list(rows) for kind, rows in state["decided"].items()}


@with_ranges("strategy 'sgas'", criterion=counted(1, 2), first=counted(1), every=counted(1))
def sgas(criterion: int = 2, first: int = 10, every: int = 5) -> Strategy:
    """Return SGAS.

    Args:
        criterion: 1 without, 2 with the stability of the selection.
        first: The epoch of the first decision, counting from 1.
        every: Epochs between decisions.

    Raises:
        ConfigError: The criterion is another, or an epoch number is below 1.
    """
    return Strategy("sgas", progress=GreedyDecisions(criterion, first, every))
