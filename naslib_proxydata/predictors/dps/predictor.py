"""The predictor that searches proxies on a few labels and averages the fittest ones' ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from typing_extensions import Self

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.base import LearningPredictor, Score, ScoringTask
from naslib_proxydata.predictors.dps.announced import AnnouncedCycles
from naslib_proxydata.predictors.dps.scores import ProxyScorer, training_key, with_mac_term
from naslib_proxydata.predictors.dps.search import (
    LabelledArchitectures,
    LossRequest,
    checked_shared,
    search_proxies,
)
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.dps.space import Genotype, genotype
from naslib_proxydata.predictors.eproxy.config import checked_preset, resolve
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.few_label.models import shares_below
from naslib_proxydata.predictors.labels import checked_labels
from naslib_proxydata.spaces.base import Architecture

Floats = NDArray[np.float64]


class DpsSettings(EvolutionSettings):
    """Options of dps: those of the search, and what is shared or searched already."""

    preset: str | None = Field(
        None, description="A preset of the package or a file: its proxies, and no search."
    )
    warm_start: str | None = Field(
        None,
        description="A preset of the package or a file: its proxies begin the search's population, "
        "and the fittest ranks while there are no labels.",
    )
    shared: dict[str, Any] = Field(
        {}, description="Options of eproxy that all proxies have, such as batch or mac_reference."
    )

    @model_validator(mode="after")
    def _one_preset(self) -> Self:
        if self.preset is not None and self.warm_start is not None:
            raise ValueError("a preset is used as it is, warm_start begins a search: give one")
        return self


class Dps(LearningPredictor[Architecture]):
    """Eproxy with settings that rank a few labelled architectures best (arXiv 2210.09459).

    :meth:`fit` searches them by regularised evolution. The best of many proxies on few labels
    owes part of its fitness to luck, so the ranks by the ``keep`` fittest ones are averaged.
    Without labels and without a preset it is Eproxy's start point for the space, or the fittest
    proxy of the preset that ``warm_start`` names. How long the search takes is logged.

    Raises:
        ConfigError: An option is unknown or wrong, or the preset cannot be read.
    """

    name = "dps"

    def __init__(self, **options: Any) -> None:
        self.options = DpsSettings.parse(options, "predictor 'dps'")
        self._shared = checked_shared(self.options.shared, "predictor 'dps'")
        self._start: Eproxy[Architecture] = Eproxy(**self._shared)
        self.images_needed = self._start.images_needed
        self._preset_proxies = self._read(self.options.preset)[: self.options.keep]
        self._warm_proxies = self._read(self.options.warm_start)
        self._first = [
            _searched(proxy, self._preset_space, self.options.warm_start)
            for proxy in self._warm_proxies
        ]
        self._proxies = [{**proxy, **self._shared} for proxy in self._preset_proxies]
        self._labelled: Floats = np.zeros((0, 0))

    def images_for(self, space: str) -> int:
        """Return the batch in a search space, as Eproxy has it there."""
        return self._start.images_for(space)

    def settings(self) -> Mapping[str, Any]:
        """Return what the stored scores depend on: the options of all proxies, and the preset's."""
        found = {"shared": self._shared, "proxies": self._preset_proxies}
        return {**found, "warm_start": self._warm_proxies} if self._warm_proxies else found

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Bind to a task; what was learnt for another one is forgotten."""
        super().prepare(task)
        if self._warm_proxies:
            self._start = Eproxy(**{**self._fitting(self._warm_proxies[0]), **self._shared})
        self._start.prepare(task)
        self._scorer = ProxyScorer(task)
        self._memo: dict[tuple[str, str], Score] = {}
        self._proxies = [{**self._fitting(proxy), **self._shared} for proxy in self._preset_proxies]

    def fit(self, scores: Sequence[Score], accuracies: NDArray[np.float64]) -> None:
        """Search the proxies that rank the labelled architectures best; nothing with a preset.

        Scores by one proxy tell nothing of the others, so the architectures are scored anew, by
        each proxy of the search. Their text stands in the scores' details. Those without signal
        have none there and are left out: every proxy ranks them last.

        Raises:
            LabelError: See :func:`checked_labels`.
        """
        if self._preset_proxies:
            return
        known = ["architecture" in score.details for score in scores]
        labels = checked_labels(accuracies, known, f"predictor {self.name!r}")
        space = self.task.space
        architectures = [
            space.parse(score.details["architecture"])
            for score, kept in zip(scores, known, strict=True)
            if kept
        ]
        labelled = LabelledArchitectures.of(space, architectures, self._shared, labels)
        texts = [space.text(architecture) for architecture in labelled.architectures]

        def score_batch(requests: Sequence[LossRequest]) -> list[float]:
            return [self._loss(options, texts[position]).value for options, position in requests]

        told = AnnouncedCycles(f"predictor {self.name!r}, search on {len(texts)} labels")
        result = search_proxies(
            labelled, score_batch, self.options, self.task.seed, told, first=self._first
        )
        self._proxies = [proxy.options for proxy in result.proxies]
        self._labelled = np.array([self._values(text) for text in texts])

    def evaluate(self, architecture: Architecture) -> Score:
        """Score by every proxy; the value is the mean rank among the labelled ones, in (0, 1].

        By a preset's proxies, for which there are none, it is the fittest one's score.
        """
        text = self.task.space.text(architecture)
        if not self._proxies:
            score = self._start.evaluate(architecture)
            assert isinstance(score, Score)
            return replace(score, details={"architecture": text})
        failed = next(filter(_transient, (self._loss(one, text) for one in self._proxies)), None)
        if failed is not None:  # what is kept must not lack a proxy for good
            return Score(math.nan, failed.reason, transient=True)
        values = self._values(text)
        details = {"architecture": text, "scores": values}
        if all(map(math.isnan, values)):
            return Score(math.nan, "the loss diverged by every proxy", details=details)
        if self._preset_proxies:
            return Score(values[0], details=details)
        return Score(
            float(shares_below(np.array([values]), self._labelled).mean()), details=details
        )

    def score(self, architectures: Sequence[Architecture]) -> Floats:
        """Score architectures and rank them together; shape (len(architectures),)."""
        return self.aggregate([self.score_one(architecture) for architecture in architectures])

    def aggregate(self, scores: Sequence[Score]) -> Floats:
        """Return the mean over proxies of each one's rank among all these, in (0, 1]."""
        values = super().aggregate(scores)
        if not self._proxies:
            return values
        rows = [index for index, score in enumerate(scores) if "architecture" in score.details]
        if not rows:
            return values
        table = np.array([self._known_values(scores[index]) for index in rows])
        ranks = shares_below(table, table).mean(axis=1)
        values[rows] = np.where(np.isnan(table).all(axis=1), math.nan, ranks)
        return values

    def _read(self, name: str | None) -> list[dict[str, Any]]:
        """Return a preset's proxies, the fittest first; none without a name."""
        if name is None:
            return []
        preset = checked_preset(name)
        self._preset_space = preset.provenance.space
        return [{"shared_label": True, **proxy.options} for proxy in preset.proxies]

    def _fitting(self, proxy: Mapping[str, Any]) -> dict[str, Any]:
        """Return a preset's proxy without the largest MACs of another space."""
        own = self._preset_space == self.task.space.name
        return {key: value for key, value in proxy.items() if own or key != "mac_reference"}

    def _known_values(self, score: Score) -> list[float]:
        """Return an architecture's scores by all proxies, a preset's from where they are stored."""
        if self._preset_proxies and "scores" in score.details:
            return list(score.details["scores"])
        return self._values(score.details["architecture"])

    def _values(self, text: str) -> list[float]:
        """Return the scores of an architecture by all proxies, MAC term included."""
        space = self.task.space
        macs = space.scored_macs(space.parse(text))
        return [
            with_mac_term(self._loss(proxy, text).value, resolve(proxy, space.name), macs)
            for proxy in self._proxies
        ]

    def _loss(self, options: Mapping[str, Any], text: str) -> Score:
        """Return a score without MAC term, computed once unless it failed transiently."""
        key = training_key(options), text
        if key in self._memo:
            return self._memo[key]
        score = self._scorer.score(options, self.task.space.parse(text))
        if not score.transient:
            self._memo[key] = score
        return score


def _searched(proxy: Mapping[str, Any], space: str, preset: str | None) -> Genotype:
    """Return a preset's proxy as the search has it; what it leaves out is Eproxy's for the space.

    Raises:
        ConfigError: It holds a value that the search does not know.
    """
    try:
        return genotype(resolve(proxy, space).model_dump(mode="json"))
    except ValueError as error:
        raise ConfigError(
            f"predictor 'dps': warm_start {preset!r} cannot begin a search: {error}"
        ) from error


def _transient(score: Score) -> bool:
    return score.transient
