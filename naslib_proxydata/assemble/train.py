"""Training found networks: from a configuration to a run folder with accuracies and curves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from naslib_proxydata.assemble.architectures import architectures_of, parsed
from naslib_proxydata.assemble.train_outcomes import FinishedTraining, Row, Wanted, finished_of
from naslib_proxydata.assemble.train_report import ACCURACIES, RESULT, RESULTS, write_report
from naslib_proxydata.assemble.trainings import Job, Trained, attempt, check, lost, name_of
from naslib_proxydata.config.train import NO_VALIDATION, TrainConfig
from naslib_proxydata.errors import ConfigError, TrainingError
from naslib_proxydata.files import expanded
from naslib_proxydata.runs.device import checked_on
from naslib_proxydata.runs.environment import environment
from naslib_proxydata.runs.executors import Progress, completed
from naslib_proxydata.runs.processes import from_first, is_first, joined, processes
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import executor_of, holds_run, opened_folder, resolved, workers_of
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.training.records import EpochRecord

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.runs.folder import RunFolder
    from naslib_proxydata.spaces.base import SearchSpace

TRAININGS = "trainings"
_FILES = (TRAININGS, RESULTS, ACCURACIES, RESULT)
MOST_DRAWS = 1000
"""Draws in a row without a new function, after which a space counts as exhausted."""

Report = Callable[["Wanted", EpochRecord], None]

logger = logging.getLogger(__name__)


def run_train(
    config: TrainConfig,
    *,
    dataset: Dataset | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    report: Report | None = None,
) -> FinishedTraining:
    """Train, write and draw.

    Trainings that are finished are not repeated; one that was interrupted goes on after its last
    epoch. One whose loss is not finite is noted with its epoch, and the others go on.

    Args:
        config: What to do.
        dataset: What is trained on, where ``config.dataset`` is only its name.
        executor: Where networks are trained; by default ``config.workers`` processes.
        progress: Told how many trainings are finished.
        report: Told each epoch, where networks are trained in this process.

    Raises:
        ProxyDataError: A name, a file or a number is wrong; the message says what to do.
        TrainingError: Every training failed.
    """
    with joined(config.device):
        config = from_first(resolved(config) if is_first() else config)
        alone = executor is None and config.workers == 1 and executor_of(config).LOCAL
        if processes() > 1 and not alone:
            raise ConfigError(
                f"workers {config.workers}, executor {config.executor.name}: processes of torchrun "
                "share each training, so that trainings run one after the other; leave --workers "
                "and --executor out"
            )
        plugins = load_plugins(config.plugin, config.no_plugin)
        config = _settled(config, plugins)
        wanted = trainings_of(config, plugins)
        for one in _kinds(wanted):
            check(replace(one.job, device=checked_on(one.job.device)), dataset)
        if not is_first():
            for one in wanted:
                attempt(one.job, dataset)
            return FinishedTraining((), (), (), None)
        with opened_folder(config, _FILES) as folder:
            return _trained(config, plugins, wanted, folder, dataset, executor, progress, report)


def check_train(config: TrainConfig) -> None:
    """Make sure that trainings can begin, without beginning any.

    Raises:
        ProxyDataError: A name, a file or a number is wrong.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = _settled(resolved(config), plugins)
    for one in _kinds(trainings_of(config, plugins)):
        check(one.job)


def holds_training(config: TrainConfig) -> bool:
    """Return whether the run folder holds a training, which must be the one that is configured.

    Raises:
        ProxyDataError: It is another; or what is trained cannot be read.
    """
    if not (config.out / RESULT).is_file():
        return False
    plugins = load_plugins(config.plugin, config.no_plugin)
    return holds_run(_settled(resolved(config), plugins), _FILES)


def _settled(config: TrainConfig, plugins: Plugins) -> TrainConfig:
    """Return the configuration as the folder keeps it: texts and space written out."""
    if not config.architecture and not config.random:
        raise ConfigError(
            "nothing to train is named; give the text of an architecture, the run folder of a "
            "search, a CSV file, or --random N"
        )
    found = [architectures_of(source) for source in config.architecture]
    spaces = [one.space for one in found if one.space is not None]
    space = config.space or (spaces[0] if spaces else None)
    if space is None:
        raise ConfigError("the architectures do not say of which space they are; name a --space")
    made = plugins.create("spaces", space)
    texts = [text for one in found for text in one.texts]
    architectures = tuple(made.text(one) for one in parsed(texts, made))
    selection = config.selection and expanded(config.selection).resolve()
    update = {"space": space, "architecture": architectures, "selection": selection}
    return config.model_copy(update=update)


def trainings_of(config: TrainConfig, plugins: Plugins) -> list[Wanted]:
    """Return all trainings of a settled configuration, in the order in which they are done."""
    assert config.space is not None
    space = plugins.create("spaces", config.space)
    drawn = random_architectures(space, config.random)
    texts = [(text, False) for text in config.architecture] + [(text, True) for text in drawn]
    wanted = []
    for text, random in texts:
        key = space.hash(space.parse(text))
        for channels in dict.fromkeys(config.channels or (None,)):  # said twice is trained once
            for seed in dict.fromkeys(config.seed):
                job = Job(
                    config,
                    config.space,
                    text,
                    channels,
                    seed,
                    config.device,
                    config.threads,
                    config.plugin,
                    config.no_plugin,
                    config.workers,
                )
                wanted.append(Wanted(job, name_of(job, key), random))
    return _with_own_names(wanted)


def random_architectures(space: SearchSpace[Any], count: int) -> list[str]:
    """Return architectures drawn at random, of different functions that see their input.

    Raises:
        ConfigError: The space does not seem to have so many.
    """
    generator = numpy_generator(0, "random architectures", space.name)
    found: dict[str, str] = {}
    known = 0  # draws in a row that brought nothing new
    while len(found) < count:
        one = space.sample(generator)
        key = space.hash(one)
        known = known + 1 if key in found or not space.carries_signal(one) else 0
        if known == 0:
            found[key] = space.text(one)
        elif known == MOST_DRAWS:
            raise ConfigError(
                f"random: {count:,} architectures of different functions were asked for, space "
                f"{space.name!r} gave {len(found):,}, and then none in {known:,} draws; ask for "
                "fewer"
            )
    return list(found.values())


def _with_own_names(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Give trainings of one function that is written in two ways folders of their own."""
    seen: dict[str, int] = {}
    named = []
    for one in wanted:
        seen[one.name] = seen.get(one.name, 0) + 1
        number = "" if seen[one.name] == 1 else f"-{seen[one.name]}"
        named.append(Wanted(one.job, one.name + number, one.random))
    return named


def _kinds(wanted: Iterable[Wanted]) -> Iterator[Wanted]:
    """Yield one training of each architecture and width: seeds differ in no way that fails."""
    seen = set()
    for one in wanted:
        kind = one.job.architecture, one.job.channels
        if kind not in seen:
            seen.add(kind)
            yield one


def _trained(
    config: TrainConfig,
    plugins: Plugins,
    wanted: Sequence[Wanted],
    folder: RunFolder,
    dataset: Dataset | None,
    executor: Executor | None,
    progress: Progress | None,
    report: Report | None,
) -> FinishedTraining:
    """Train in an open folder, write and draw."""
    env = environment(config, plugins)
    folder.write_json("env.json", env)
    if config.validation == NO_VALIDATION and config.test is None:
        logger.warning("no images to validate or test with: accuracies are of training images")
    here = executor is None and config.workers == 1 and executor_of(config).LOCAL
    rows: dict[str, Row] = {}
    inner = folder.path / TRAININGS

    def told(done: int) -> None:
        if progress is not None:
            progress("trainings", done, len(wanted))

    told(0)
    if here:
        for one in wanted:
            heard = None if report is None else partial(report, one)
            done = attempt(
                one.job.in_folder(inner, one.name), dataset, heard, folder.check_in_place
            )
            rows[one.name] = _row(one, done)
            told(len(rows))
    else:
        by_name = {one.name: one for one in wanted}
        calls = ((one.name, (one.job.in_folder(inner, one.name), dataset)) for one in wanted)
        with workers_of(config, executor) as pool:
            for name, outcome in completed(pool, attempt, calls, lost):
                folder.check_in_place()
                rows[name] = _row(by_name[name], outcome)
                told(len(rows))
    finished = finished_of([rows[one.name] for one in wanted], folder.path)
    write_report(folder, config, finished, env)
    refuse_failures(finished)
    return finished


def _row(wanted: Wanted, outcome: Trained | str) -> Row:
    if isinstance(outcome, str):
        return Row(wanted, failure=outcome)
    return Row(wanted, outcome)


def refuse_failures(finished: FinishedTraining) -> None:
    """Say which trainings failed, after everything is written.

    Raises:
        TrainingError: Some did.
    """
    failed = [row for row in finished.rows if row.failure]
    if not failed:
        return
    first = failed[0].wanted.job
    raise TrainingError(
        f"{len(failed)} of {len(finished.rows)} trainings failed, the first {first.architecture} "
        f"with seed {first.seed}: {failed[0].failure}. The others are in {finished.folder}"
    )
