"""Scores of architectures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.files import temporary_folder
from naslib_proxydata.predictors.base import LearningPredictor, Predictor
from naslib_proxydata.runs.device import resolved_device
from naslib_proxydata.runs.executors import default_executor, threads_used
from naslib_proxydata.runs.scores import StoredScores, told_transient
from naslib_proxydata.runs.settings import data_folder
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    checked_predictor,
    load_plugins,
    options_json,
    registered_name,
    with_sources,
)
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.spaces.base import SearchSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.predictors.base import Score
    from naslib_proxydata.runs.executors import Progress


def score(
    predictor: str | Mapping[str, Any] | Predictor[Any],
    space: str | SearchSpace[Any],
    architectures: Sequence[Any],
    *,
    labels: Mapping[Any, float] | None = None,
    images: str = "photos",
    seed: int = 0,
    device: str = "auto",
    workers: int = 1,
    threads: int = 1,
    image_size: int | None = None,
    num_classes: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Score architectures without training them.

    Equal arguments give equal scores on one machine, whatever the order of architectures and the
    number of workers. Architectures that compute the same function are scored once.

    Args:
        predictor: A name; a name with options, ``{"name": "eproxy", "barrier": False}``; or a
            predictor of your own, which runs in this process.
        space: A search space, or its name.
        architectures: Texts of the space, or architectures that it made.
        labels: Accuracies of labelled architectures, by text or architecture, for a predictor that
            learns from them; they are not scored.
        images: Source of the images that the predictor looks at: ``"photos"``, ``"digits"``,
            ``"noise"``, ``"cifar10:PATH"``, ...
        seed: Seed of the scores and of the draw of images.
        device: A torch device, or ``"auto"``: a GPU where there is one.
        workers: Processes that score.
        threads: Threads of torch in each; another number changes scores in the last digits.
        image_size: Height and width of the images in pixels; None for the space's own.
        num_classes: Outputs of the networks; None for the images' number of classes, at least 10.
        progress: Called with a title, the number of scores done, and of how many.

    Returns:
        Scores in the order given, shape (len(architectures),), higher is better: ``nan`` where
        scoring failed, ``-inf`` where the output does not depend on the input.

    Raises:
        ConfigError: A name, an option or the device is wrong.
        LabelError: The labels are too few or all alike.
        ArchitectureError: A text is not an architecture of the space.
        DatasetError: The images are not there, or fewer than the predictor needs.
    """
    plugins = load_plugins(())
    made = plugins.create("spaces", space) if isinstance(space, str) else space
    setup = PredictorSetup(
        plugin_files=(),
        space=made.name,
        predictor="",
        options="{}",
        images=images,
        image_size=image_size,
        seed=seed,
        device=resolved_device(device),
        num_classes=num_classes,
        threads=threads,
    )
    if isinstance(predictor, str | Mapping):
        folder = data_folder()
        root = folder and folder.resolve()
        setup = with_sources(_named(setup, plugins, predictor), (), root)
    call = _Call(setup, made, workers, progress)
    with threads_used(threads):
        return call(predictor, labels or {}, architectures)


@dataclass(frozen=True)
class _Call:
    """One call of :func:`score`, checked as far as names and device go."""

    setup: PredictorSetup
    space: SearchSpace[Any]
    workers: int
    progress: Progress | None

    def __call__(
        self,
        wanted: str | Mapping[str, Any] | Predictor[Any],
        labels: Mapping[Any, float],
        architectures: Sequence[Any],
    ) -> NDArray[np.float64]:
        """Score the architectures, after the predictor has learnt from the labels."""
        setup = self.setup
        # Another process can make neither a predictor object nor a space that is not registered.
        anywhere = bool(setup.predictor) and self.space.name in setup.plugins.names("spaces")
        predictor = wanted if isinstance(wanted, Predictor) else setup.create()
        if anywhere:
            checked_predictor(setup)
        _check_learns(predictor, labels)
        texts = [_text(self.space, one) for one in (*labels, *architectures)]
        if labels or not anywhere:
            predictor.prepare(setup.task(predictor, copy(self.space)))
        scores = self._stored(predictor, texts) if anywhere else self._here(predictor, texts)
        if isinstance(predictor, LearningPredictor) and labels:
            accuracies = np.array(list(labels.values()), dtype=np.float64)
            predictor.fit(scores[: len(labels)], accuracies)
        return predictor.aggregate(scores[len(labels) :])

    def _stored(self, predictor: Predictor[Any], texts: Sequence[str]) -> list[Score]:
        """Score in as many processes as there are workers, each function once."""
        with (
            temporary_folder() as folder,
            ScoreStore(folder / "scores.sqlite") as store,
            default_executor(self.workers) as executor,
        ):
            title = f"{self.setup.space} {self.setup.predictor}"
            scores = StoredScores(store, executor, self.progress)
            found = scores.get(self.setup, predictor, texts, title)
            told_transient(store)
            return found

    def _here(self, predictor: Predictor[Any], texts: Sequence[str]) -> list[Score]:
        """Score in this process."""
        if self.workers != 1:
            raise ConfigError(
                "a predictor or a space that is no registered one can be used in this process "
                f"alone, got workers={self.workers}; give registered names, such as "
                "{'name': 'eproxy', 'barrier': False}, or leave workers out"
            )
        return [predictor.score_one(self.space.parse(text)) for text in texts]


def _text(space: SearchSpace[Any], architecture: Any) -> str:
    """Return the space's own text of an architecture or of another spelling of it."""
    is_text = isinstance(architecture, str)
    return space.text(space.parse(architecture) if is_text else architecture)


def _named(
    setup: PredictorSetup, plugins: Plugins, predictor: str | Mapping[str, Any]
) -> PredictorSetup:
    """Return the setup of a predictor that is given by name, or by name and options."""
    options = {"name": predictor} if isinstance(predictor, str) else dict(predictor)
    if "name" not in options:
        raise ConfigError(
            f"a predictor with options needs a name, such as {{'name': 'eproxy'}}; got {options}"
        )
    name = registered_name(plugins, str(options.pop("name")), {})
    return setup.of(name, options_json(name, options))


def _check_learns(predictor: Predictor[Any], labels: Mapping[Any, float]) -> None:
    if labels and not isinstance(predictor, LearningPredictor):
        raise ConfigError(
            f"predictor {predictor.name!r} does not learn from labels; leave them out, or name one "
            "that does, such as few-label-structure"
        )
