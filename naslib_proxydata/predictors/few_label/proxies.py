"""A few labelled architectures, described by structure and proxies, and all others ranked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator

from naslib_proxydata.errors import ConfigError, unknown_name
from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask
from naslib_proxydata.predictors.few_label.models import (
    Features,
    Floats,
    ranker,
    shares_below,
    standardiser,
)
from naslib_proxydata.predictors.few_label.structure import (
    NO_SIGNAL,
    SIZE,
    FewLabelSettings,
    FewLabelStructure,
    log_macs,
)
from naslib_proxydata.summation import ordered_sum

STRUCTURE = FewLabelStructure.name


class FewLabelProxiesSettings(FewLabelSettings):
    """Options of few-label.

    Attributes:
        proxies: Built-in predictors whose scores are features, with their default options.
    """

    proxies: tuple[str, ...] = Field(("synflow", "naswot", "jacob-cov", "eproxy"), min_length=1)

    @field_validator("proxies")
    @classmethod
    def _without_itself(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name.startswith("few-label"):
                raise ValueError(f"{name!r} is no proxy: it learns from labels itself")
        return names


class FewLabel(FewLabelStructure):
    """few-label-structure with zero-cost proxies and Eproxy's losses as further features.

    Each proxy is the normal scores of its ranks among all architectures that are ranked
    together; of Eproxy the losses of every iteration are. Each proxy weighs as much as a kind of
    structural features, and so does their aggregate. Whether proxies are believed at all, and
    whether the targets rise with the aggregate in a straight line, the Gaussian process decides
    by the labels.

    The aggregate, which ranks by itself without labels, was fixed on NAS-Bench-201 CIFAR-10:
    sum over proxies and multiply-accumulates of log(rank / n), as AZ-NAS sums its parts
    (arXiv 2403.19232, section 3).
    """

    name = "few-label"
    needs_network = True
    sees = "raw"  # each part sees what it sees
    settings_type: ClassVar[type[FewLabelSettings]] = FewLabelProxiesSettings
    options: FewLabelProxiesSettings

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._parts = {name: _create(name) for name in self.parts()}
        self.images_needed = max(part.images_needed for part in self._parts.values())

    def settings(self) -> Mapping[str, Any]:
        """Return the proxies: the models play no part in what is stored."""
        return {"proxies": list(self.options.proxies)}

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return few-label-structure and the proxies."""
        return {name: {} for name in (STRUCTURE, *self.options.proxies)}

    def prepare(self, task: ScoringTask) -> None:
        """Prepare every part with the same task."""
        super().prepare(task)
        for part in self._parts.values():
            part.prepare(task)

    def evaluate(self, architecture: Any) -> Score:
        """Score an architecture by every part and combine them."""
        return self.combine(
            {name: part.score_one(architecture) for name, part in self._parts.items()}
        )

    def combine(self, parts: Mapping[str, Score]) -> Score:
        """Put the parts' numbers side by side; see :meth:`FewLabelStructure.evaluate`."""
        seconds = ordered_sum(score.seconds for score in parts.values())
        structure = parts[STRUCTURE]
        if any(score.value == -math.inf and score.reason for score in parts.values()):
            return Score(-math.inf, NO_SIGNAL, seconds)
        proxies = {name: _numbers(parts[name]) for name in self.options.proxies}
        details = {**structure.details, "proxies": proxies}
        return self.valued(Score(structure.details["structure"][SIZE][-1], "", seconds, details))

    def scaling(self, reference: Sequence[Score]) -> Callable[[Sequence[Score]], Features]:
        """Return the map from scores to structure, proxies and their aggregate."""
        structure = super().scaling(reference)
        names = self.options.proxies
        widths = {
            name: max(len(one.details["proxies"][name]) for one in reference) for name in names
        }
        ranks = {name: _scaling(_proxy(reference, name, widths[name])) for name in names}
        together = _scaling(self._aggregate(reference, reference)[:, None])

        def scale(scores: Sequence[Score]) -> Features:
            proxies = [ranks[name](_proxy(scores, name, widths[name])) for name in names]
            aggregate = together(self._aggregate(scores, reference)[:, None])
            return structure(scores)._replace(proxies=np.hstack(proxies), aggregate=aggregate)

        return scale

    def without_labels(self, scores: Sequence[Score]) -> Floats:
        """Return sum log(rank / n) over the proxies' values and MACs, ranks from 1 (worst)."""
        return self._aggregate(scores, scores)

    def _aggregate(self, scores: Sequence[Score], reference: Sequence[Score]) -> Floats:
        """Return the sum of log-ranks with ranks among a reference, shape (len(scores),)."""
        total = np.zeros(len(scores))
        for name in self.options.proxies:
            total += _log_rank(_proxy(scores, name, 1), _proxy(reference, name, 1))
        return total + _log_rank(log_macs(scores)[:, None], log_macs(reference)[:, None])


def _log_rank(values: Floats, reference: Floats) -> Floats:
    """Return log(rank / r) of each of (n, 1) values in a reference (r, 1), worst 1 of r."""
    return np.asarray(np.log(shares_below(values, reference))[:, 0], dtype=np.float64)


def _create(name: str) -> Predictor:
    """Make a built-in predictor with its default options.

    Raises:
        ConfigError: There is no built-in predictor of the name.
    """
    from naslib_proxydata.predictors.plugin import register_predictors

    factories = {one.name: one.factory for one in register_predictors()}
    if name not in factories:
        raise ConfigError(unknown_name("proxy", name, factories, "predictor 'few-label'"))
    module, _, attribute = str(factories[name]).partition(":")
    made: Predictor = getattr(import_module(module), attribute)()
    return made


def _numbers(score: Score) -> list[float]:
    """Return a proxy's value, followed by the negative losses of its iterations if it has any."""
    losses = score.details.get("losses", [])
    return [score.value, *(-float(loss) for loss in losses)]


def _proxy(scores: Sequence[Score], name: str, width: int) -> Floats:
    """Return the numbers of one proxy, shape (n, width), nan where a run of Eproxy ended early."""
    rows = [score.details["proxies"][name][:width] for score in scores]
    return np.array([[*row, *[math.nan] * (width - len(row))] for row in rows], dtype=np.float64)


def _scaling(reference: Floats) -> Callable[[Floats], Floats]:
    """Return ranks in a reference, standardised over it."""
    ranks = ranker(reference)
    scale = standardiser(ranks(reference))
    return lambda numbers: scale(ranks(numbers))
