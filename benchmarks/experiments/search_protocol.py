"""What the scripts on discrete search share: one run by a method on a column of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from naslib_proxydata import plugins
from naslib_proxydata.data.images import load_images
from naslib_proxydata.errors import TableError
from naslib_proxydata.evolution.acquisition import Acquisition, TopTwoThompson, acquisition_of
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.loop import Budget, search_by_value, search_with_predictor
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.tables.base import BenchmarkTable

GUIDED = "few-label-structure"
LABELS, PER_ROUND = 20, 10


class Protocol:
    """Searches of one column of a table.

    Args:
        table: The benchmark.
        column: Dataset and metric, a value for every architecture.
        proposer: The optimizer that proposes what the predictor ranks.
        evaluations: How many it proposes in a round.
        predictor: What guides, and learns; few-label-structure where None.
        acquisition: Name of what a query is worth; None for the predictor's ranking.
        labels: Queries of random architectures before the first round.
        per_round: Queries of a round.
    """

    def __init__(
        self,
        table: BenchmarkTable,
        column: tuple[str, str],
        proposer: str,
        evaluations: int,
        *,
        predictor: FewLabelStructure[Any] | None = None,
        acquisition: str | None = None,
        labels: int = LABELS,
        per_round: int = PER_ROUND,
    ) -> None:
        self.acquisition = acquisition
        self.labels, self.per_round = labels, per_round
        self.table = table
        self.column = column
        self.values = table.values(*column)
        self.texts = table.architectures()
        self.plugins = plugins.load()
        self.space = self.plugins.create("spaces", table.space)
        self.proposer, self.evaluations = proposer, evaluations
        self.domain: Domain[Any] = Domain(
            self.space, allows=self.is_measured, listed=self.texts, condition="a value"
        )
        self.scores: dict[Any, Score] = {}
        self.describe: FewLabelStructure[Any] = predictor or FewLabelStructure()
        self.describe.prepare(ScoringTask(self.space, load_images("noise", 1, 0)))
        self.describe.set_target(column[0])

    def is_measured(self, architecture: Any) -> bool:
        """Return whether the table holds the architecture."""
        try:
            self.measure(architecture)
        except TableError:
            return False
        return True

    def measure(self, architecture: Any) -> float:
        """Return the architecture's value.

        Raises:
            TableError: The table lacks it.
        """
        return float(self.values[self.table.position(self.space.text(architecture))])

    def run(
        self, method: str, seed: int, queries: int, should_stop: Callable[[TrueFitness[Any]], bool]
    ) -> TrueFitness[Any]:
        """Search once and return the true fitness, which holds the history.

        Args:
            method: ``random``, ``re``, or :data:`GUIDED`.
            seed: Seed of the run.
            queries: How many at most.
            should_stop: Whether the search may end before.
        """
        true = TrueFitness(self.domain, self.measure)
        if method != GUIDED:
            optimizer = self.begun(method, seed, 0)
            search_by_value(optimizer, true, queries, lambda: should_stop(true))
            return true
        search_with_predictor(
            lambda number, start: self.begun(self.proposer, seed, number, start, batched=True),
            PredictedFitness(self.learner(), self.described, self.worth(seed)),
            true,
            Budget(queries, self.evaluations, self.labels, self.per_round),
            numpy_generator(seed, "search", "labels"),
            lambda: should_stop(true),
        )
        return true

    def worth(self, seed: int) -> Acquisition | TopTwoThompson | None:
        """Return what a query is worth; None for the predictor's ranking."""
        if self.acquisition is None:
            return None
        return acquisition_of(self.acquisition, numpy_generator(seed, "acquisition"))

    def learner(self) -> FewLabelStructure[Any]:
        """Return the predictor that learns, which has learnt nothing yet."""
        learner = copy(self.describe)
        learner.set_target(self.column[0])
        return learner

    def begun(
        self,
        name: str,
        seed: int,
        round_number: int,
        start: Sequence[Any] = (),
        *,
        batched: bool = False,
    ) -> Optimizer[Any]:
        """Return a new optimizer of a round."""
        optimizer = self.plugins.create("optimizers", name)
        generator = numpy_generator(seed, "search", name, round_number)
        optimizer.begin(self.domain, generator, start, batched=batched)
        return optimizer

    def described(self, architectures: Sequence[Any]) -> list[Score]:
        """Return the structure of architectures, computed once for all runs."""
        for one in architectures:
            if one not in self.scores:
                self.scores[one] = self.describe.score_one(one)
        return [self.scores[one] for one in architectures]
