"""What the scripts on discrete search share: one run by a method on a column of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from naslib_proxydata import plugins
from naslib_proxydata.data.images import load_images
from naslib_proxydata.errors import TableError
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
    """

    def __init__(
        self, table: BenchmarkTable, column: tuple[str, str], proposer: str, evaluations: int
    ) -> None:
        self.table = table
        self.values = table.values(*column)
        self.texts = table.architectures()
        self.plugins = plugins.load()
        self.space = self.plugins.create("spaces", table.space)
        self.proposer, self.evaluations = proposer, evaluations
        self.domain: Domain[Any] = Domain(
            self.space, allows=self.is_measured, listed=self.texts, condition="a value"
        )
        self.scores: dict[Any, Score] = {}
        self.describe: FewLabelStructure[Any] = FewLabelStructure()
        self.describe.prepare(ScoringTask(self.space, load_images("noise", 1, 0)))

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
            PredictedFitness(FewLabelStructure(), self.described),
            true,
            Budget(queries, self.evaluations, LABELS, PER_ROUND),
            numpy_generator(seed, "search", "labels"),
            lambda: should_stop(true),
        )
        return true

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
