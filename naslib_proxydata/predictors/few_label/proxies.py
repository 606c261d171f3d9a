"""A few labelled architectures, described by structure and proxies, and all others ranked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from naslib_proxydata import plugins as plugin_room
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.base import LearningPredictor, Predictor, Score, ScoringTask
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
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins
from naslib_proxydata.summation import ordered_sum

STRUCTURE = FewLabelStructure.name


class FewLabelProxiesSettings(FewLabelSettings):
    """Options of few-label.

    Attributes:
        proxies: Registered predictors, a plugin's too, whose scores are features; with their
            default options, and none that learns from labels itself.
    """

    proxies: tuple[str, ...] = Field(("synflow", "naswot", "jacob-cov", "eproxy"), min_length=1)


class FewLabel(FewLabelStructure[Architecture]):
    """few-label-structure with zero-cost proxies and Eproxy's losses as further features.

    Each proxy is the normal scores of its ranks among all architectures that are ranked
    together; of Eproxy the losses of every iteration are. Each proxy weighs as much as a kind of
    structural features, and so does their aggregate. Whether proxies are believed at all, and
    whether the targets rise with the aggregate in a straight line, the Gaussian process decides
    by the labels.

    The aggregate, which ranks by itself without labels, was fixed on NAS-Bench-201 CIFAR-10:
    sum over proxies and multiply-accumulates of log(rank / n), as AZ-NAS sums its parts
    (arXiv 2403.19232, section 3).

    Args:
        plugins: Where the proxies are registered; ``Plugins.create`` hands itself over. Without
            it they are the built-in and the installed ones.
        **options: Fields of :class:`FewLabelProxiesSettings`.

    Attributes:
        proxies: Registered names of the proxies.

    Raises:
        ConfigError: An option is wrong, a proxy is not registered or learns from labels itself.
    """

    name = "few-label"
    needs_network = True
    sees = "raw"  # each part sees what it sees
    settings_type: ClassVar[type[FewLabelSettings]] = FewLabelProxiesSettings
    options: FewLabelProxiesSettings

    def __init__(self, plugins: Plugins | None = None, **options: Any) -> None:
        super().__init__(**options)
        registered = plugins or plugin_room.load()
        self.proxies = tuple(_registered(registered, name) for name in self.options.proxies)
        self._parts: dict[str, Predictor[Architecture]] = {
            STRUCTURE: FewLabelStructure(),
            **{name: _create(registered, name) for name in self.proxies},
        }
        self.images_needed = max(part.images_needed for part in self._parts.values())

    def images_for(self, space: str) -> int:
        """Return how many images the part with the most uses in a search space."""
        return max(part.images_for(space) for part in self._parts.values())

    def settings(self) -> Mapping[str, Any]:
        """Return the proxies: the models play no part in what is stored."""
        return {"proxies": list(self.proxies)}

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return few-label-structure and the proxies."""
        return {name: {} for name in self._parts}

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Prepare every part with the same task."""
        super().prepare(task)
        for part in self._parts.values():
            part.prepare(task)

    def evaluate(self, architecture: Architecture) -> Score:
        """Score an architecture by every part and combine them."""
        return self.combine(
            {name: part.score_one(architecture) for name, part in self._parts.items()}
        )

    def combine(self, parts: Mapping[str, Score]) -> Score:
        """Put the parts' numbers side by side; see :meth:`FewLabelStructure.evaluate`."""
        seconds = ordered_sum(score.seconds for score in parts.values())
        structure = parts[STRUCTURE]
        if math.isnan(structure.value):
            return replace(structure, seconds=seconds)
        if any(score.value == -math.inf and score.reason for score in parts.values()):
            return Score(-math.inf, NO_SIGNAL, seconds)
        proxies = {name: _numbers(parts[name]) for name in self.proxies}
        details = {**structure.details, "proxies": proxies}
        transient = any(score.transient for score in parts.values())
        size = structure.details["structure"][SIZE][-1]
        return self.valued(Score(size, "", seconds, details, transient))

    def scaling(self, reference: Sequence[Score]) -> Callable[[Sequence[Score]], Features]:
        """Return the map from scores to structure, proxies and their aggregate."""
        structure = super().scaling(reference)
        names = self.proxies
        widths = {
            name: max(len(score.details["proxies"][name]) for score in reference) for name in names
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
        for name in self.proxies:
            total += _log_rank(_proxy(scores, name, 1), _proxy(reference, name, 1))
        return total + _log_rank(log_macs(scores)[:, None], log_macs(reference)[:, None])


def _log_rank(values: Floats, reference: Floats) -> Floats:
    """Return log(rank / r) of each of (n, 1) values in a reference (r, 1), worst 1 of r."""
    return np.asarray(np.log(shares_below(values, reference))[:, 0], dtype=np.float64)


def _registered(plugins: Plugins, name: str) -> str:
    """Return the name that a proxy, which may be given by an alias, is registered under.

    Raises:
        ConfigError: There is no such predictor; the closest is named.
    """
    try:
        return plugins.registration("predictors", name).name
    except ConfigError as error:
        raise ConfigError(f"predictor 'few-label', proxies: {error}") from None


def _create(plugins: Plugins, name: str) -> Predictor[Any]:
    """Make a registered predictor with its default options.

    Raises:
        ConfigError: It learns from labels itself, which would be learnt from twice.
    """
    made: Predictor[Any] = plugins.create("predictors", name)
    if isinstance(made, LearningPredictor):
        raise ConfigError(
            f"predictor 'few-label', proxies: {name!r} is no proxy: it learns from labels itself"
        )
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
