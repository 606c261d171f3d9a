"""One training of one network: what it is, in plain values, and how it is done anywhere."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from naslib_proxydata.assemble.reading import read_as_asked
from naslib_proxydata.boundary import boundary
from naslib_proxydata.config.train import TrainingFields
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import ConfigError, RunFolderError, TrainingError
from naslib_proxydata.files import file_name, write_text
from naslib_proxydata.opening import read_file
from naslib_proxydata.predictors.transient import is_transient
from naslib_proxydata.runs.executors import threads_used
from naslib_proxydata.runs.lock import FolderLock
from naslib_proxydata.runs.numerics import numerics
from naslib_proxydata.runs.processes import from_first, is_first
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.workers import LostCallError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.files import load_selection
from naslib_proxydata.spaces.common.counting import count_macs, count_params
from naslib_proxydata.training.examples import Examples, Part, held_out, whole
from naslib_proxydata.training.learner import Learner
from naslib_proxydata.training.loop import Training
from naslib_proxydata.training.records import EpochRecord, TrainingResult, read_result
from naslib_proxydata.training.settings import TrainingSettings

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.spaces.base import SearchSpace

_log = logging.getLogger(__name__)

RESULT = "result.json"
_ADVICE = "--overwrite to start anew"


@dataclass(frozen=True)
class Job:
    """One training, in plain values, so that any process can do it.

    Attributes:
        fields: On what and how.
        space: Name of the search space.
        architecture: Its text.
        channels: Channels of the first cells; None for the space's.
        seed: Seed of the initial weights and of all that is drawn.
        device: A torch device string.
        threads: Threads of torch.
        plugin: Files of plugins.
        no_plugin: Plugins that are left out.
        workers: Threads that read a folder's images.
        folder: Where checkpoints, weights and the result go; None keeps no files.
    """

    fields: TrainingFields
    space: str
    architecture: str
    channels: int | None
    seed: int
    device: str = "cpu"
    threads: int = 1
    plugin: tuple[Path, ...] = ()
    no_plugin: tuple[str, ...] = ()
    workers: int = 1
    folder: Path | None = None

    @property
    def settings(self) -> TrainingSettings:
        """How the network is trained."""
        given = {**self.fields.training, "seed": self.seed, "device": self.device}
        return TrainingSettings.parse(given, "training")

    def in_folder(self, folder: Path | None, name: str) -> Job:
        """Return the training in a folder of its own within another; in none where None."""
        return self if folder is None else replace(self, folder=folder / name)


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes:
        result: Its records and accuracies.
        params: Parameters of the network, without second classifier.
        macs: Multiply-accumulates of one image; None where images are not square.
        sizes: Numbers of images to train on, to validate with and to test with.
    """

    result: TrainingResult
    params: int
    macs: int | None
    sizes: Mapping[str, int]


def name_of(job: Job, key: str) -> str:
    """Return the name of a training's folder.

    Args:
        job: The training.
        key: Hash of its architecture.
    """
    width = "" if job.channels is None else f"-c{job.channels}"
    return file_name(f"{key[:16]}{width}-s{job.seed}")


def train(
    job: Job,
    dataset: Dataset | None = None,
    report: Callable[[EpochRecord], None] | None = None,
    check_folder: Callable[[], None] | None = None,
) -> Trained:
    """Train a network, or go on, or return what its folder holds.

    Args:
        job: The training.
        dataset: What is trained on, where the job's is only its name.
        report: Told each epoch's record.
        check_folder: Called before files are written.

    Raises:
        ProxyDataError: A name, a file or a number is wrong, or the loss is not finite.
    """
    fields = job.fields
    modes = numerics(cudnn_benchmark=fields.cudnn_benchmark, deterministic=fields.deterministic)
    with threads_used(job.threads), modes:
        plugins = load_plugins(job.plugin, job.no_plugin)
        examples = _examples(job, plugins, dataset)
        settings = job.settings
        network, params, macs = _network(job, plugins, examples, settings)
        identity = _identity(job, examples, settings)
        sizes = _sizes(examples)
        finished = from_first(_stored(job.folder, identity) if is_first() else None)
        if finished is not None:
            return Trained(finished, params, macs, sizes)
        folder = job.folder if is_first() else None
        training = Training(
            Learner(network, settings),
            examples,
            identity,
            folder,
            check_folder,
            report,
            fields.device_data,
        )
        with _locked(folder):
            result = training.run()
            if folder is not None:
                content = {"identity": identity, "params": params, "macs": macs, **result.plain()}
                text = json.dumps(content, indent=1) + "\n"
                write_text(folder / RESULT, text, error=RunFolderError)
        return Trained(result, params, macs, sizes)


def _locked(folder: Path | None) -> AbstractContextManager[object]:
    """Keep others out of a training's folder: on another machine it may outlive who began it.

    Raises:
        RunFolderError: Another process is at it.
    """
    if folder is None:
        return nullcontext()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(
            f"cannot create {folder}: {error.strerror}; on other machines the run folder must lie "
            "in a folder that all of them share"
        ) from error
    return FolderLock(folder)


def attempt(
    job: Job,
    dataset: Dataset | None = None,
    report: Callable[[EpochRecord], None] | None = None,
    check_folder: Callable[[], None] | None = None,
) -> Trained | str:
    """Train, see :func:`train`; return the reason where the loss was not finite.

    That is the network's affair, which others need not suffer for.
    """
    try:
        return train(job, dataset, report, check_folder)
    except TrainingError as error:
        _log.warning("%s, seed %d: %s", job.architecture, job.seed, error)
        return str(error)


def lost(call: LostCallError, name: object) -> str:
    """Return the reason why a training has no result whose worker was lost."""
    return f"{call}; the same command tries it again"


def check(job: Job, dataset: Dataset | None = None) -> None:
    """Make sure that a training can begin, without beginning it.

    Raises:
        ProxyDataError: A name, a file or a number is wrong, or memory too small for the network.
    """
    plugins = load_plugins(job.plugin, job.no_plugin)
    examples = _examples(job, plugins, dataset)
    try:
        network, _, _ = _network(job, plugins, examples, job.settings)
        with threads_used(job.threads):
            Training(Learner(network, job.settings), examples).check_images()
    except (RuntimeError, MemoryError) as error:
        if not is_transient(error):
            raise
        raise ConfigError(
            f"the network of {job.architecture} does not fit in memory "
            f"({str(error).splitlines()[0]}); give fewer channels or cells, or smaller images"
        ) from None


def _network(
    job: Job, plugins: Plugins, examples: Examples, settings: TrainingSettings
) -> tuple[Any, int, int | None]:
    """Return the network with its initial weights, its parameters and multiply-accumulates."""
    space = sized_space(plugins, job)
    architecture = space.parse(job.architecture)
    images = examples.training.dataset.pixels(examples.training.indices[:1])
    shape = {"num_classes": examples.training.dataset.num_classes, "in_channels": images.shape[1]}

    def made(space: SearchSpace[Any]) -> Any:
        generator = torch_generator(settings.seed, "network")
        return space.network(architecture, generator, **shape)

    plain = made(space)
    params = count_params(plain)
    height, width = (settings.crop_size,) * 2 if settings.crop_size else images.shape[2:]
    macs = None
    if height == width:
        macs = count_macs(made(space).to("meta"), in_channels=images.shape[1], image_size=height)
    if settings.auxiliary:
        channels, cells = job.channels, job.fields.cells
        both = space.resized(channels=channels, cells=cells, auxiliary=True)
        return made(both), params, macs
    return plain, params, macs


def sized_space(plugins: Plugins, job: Job) -> SearchSpace[Any]:
    """Return the space with networks of the size that is trained."""
    space: SearchSpace[Any] = plugins.create("spaces", job.space)
    return space.resized(channels=job.channels, cells=job.fields.cells)


def _examples(job: Job, plugins: Plugins, given: Dataset | None) -> Examples:
    fields = job.fields
    dataset = given or _opened(job, fields.dataset)
    training = whole(dataset)
    if fields.selection is not None:
        selection = load_selection(fields.selection)
        selection.check_fits(dataset)
        chosen = np.sort(np.asarray(selection.indices, np.int64))
        training = Part(dataset, np.intersect1d(chosen, training.indices))
    validation: Part | None = None
    if fields.validation_source is not None:
        validation = whole(_opened(job, fields.validation_source))
    elif fields.held_out is not None:
        training, validation = held_out(training, fields.held_out, seed=0)
    test = None if fields.test is None else whole(_opened(job, fields.test))
    return Examples(training, validation, test)


def _opened(job: Job, source: str) -> Dataset:
    asked = Asked(job.fields.image_size, job.fields.skip_damaged, job.workers)
    return _read(source, asked, job.plugin, job.no_plugin)


class Asked(NamedTuple):
    """How images are read, see :class:`naslib_proxydata.assemble.reading.Asked`."""

    image_size: int | None
    skip_damaged: bool
    workers: int


@lru_cache(maxsize=4)
def _read(
    source: str, asked: Asked, plugin: tuple[Path, ...], no_plugin: tuple[str, ...]
) -> Dataset:
    """Open a dataset; a process keeps a few, so that many trainings read their images once."""
    return read_as_asked(open_dataset(source, load_plugins(plugin, no_plugin)), asked).dataset


def _sizes(examples: Examples) -> dict[str, int]:
    parts = {
        "training": examples.training,
        "validation": examples.validation,
        "test": examples.test,
    }
    return {name: 0 if part is None else len(part.indices) for name, part in parts.items()}


def _identity(job: Job, examples: Examples, settings: TrainingSettings) -> dict[str, Any]:
    """Return what must be equal for a checkpoint or a result to be this training's."""
    parts = (examples.training, examples.validation, examples.test)
    return {
        "space": job.space,
        "architecture": job.architecture,
        "channels": job.channels,
        "cells": job.fields.cells,
        "training": json.loads(settings.model_dump_json(exclude={"device"})),
        "images": [part and _described(part) for part in parts],
    }


def _described(part: Part) -> str:
    """Return a sha256 that tells other images apart, and other ones of the same dataset."""
    digest = hashlib.sha256(part.dataset.fingerprint.encode())
    digest.update(part.indices.astype("<i8").tobytes())
    return digest.hexdigest()


def _stored(folder: Path | None, identity: Mapping[str, Any]) -> TrainingResult | None:
    """Return the result that a folder holds, None where there is none.

    Raises:
        RunFolderError: It is damaged, or another training's.
    """
    if folder is None or not (folder / RESULT).is_file():
        return None
    content = read_file(folder / RESULT, RunFolderError, _ADVICE)
    with boundary(folder / RESULT, RunFolderError, _ADVICE):
        found = json.loads(content)
        other = [key for key in identity if found["identity"].get(key) != identity[key]]
        result = read_result(found)
    if other:
        raise RunFolderError(
            f"{folder} holds another training: {', '.join(other)} differ; choose another --out, or "
            "--overwrite to start anew"
        )
    return result
