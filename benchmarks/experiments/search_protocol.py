"""What the scripts on discrete search share: one run by a method on a column of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from naslib_proxydata import plugins
from naslib_proxydata.data.images import load_images
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.fitness import PredictedFitness
from naslib_proxydata.evolution.loop import Budget, search_by_value, search_with_predictor
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.predictors.base import ScoringTask
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
        self.space = plugins.load().create("spaces", table.space)
        self.rows = {text: row for row, text in enumerate(self.texts)}
        self.proposer, self.evaluations = proposer, evaluations
        self.domain: Domain[Any] = Domain(
            self.space, allows=self.is_measured, listed=self.texts, condition="a value"
        )
        self.scores: dict[Any, Any] = {}
        self.describe = FewLabelStructure()
        self.describe.prepare(ScoringTask(self.space, load_images("noise", 1, 0)))

    def is_measured(self, architecture: Any) -> bool:
        """Return whether the table holds the architecture."""
        return self.row(architecture) is not None

    def row(self, architecture: Any) -> int | None:
        """Return the architecture's row, or None where the table lacks it."""
        raise NotImplementedError

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
        true = TrueFitness(self.domain, lambda one: float(self.values[self.row(one)]))
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
        optimizer = plugins.load().create("optimizers", name)
        generator = numpy_generator(seed, "search", name, round_number)
        optimizer.begin(self.domain, generator, start, batched=batched)
        return optimizer

    def described(self, architectures: Sequence[Any]) -> list[Any]:
        """Return the structure of architectures, computed once for all runs."""
        for one in architectures:
            if one not in self.scores:
                self.scores[one] = self.describe.score_one(one)
        return [self.scores[one] for one in architectures]


class WholeTable(Protocol):
    """A table that holds every text of its space."""

    def row(self, architecture: Any) -> int | None:
        """Return the architecture's row."""
        return self.rows.get(self.space.text(architecture))


class TableByHash(Protocol):
    """A table that holds some architectures, each in one of its texts."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        parsed = map(self.space.parse, self.texts)
        self.by_hash = {self.space.hash(one): row for row, one in enumerate(parsed)}

    def row(self, architecture: Any) -> int | None:
        """Return the architecture's row."""
        return self.by_hash.get(self.domain.key(architecture))
