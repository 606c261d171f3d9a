"""Training found networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.api.datasets import named_dataset
from naslib_proxydata.api.running import run, split
from naslib_proxydata.assemble.train import run_train
from naslib_proxydata.config.train import TrainConfig

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from naslib_proxydata.assemble.train_outcomes import FinishedTraining
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.runs.executors import Progress


def train(
    architecture: str | Path | Sequence[str] = (),
    space: str | None = None,
    dataset: Any = "digits",
    *,
    recipe: str | None = None,
    validation: str | float | None = None,
    test: str | None = None,
    seeds: int | Sequence[int] | None = None,
    channels: int | Sequence[int] | None = None,
    epochs: int | None = None,
    random: int = 0,
    device: str = "auto",
    executor: str | Mapping[str, Any] | Executor | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> FinishedTraining:
    """Train found networks, and measure what they reach.

    Args:
        architecture: A text, several texts, the run folder of a search, or a CSV file with a
            column ``architecture``.
        space: Name of the search space; that of the run folder where None.
        dataset: A source, such as ``"digits"`` or ``"cifar10:PATH"``, or a map-style dataset of
            (image, label) pairs, such as torchvision's.
        recipe: A published training by name, below everything else that is said.
        validation: Images to look at after every epoch: a source, the share of the training images
            that is held out, or ``"none"``; a tenth where None and there is no test.
        test: A source of images to look at once, at the end.
        seeds: One or several; 0, or the recipe's, where None.
        channels: Of the first cells, one width or several; the recipe's or space's where None.
        epochs: Number of epochs, likewise.
        random: So many random architectures are trained, too, for the relative improvement.
        device: A torch device, or ``"auto"``: a GPU where there is one.
        executor: Where it is computed, as in :func:`~naslib_proxydata.api.rank.rank`.
        out: A run folder to keep, in which the same call goes on where it stopped; None keeps
            nothing but what is returned.
        progress: Called with a title, the number of trainings done, and of how many.
        settings: Any other key of the configuration, such as ``cells``, ``training`` or
            ``workers``; ``naslib-proxydata config schema train`` lists all.

    Returns:
        A row for each training, means over seeds, and the improvement over random architectures.

    Raises:
        ConfigError: A key, a name or a value is wrong.
        DatasetError: A dataset is absent, damaged, or does not fit the one that is trained on.
        TrainingError: The loss of a training is not finite; all others are finished and written.
    """
    name, opened = named_dataset(dataset)
    sources = [architecture] if isinstance(architecture, str | Path) else architecture
    executor_name, own = split(executor)
    given: dict[str, Any] = {
        **settings,
        "recipe": recipe,
        "architecture": [str(one) for one in sources],
        "space": space,
        "dataset": name,
        "validation": None if validation is None else str(validation),
        "test": test,
        "seed": seeds,
        "channels": channels,
        "random": random,
        "device": device,
        "executor": executor_name,
        "training.epochs": epochs,  # after ``training``, which it is put into
    }
    finished = run(partial(_run, opened, own, progress), TrainConfig, given, out)
    return finished if out is not None else replace(finished, folder=None)


def _run(
    dataset: Dataset | None,
    executor: Executor | None,
    progress: Progress | None,
    config: TrainConfig,
) -> FinishedTraining:
    return run_train(config, dataset=dataset, executor=executor, progress=progress)
