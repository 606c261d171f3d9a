"""DARTS-PT: operations are chosen by what the supernet loses without them (arXiv 2108.04392)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.oneshot import host
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.buffers import unchanged_buffers
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.steps import Progress, require_operations_of_edges
from naslib_proxydata.ranges import counted, with_ranges
from naslib_proxydata.seeding import torch_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.parts import Relaxation
    from naslib_proxydata.oneshot.steps import TrainableState
    from naslib_proxydata.oneshot.supernets.base import Supernet

NONE = "none"


@dataclass(frozen=True)
class Undrawn:
    """Weights candidates by what a cell is derived from, so that accuracies can be compared.

    Attributes:
        relaxation: The strategy's, which may draw.
    """

    relaxation: Relaxation

    def mix(self, alpha: Tensor, allowed: Tensor, moment: Moment) -> Mixture:
        """Return the strengths as a mixture."""
        return Mixture(self.relaxation.strengths(alpha, allowed))

    def strengths(self, alpha: Tensor, allowed: Tensor) -> Tensor:
        """Return the same weights."""
        return self.relaxation.strengths(alpha, allowed)


class PerturbationSelection(Progress):
    """Decides edges one after the other, by accuracies of a supernet that is tuned in between.

    In random order, every edge keeps the operation without which the supernet is least accurate;
    then, where a derived cell keeps only so many edges into a node, every node in random order
    keeps the edges without which it is least accurate. All kinds of cell
    decide at the same time. The last decision ends the search and there are ``every`` epochs
    between two; before the first the search is that of DARTS.

    From the release (ruocwang/darts-pt, nasbench201/projection.py and sota/cnn/projection.py):
    removed means weighted 0, the others are not scaled up; equal accuracies keep the first; tuning
    goes on training alpha, begins without momentum and with a tenth of the learning rate, which
    stays in NAS-Bench-201 and falls by a cosine in the DARTS space. There ``none`` is no candidate;
    here no edge is decided for it where a derived cell cannot hold it.

    Args:
        every: Epochs of tuning between two decisions.
        tuning_rate: Learning rate of tuning, as a share of the search's.
    """

    def __init__(self, every: int = 5, tuning_rate: float = 0.1) -> None:
        self.every, self.tuning_rate = every, tuning_rate
        self._decisions = 1
        self._annealed = False

    # ----------------------------------------------------------------- when something is decided

    def check(self, supernet: Supernet, cells: int | None) -> None:
        """Count the decisions of a supernet.

        Raises:
            SearchError: Not every choice of the space is the operation of an edge.
        """
        require_operations_of_edges(supernet, "DARTS-PT takes operations of edges away")
        limit = supernet.inputs_per_node
        self._decisions = max(_decisions(one, limit) for one in supernet.choices.values())
        self._annealed = limit is not None

    def tuning(self, epochs: int) -> int:
        """Return the last epoch of the search proper, after which tuning begins."""
        return max(0, epochs - self.every * (self._decisions - 1))

    def due(self, epoch: int, epochs: int) -> int:
        """Return how many decisions have been made at the end of an epoch."""
        return max(0, self._decisions - -(-(epochs - epoch) // self.every))

    def fewest_epochs(self) -> int:
        """Return one epoch of search, and the tuning."""
        return 1 + self.every * (self._decisions - 1)

    def position(self, epoch: int, epochs: int) -> tuple[int, int]:
        """Take search and tuning as two stages; the rate of the second may stay as it is."""
        searched = self.tuning(epochs)
        if epoch <= searched:
            return epoch, searched
        return (epoch - searched if self._annealed else 1), epochs - searched

    def peak(self, epoch: int, epochs: int) -> float:
        """Return 1 in the search, then the tuning's share."""
        return 1.0 if epoch <= self.tuning(epochs) else self.tuning_rate

    # ----------------------------------------------------------------- how something is decided

    def run(self, learner: TrainableState, batches: Iterable[Batch], moment: Moment) -> None:
        """Make the decisions that are due.

        Args:
            learner: The supernet and what is allowed of it.
            batches: The architecture batches; every accuracy is that of one pass over them.
            moment: The epoch that has ended.
        """
        if moment.epoch == self.tuning(moment.epochs):
            for weight in learner.weights:
                learner.momentum_of(weight).zero_()
        due = self.due(moment.epoch, moment.epochs)
        for kind, choices in learner.supernet.choices.items():
            limit = learner.supernet.inputs_per_node
            while True:
                edges, nodes = undecided(choices, self._allowed(learner, kind), limit)
                number = _decisions(choices, limit) - len(edges) - len(nodes)
                if number >= due or not (edges or nodes):
                    break
                generator = torch_generator(learner.settings.seed, "darts-pt", kind, number)
                place = int(torch.randint(len(edges or nodes), (1,), generator=generator))
                decide = self._edge if edges else self._node
                mask = decide(learner, batches, moment, kind, (edges or nodes)[place])
                learner.architecture.forbid(kind, mask)

    def _edge(
        self,
        learner: TrainableState,
        batches: Iterable[Batch],
        moment: Moment,
        kind: str,
        row: int,
    ) -> NDArray[np.bool_]:
        """Return what to forbid so that an edge keeps the operation that it needs most."""
        allowed = self._allowed(learner, kind)
        names = learner.supernet.choices[kind].operations[row]
        never = NONE if learner.supernet.inputs_per_node is not None else None
        columns = [c for c in np.flatnonzero(allowed[row]).tolist() if names[c] != never]
        removed = [_only(allowed.shape, [row], column) for column in columns]
        needed = columns[int(accuracies(learner, batches, moment, kind, removed).argmin())]
        return _only(allowed.shape, [row]) & ~_only(allowed.shape, [row], needed)

    def _node(
        self,
        learner: TrainableState,
        batches: Iterable[Batch],
        moment: Moment,
        kind: str,
        target: int,
    ) -> NDArray[np.bool_]:
        """Return what to forbid so that a node keeps the edges that it needs most."""
        allowed, limit = self._allowed(learner, kind), learner.supernet.inputs_per_node
        rows = [r for r in learner.supernet.choices[kind].into(target) if allowed[r].any()]
        removed = [_only(allowed.shape, [row]) for row in rows]
        order = accuracies(learner, batches, moment, kind, removed).argsort(kind="stable")
        return _only(allowed.shape, [rows[place] for place in order[limit:]])

    @staticmethod
    def _allowed(learner: TrainableState, kind: str) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = learner.architecture.allowed(kind).cpu().numpy().copy()
        return mask


@torch.no_grad()
def accuracies(
    learner: TrainableState,
    batches: Iterable[Batch],
    moment: Moment,
    kind: str,
    removed: Sequence[NDArray[np.bool_]],
) -> NDArray[np.int64]:
    """Return how many examples the supernet classifies rightly without some candidates.

    Every batch is judged without each of them before the next, so that all see the same batches and
    the same statistics of normalisations.

    Args:
        learner: The supernet and its architecture parameters.
        batches: The examples.
        moment: The epoch that has ended.
        kind: The kind of cell from which candidates are taken.
        removed: For each number that is returned, what is taken away, edges x operations.
    """
    mixtures = learner.architecture.mixtures(Undrawn(learner.relaxation), moment)
    weights = mixtures[kind].weights
    kept = [host.send(torch.from_numpy(~one), weights.device) for one in removed]
    without = [{**mixtures, kind: replace(mixtures[kind], weights=weights * mask)} for mask in kept]
    right = torch.zeros(len(removed), dtype=torch.int64, device=weights.device)
    with unchanged_buffers(learner.supernet):
        for batch in batches:
            logits = [learner.loss(batch, one)[1] for one in without]
            right += torch.stack([(one.argmax(1) == batch.labels).sum() for one in logits])
    counts: NDArray[np.int64] = host.read(right).numpy()
    return counts


def undecided(
    choices: Choices, allowed: NDArray[np.bool_], limit: int | None
) -> tuple[list[int], list[int]]:
    """Return the edges with more than one candidate, and the nodes with too many edges.

    Args:
        choices: The choices of a kind of cell.
        allowed: What is left of them, edges x operations.
        limit: Edges that a derived cell keeps into each node; None for all.
    """
    edges = np.flatnonzero(allowed.sum(1) > 1).tolist()
    counts = {node: int(allowed[list(choices.into(node))].any(1).sum()) for node in choices.targets}
    nodes = [] if limit is None else [node for node, count in counts.items() if count > limit]
    return edges, nodes


def _decisions(choices: Choices, limit: int | None) -> int:
    """Return how many edges and nodes there are to decide at first."""
    edges, nodes = undecided(choices, choices.present.numpy(), limit)
    return len(edges) + len(nodes)


def _only(
    shape: tuple[int, ...], rows: Sequence[int], column: int | slice = slice(None)
) -> NDArray[np.bool_]:
    """Return a mask that is true in a column of some rows, or in all of them."""
    mask = np.zeros(shape, dtype=bool)
    mask[list(rows), column] = True
    return mask


@with_ranges("strategy 'darts-pt'", every=counted(1))
def darts_pt(every: int = 5, learn_alpha: bool = True) -> Strategy:
    """Return DARTS with perturbation-based selection and the settings of its release.

    Its epochs are those of the search and of tuning: 100 + 25 in NAS-Bench-201, 50 + 80 in the
    DARTS space (exp_scripts/darts-proj-201.sh and darts-proj-sota.sh; where they say 5 epochs
    between decisions, 10 are the default of sota/cnn/train_search.py).

    Args:
        every: Epochs of tuning between two decisions.
        learn_alpha: Whether alpha is trained; not in the paper's variant with alpha fixed
            (the release's method ``blank``).

    Raises:
        ConfigError: The epochs between decisions are no whole number from 1.
    """
    selection = PerturbationSelection(every)
    darts_space = {"epochs": 50 + 16 * every}
    return Strategy(
        "darts-pt",
        progress=selection,
        phase=selection,
        learns=learn_alpha,
        settings={"epochs": 100 + 5 * every},
        settings_in=dict.fromkeys(("darts", "s1", "s2", "s3", "s4"), darts_space),
    )
