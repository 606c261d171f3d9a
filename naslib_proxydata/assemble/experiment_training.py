"""Training what the searches of an experiment found: its configurations, and what came of them."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from naslib_proxydata.assemble.train import run_train
from naslib_proxydata.assemble.train_report import RESULT
from naslib_proxydata.boundary import boundary
from naslib_proxydata.config.experiment import Column
from naslib_proxydata.config.train import TrainConfig
from naslib_proxydata.errors import ConfigError, RunFolderError
from naslib_proxydata.opening import read_file
from naslib_proxydata.ranking import relative_improvement

TRAININGS, RANDOM = "trainings", "random"
_ADVICE = "delete the folder, and the same command trains anew"


def training_of(
    keys: Mapping[str, Any], own: Mapping[str, Any], search: Path, out: Path, where: str
) -> TrainConfig:
    """Return how the cell of a search is trained.

    Args:
        keys: Of the experiment file, for the row.
        own: What is set for the whole experiment.
        search: Run folder of the search, by which the cell is named.
        out: Where the training goes.
        where: What errors call the place.

    Raises:
        ConfigError: A key or a value is wrong.
    """
    given = {**keys, **own, "architecture": [str(search)], "out": out}
    return parsed_training(given, where)


def random_training(
    keys: Mapping[str, Any], own: Mapping[str, Any], space: str, count: int, out: Path, where: str
) -> TrainConfig:
    """Return how the random architectures are trained that cells are compared with, all alike.

    Args:
        keys: See :func:`training_of`.
        own: See :func:`training_of`.
        space: That is searched, where the keys or their recipe name none.
        count: Random architectures.
        out: Where the training goes.
        where: What errors call the place.

    Raises:
        ConfigError: A key or a value is wrong.
    """
    made = parsed_training({**keys, **own, "random": count, "out": out}, where)
    return made if made.space is not None else made.model_copy(update={"space": space})


def parsed_training(given: Mapping[str, Any], where: str) -> TrainConfig:
    """Return a validated configuration.

    Raises:
        ConfigError: A key or a value is wrong, or images have no name.
    """
    if "dataset" not in given:
        raise ConfigError(f"{where}: no images to train on are named; give train.dataset")
    return TrainConfig.parse(given, where)


def train_with(config: TrainConfig) -> None:
    """Train in whichever process this is, one network after the other."""
    run_train(config)


def accuracy_in(out: Path) -> float | None:
    """Return the mean accuracy, in percent, of what was trained in a folder.

    Returns:
        None where it is not finished, or some of it failed.

    Raises:
        RunFolderError: Its result is damaged.
    """
    if not (out / RESULT).is_file():
        return None
    content = read_file(out / RESULT, RunFolderError, _ADVICE)
    with boundary(out / RESULT, RunFolderError, _ADVICE):
        plain = json.loads(content)
        found = [float(one["accuracy"]) for one in plain["accuracies"]]
        failed = int(plain["failed"])
    return statistics.fmean(found) if found and not failed else None


def trained_value(column: Column, training: Path, random_of: Callable[[int], Path]) -> float | None:
    """Return the value of a column for a cell that was trained, None where it is not finished.

    Args:
        column: The accuracy, or the improvement over the mean of random architectures.
        training: Folder of the cell's training.
        random_of: Folder of the training of so many random architectures.
    """
    own = accuracy_in(training)
    if own is None or not column.over_random:
        return own
    random = accuracy_in(random_of(column.over_random))
    if random is None or not random > 0 or math.isnan(own):
        return None
    return relative_improvement(own, random)
