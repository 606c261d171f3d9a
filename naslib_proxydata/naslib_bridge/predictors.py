"""Our predictors as NASLib's: one object answers both forms of query."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from naslib_proxydata.data.images import load_images
from naslib_proxydata.naslib_bridge.architectures import bridged
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.predictors.base import LearningPredictor, Predictor, Score, ScoringTask
from naslib_proxydata.runs.device import resolved_device
from naslib_proxydata.runs.setup import load_plugins

NO_SIGNAL = -1e9
"""What NASLib gets for an architecture that carries no signal; it has no infinity."""
FAILED = -2e9
"""What NASLib gets for a failed score, which ranks last of all."""
FEWEST_CLASSES = 10
ANNOUNCED, LONG, BETWEEN = 3, 20.0, 60.0
"""After how many scores it is said how long the others take, if that is more than so many seconds,
and seconds between two such lines."""

_log = logging.getLogger(__name__)

NaslibPredictor: Any = naslib("naslib.predictors.predictor:Predictor")


class ProxyPredictor(NaslibPredictor):  # type: ignore[misc]
    """A prepared predictor of ours behind NASLib's interface; higher is better.

    ``query(list, info)`` returns an array, ``query(graph, dataloader=...)`` a number, as
    NASLib's evaluators and optimizers ask for them. Architectures are NASLib's graphs or their
    hashes; the images are the predictor's own, so that a score does not depend on what was
    drawn from a data loader. Each architecture is scored once, but for transient failures
    (memory, a device), which the next query tries again.

    A list is ranked as the leaderboard ranks it: where a predictor's values are ranks (az-nas, the
    few-label ensemble), they are ranks among the list. An architecture alone gets the score's own
    value, so that values of different queries compare.

    Args:
        predictor: A prepared predictor whose search space is also NASLib's.
        kind: NASLib's name of the search space, such as ``"nasbench201"``.
        plugins: Where conversions are registered; the built-in and installed ones where None.

    Attributes:
        method_type: The predictor's name, as NASLib's evaluators want it.
        space: Our name of the search space.
        scores: What was scored so far, by the architecture's text.
    """

    def __init__(
        self,
        predictor: Predictor[Any],
        kind: str = "nasbench201",
        plugins: Plugins | None = None,
    ) -> None:
        super().__init__(ss_type=kind)
        self.predictor = predictor
        self.method_type = predictor.name
        self.hyperparams = None
        self.hpo_wrapper = False
        self.scores: dict[str, Score] = {}
        conversion = bridged(kind, plugins or load_plugins((), ()))
        self.space = conversion.space
        self._text = conversion.text

    def fit(self, xtrain: Sequence[Any], ytrain: Sequence[float], info: Any = None) -> None:
        """Hand labelled architectures to a predictor that learns; others ignore them.

        Args:
            xtrain: Graphs or hashes.
            ytrain: Their accuracies in percent.
            info: Not used.
        """
        if isinstance(self.predictor, LearningPredictor):
            scores = [self._score(self.text(one)) for one in xtrain]
            self.predictor.fit(scores, np.asarray(ytrain, dtype=np.float64))
            self.scores.clear()  # what was learnt changes them

    def query(self, xtest: Any, info: Any = None, dataloader: Any = None) -> Any:
        """Score architectures.

        Args:
            xtest: A list of graphs or hashes, or one graph or hash.
            info: Not used; NASLib passes it with a list.
            dataloader: Not used; NASLib passes it with a single graph.

        Returns:
            An array of shape (len(xtest),) for a list, a float for a single architecture.
        """
        if not isinstance(xtest, list | np.ndarray):
            return self.value(self.text(xtest))
        texts = [self.text(one) for one in xtest]
        if len(texts) == 1:
            return np.array([self.value(texts[0])])
        values = self.predictor.aggregate(self._scores_of(texts))
        return np.array([_finite(value) for value in values])

    def set_pre_computations(self, **information: Any) -> None:
        """Take nothing: zero-cost scores of others, which NASLib hands to its own ensembles."""

    def text(self, architecture: Any) -> str:
        """Return our text of one of NASLib's graphs or hashes."""
        given = architecture.get_hash() if hasattr(architecture, "get_hash") else architecture
        return self._text(given)

    def value(self, text: str) -> float:
        """Return the score of an architecture by its text, which depends on no other."""
        return _finite(self._score(text).value)

    def _scores_of(self, texts: Sequence[str]) -> list[Score]:
        """Score many; where that takes long, say how long, and how far it is."""
        missing = len(set(texts) - set(self.scores))
        started = told = perf_counter()
        found, done = [], 0
        for text in texts:
            fresh = text not in self.scores
            found.append(self._score(text))
            done += fresh
            now = perf_counter()
            left = (missing - done) * (now - started) / max(done, 1)
            if fresh and ((done == ANNOUNCED and left > LONG) or now - told > BETWEEN):
                told = now
                _log.info(
                    "%s has scored %d of %d architectures, %.1f s each: about %.0f s more",
                    self.method_type,
                    done,
                    missing,
                    (now - started) / done,
                    left,
                )
        return found

    def _score(self, text: str) -> Score:
        if text in self.scores:
            return self.scores[text]
        score = self.predictor.score_one(self.predictor.task.space.parse(text))
        if not score.transient:  # else the next query tries again
            self.scores[text] = score
        return score


def _finite(value: float) -> float:
    if math.isnan(value):
        return FAILED
    return float(np.clip(value, NO_SIGNAL, -NO_SIGNAL))


def make_predictor(
    name: str,
    kind: str = "nasbench201",
    *,
    images: str = "photos",
    seed: int = 0,
    device: str = "auto",
    plugins: Sequence[Path] = (),
    no_plugins: Sequence[str] = (),
    **options: Any,
) -> ProxyPredictor:
    """Make one of our predictors for NASLib, as the leaderboard would make it.

    Args:
        name: Name of the predictor.
        kind: NASLib's name of the search space.
        images: Source of the images.
        seed: Seed of scores and images.
        device: A torch device, or ``"auto"``: a GPU where there is one.
        plugins: Python files with further plugins.
        no_plugins: Installed plugins to leave out.
        options: Options of the predictor.

    Raises:
        ConfigError: The name or an option is unknown.
        NaslibError: The search space is not ours as well.
    """
    offers = load_plugins(tuple(plugins), tuple(no_plugins))
    predictor: Predictor[Any] = offers.create("predictors", name, **options)
    space = offers.create("spaces", bridged(kind, offers).space)
    batch = load_images(
        images, max(1, predictor.images_for(space.name)), seed, space.image_size, offers
    )
    classes = max(FEWEST_CLASSES, batch.num_classes)
    predictor.prepare(ScoringTask(space, batch, seed, resolved_device(device), classes))
    return ProxyPredictor(predictor, kind, offers)
