"""Scores of architectures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.device import resolved_device
from naslib_proxydata.runs.executors import default_executor, threads_used
from naslib_proxydata.runs.scores import StoredScores
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    load_plugins,
    options_json,
    registered_name,
)
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.spaces.base import SearchSpace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.predictors.base import Predictor
    from naslib_proxydata.runs.executors import Progress


def score(
    predictor: str | Mapping[str, Any] | Predictor[Any],
    space: str | SearchSpace[Any],
    architectures: Sequence[Any],
    *,
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
        ArchitectureError: A text is not an architecture of the space.
        DatasetError: The images are not there, or fewer than the predictor needs.
    """
    plugins = load_plugins(())
    made = plugins.create("spaces", space) if isinstance(space, str) else space
    texts = [one if isinstance(one, str) else made.text(one) for one in architectures]
    texts = [made.text(made.parse(text)) for text in texts]
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
    if not isinstance(predictor, str | Mapping):
        return _scored_here(predictor, setup, made, texts, workers)
    named = {"name": predictor} if isinstance(predictor, str) else dict(predictor)
    name = registered_name(plugins, str(named.pop("name", "")), {})
    setup = setup.of(name, options_json(name, named))
    unfitted = setup.create()
    if made.name not in plugins.names("spaces"):  # no other process could make it
        return _scored_here(unfitted, setup, made, texts, workers)
    with (
        TemporaryDirectory() as folder,
        ScoreStore(Path(folder) / "scores.sqlite") as store,
        default_executor(workers) as executor,
    ):
        scores = StoredScores(store, executor, progress).get(setup, unfitted, texts, name)
    return unfitted.aggregate(scores)


def _scored_here(
    predictor: Predictor[Any],
    setup: PredictorSetup,
    space: SearchSpace[Any],
    texts: Sequence[str],
    workers: int,
) -> NDArray[np.float64]:
    """Score by a predictor of the caller's, in this process."""
    if workers != 1:
        raise ConfigError(
            "a predictor or a space that is no registered one can be used in this process alone, "
            f"got workers={workers}; give registered names, such as "
            "{'name': 'eproxy', 'barrier': False}, or leave workers out"
        )
    with threads_used(setup.threads):
        predictor.prepare(setup.task(predictor, copy(space)))
        scores = [predictor.score_one(space.parse(text)) for text in texts]
    return predictor.aggregate(scores)
