"""True values: each function is measured once, and every measurement is kept in order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Generic

from naslib_proxydata.csv_text import csv_text
from naslib_proxydata.errors import SearchError
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.spaces.base import Architecture


@dataclass(frozen=True)
class Query:
    """One line of a search's history.

    Attributes:
        number: Counts from 1.
        round: Which proposal of the predictor it comes from; 0 for what no predictor chose.
        architecture: Text of the architecture.
        hash: Its hash, which architectures of one function share.
        score: What the predictor said of it when it was chosen; nan where none did.
        value: What was measured; nan where nothing was.
        macs: Multiply-accumulates.
        best: The best value so far, or the best score where nothing is measured.
    """

    number: int
    round: int
    architecture: str
    hash: str
    score: float
    value: float
    macs: int
    best: float

    @property
    def fitness(self) -> float:
        """The value, or the score where nothing was measured."""
        return self.score if math.isnan(self.value) else self.value


COLUMNS = tuple(field.name for field in fields(Query))


class TrueFitness(Generic[Architecture]):
    """The true value of architectures: no function is queried twice, and every query is kept.

    Args:
        domain: What keys and counts architectures.
        measure: The true value of an architecture, higher is better.
        given: Architectures whose value is known beforehand; they cost no query.
        ahead: Told all architectures that are measured next, for what measures several at a time.

    Attributes:
        values: What is known, by key.
        architectures: What was measured or given, by key.
        queries: What was measured, in order.
    """

    def __init__(
        self,
        domain: Domain[Architecture],
        measure: Callable[[Architecture], float],
        given: Iterable[tuple[Architecture, float]] = (),
        ahead: Callable[[Sequence[Architecture]], object] | None = None,
    ) -> None:
        self.domain = domain
        self.measure = measure
        self.ahead = ahead
        self.values: dict[str, float] = {}
        self.architectures: dict[str, Architecture] = {}
        self.queries: list[Query] = []
        for architecture, value in given:
            self._keep(architecture, value)

    def query_all(
        self,
        architectures: Sequence[Architecture],
        *,
        scores: Sequence[float] | None = None,
        round_number: int = 0,
    ) -> None:
        """Measure several architectures, see :meth:`query`.

        Args:
            architectures: What to measure.
            scores: What the predictor said of each; None where none did.
            round_number: The round in which the predictor chose them; 0 where none did.
        """
        if self.ahead is not None:
            self.ahead(architectures)
        said = [math.nan] * len(architectures) if scores is None else scores
        for architecture, score in zip(architectures, said, strict=True):
            self.query(architecture, score=score, round_number=round_number)

    def query(
        self, architecture: Architecture, *, score: float = math.nan, round_number: int = 0
    ) -> float:
        """Measure an architecture that is not known yet.

        Args:
            architecture: What to measure.
            score: What the predictor said of it; nan where none did.
            round_number: The round in which the predictor chose it; 0 where none did.

        Raises:
            SearchError: Its function is known, or what was measured is no number.
        """
        key = self.domain.key(architecture)
        text = self.domain.space.text(architecture)
        if key in self.values:
            raise SearchError(f"{text} computes what was measured before; query it once")
        value = self.measure(architecture)
        if not math.isfinite(value):
            raise SearchError(f"expected a number for {text}, got {value}")
        self._keep(architecture, value)
        best = max(value, self.queries[-1].best if self.queries else -math.inf)
        number = len(self.queries) + 1
        macs = self.domain.macs(architecture)
        self.queries.append(Query(number, round_number, text, key, score, value, macs, best))
        return value

    def best(self, count: int) -> list[Architecture]:
        """Return the architectures of the highest known values, best first."""
        keys = sorted(self.values, key=lambda key: -self.values[key])[:count]
        return [self.architectures[key] for key in keys]

    def _keep(self, architecture: Architecture, value: float) -> None:
        key = self.domain.key(architecture)
        self.values[key] = value
        self.architectures[key] = architecture


def history_csv(queries: Sequence[Query]) -> str:
    """Return the history as CSV; floats are exact, nan is an empty field."""
    return csv_text(COLUMNS, map(astuple, queries))
