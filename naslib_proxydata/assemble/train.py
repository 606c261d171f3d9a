"""Training found networks: from a configuration to a run folder with accuracies and curves."""

from __future__ import annotations

import csv
import io
import logging
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.assemble.architectures import architectures_of, parsed
from naslib_proxydata.assemble.trainings import Job, Trained, attempt, check, lost, name_of
from naslib_proxydata.config.train import NO_VALIDATION, TrainConfig
from naslib_proxydata.errors import ConfigError, TrainingError
from naslib_proxydata.files import expanded
from naslib_proxydata.leaderboard.labels import mean_interval
from naslib_proxydata.markdown import markdown_table, one_line
from naslib_proxydata.ranking import relative_improvement
from naslib_proxydata.runs.environment import environment, provenance
from naslib_proxydata.runs.executors import Progress, completed
from naslib_proxydata.runs.processes import described, from_first, is_first, joined, processes
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import holds_run, opened_folder, resolved, workers_of
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.training.plots import MOST_NAMED, draw_curves
from naslib_proxydata.training.records import EpochRecord

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.plugins import Plugins
    from naslib_proxydata.runs.folder import RunFolder
    from naslib_proxydata.spaces.base import SearchSpace

TRAININGS = "trainings"
RESULTS, ACCURACIES, RESULT = "results.csv", "accuracies.csv", "result.json"
_FILES = (TRAININGS, RESULTS, ACCURACIES, RESULT)
MOST_DRAWS = 1000
"""Draws in a row without a new function, after which a space counts as exhausted."""

Report = Callable[["Wanted", EpochRecord], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """One training that is wanted.

    Attributes:
        job: The training.
        name: Name of its folder.
        random: Whether its architecture is one of the random ones to compare with.
    """

    job: Job
    name: str
    random: bool


@dataclass(frozen=True)
class Row:
    """One training of a finished run.

    Attributes:
        wanted: What it is.
        trained: What came of it; None where it failed.
        failure: Why it failed; empty where it did not.
    """

    wanted: Wanted
    trained: Trained | None = None
    failure: str = ""

    def plain(self) -> dict[str, Any]:
        """Return the line of ``results.csv``; None is an empty cell."""
        job, done = self.wanted.job, self.trained
        line: dict[str, Any] = {
            "architecture": job.architecture,
            "random": int(self.wanted.random),
            "channels": job.channels,
            "seed": job.seed,
        }
        if done is None:
            return {**line, "failure": self.failure}
        result = done.result
        best = result.best_epoch
        return {
            **line,
            "params": done.params,
            "macs": done.macs,
            "epochs": len(result.records),
            **_columns("training", result.last.training),
            **_columns("validation", result.last.validation),
            "best_epoch": best,
            **_columns("best_validation", best and result.records[best - 1].validation),
            **_columns("test", result.test),
            **_columns("best_test", result.test_of_best),
            **_columns("average_test", result.test_of_average),
            "seconds": result.seconds,
            "images_per_second": result.images_per_second,
            "failure": "",
        }


def _columns(name: str, accuracy: Any) -> dict[str, float | None]:
    return {
        f"{name}_{field}": None if accuracy is None else getattr(accuracy, field)
        for field in ("loss", "top1", "top5")
    }


@dataclass(frozen=True)
class Group:
    """All seeds of one architecture at one width.

    Attributes:
        architecture: Its text.
        channels: Channels of the first cells; None for the space's.
        random: Whether it is one of the random ones to compare with.
        rows: One for each seed.
    """

    architecture: str
    channels: int | None
    random: bool
    rows: tuple[Row, ...]

    def values(self, column: str) -> list[float]:
        """Return the values of a column of ``results.csv``, of the trainings that have one."""
        found = [row.plain().get(column) for row in self.rows]
        return [float(one) for one in found if one is not None]

    @property
    def accuracy(self) -> float:
        """Mean top-1 accuracy of the last epoch in percent; nan where every seed failed."""
        done = [row.trained.result.accuracy for row in self.rows if row.trained is not None]
        return statistics.fmean(done) if done else math.nan


@dataclass(frozen=True)
class Improvement:
    """What an architecture gains over the mean of random ones (arXiv 2006.13314).

    Attributes:
        architecture: Its text.
        channels: Channels of the first cells; None for the space's.
        value: RI = 100 (Acc_m - Acc_r) / Acc_r, in percent.
        low: RI at the upper end of Student's 95 % interval of Acc_r; nan with one random one.
        high: RI at its lower end.
        count: Number of random architectures.
    """

    architecture: str
    channels: int | None
    value: float
    low: float
    high: float
    count: int

    @property
    def told(self) -> str:
        """The value with its interval, where there is one, in words."""
        known = math.isfinite(self.low) and math.isfinite(self.high)
        interval = f" [{self.low:.2f}, {self.high:.2f}]" if known else ""
        if self.count == 1:
            return f"{self.value:.2f} %{interval} over one random architecture"
        return f"{self.value:.2f} %{interval} over the mean of {self.count} random architectures"


@dataclass(frozen=True)
class FinishedTraining:
    """What a finished run returns, and has written to its folder.

    Attributes:
        rows: One for each training.
        groups: The same by architecture and width.
        improvements: Over random architectures; empty where none were trained.
        folder: The run folder, or None where none is kept.
    """

    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    improvements: tuple[Improvement, ...]
    folder: Path | None

    @property
    def accuracy(self) -> float:
        """Mean top-1 accuracy in percent of the first architecture at the first width."""
        return self.groups[0].accuracy


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
        if processes() > 1 and (config.workers > 1 or executor is not None):
            raise ConfigError(
                f"workers {config.workers}: processes of torchrun share each training, so that "
                "trainings run one after the other; leave --workers out"
            )
        plugins = load_plugins(config.plugin, config.no_plugin)
        config = _settled(config, plugins)
        wanted = trainings_of(config, plugins)
        for one in _kinds(wanted):
            check(one.job, dataset)
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
    here = executor is None and config.workers == 1
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
    _write(folder, config, finished, env)
    refuse_failures(finished)
    return finished


def _row(wanted: Wanted, outcome: Trained | str) -> Row:
    if isinstance(outcome, str):
        return Row(wanted, failure=outcome)
    return Row(wanted, outcome)


def finished_of(rows: Sequence[Row], folder: Path | None) -> FinishedTraining:
    """Return rows with what follows from them."""
    grouped: dict[tuple[str, int | None, bool], list[Row]] = {}
    for row in rows:
        job = row.wanted.job
        grouped.setdefault((job.architecture, job.channels, row.wanted.random), []).append(row)
    groups = tuple(Group(*kind, tuple(some)) for kind, some in grouped.items())
    return FinishedTraining(tuple(rows), groups, improvements_of(groups), folder)


def improvements_of(groups: Sequence[Group]) -> tuple[Improvement, ...]:
    """Return RI of every architecture over the random ones of its width."""
    found = []
    for group in groups:
        random = [
            one.accuracy
            for one in groups
            if one.random and one.channels == group.channels and math.isfinite(one.accuracy)
        ]
        if group.random or not random or not math.isfinite(group.accuracy):
            continue
        interval = mean_interval(random)
        value, low, high = (
            relative_improvement(group.accuracy, mean) if mean > 0 else math.nan
            for mean in (statistics.fmean(random), interval.high, interval.low)
        )
        found.append(Improvement(group.architecture, group.channels, value, low, high, len(random)))
    return tuple(found)


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


# ------------------------------------------------------------------------------ the files


def _write(
    folder: RunFolder, config: TrainConfig, finished: FinishedTraining, env: dict[str, Any]
) -> None:
    """Write every file of the run folder but those of single trainings."""
    folder.write(RESULTS, _csv([row.plain() for row in finished.rows]))
    folder.write(ACCURACIES, accuracies_csv(finished.groups))
    facts = {
        "space": config.space,
        "recipe": config.recipe,
        "dataset": config.dataset,
        "accuracies": [
            {"architecture": one.architecture, "channels": one.channels, "accuracy": one.accuracy}
            for one in finished.groups
            if math.isfinite(one.accuracy)
        ],
        "failed": sum(bool(row.failure) for row in finished.rows),
        "improvements": [vars(one) for one in finished.improvements],
        **described(),
        "versions": {"python": env["python"], **env["packages"], **env["plugins"]},
    }
    folder.write_json(RESULT, facts)
    curves = {row.wanted.name: row.trained.result.records for row in finished.rows if row.trained}
    if curves:
        if len(curves) > MOST_NAMED:
            logger.info("the legend of %d curves is left out", len(curves))
        folder.draw("curves", draw_curves(curves))
    folder.write("summary.md", _summary(config, finished, env))


def _csv(lines: Sequence[dict[str, Any]]) -> str:
    stream = io.StringIO()
    columns = max(lines, key=len)
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()


def accuracies_csv(groups: Sequence[Group]) -> str:
    """Return a table that stands wherever a benchmark does, as ``csv:FILE``, and a label file.

    Column ``accuracy`` is the mean top-1 accuracy in percent over seeds and widths; where there are
    several widths, each has a column of its own.
    """
    widths = list(dict.fromkeys(group.channels for group in groups))
    by_architecture: dict[str, dict[int | None, float]] = {}
    for group in groups:
        if math.isfinite(group.accuracy):
            by_architecture.setdefault(group.architecture, {})[group.channels] = group.accuracy
    lines = []
    for architecture, values in by_architecture.items():
        line = {"architecture": architecture, "accuracy": statistics.fmean(values.values())}
        if len(widths) > 1:
            line |= {f"accuracy_c{one}": values.get(one, "") for one in widths}
        lines.append(line)
    return _csv(lines) if lines else "architecture,accuracy\n"


ON_TRAINING = (
    "There were no images to validate or test with: what is compared is the accuracy on the "
    "augmented training images."
)


def _summary(config: TrainConfig, finished: FinishedTraining, env: dict[str, Any]) -> str:
    """Return the report."""
    done = [row.trained for row in finished.rows if row.trained is not None]
    sizes = done[0].sizes if done else {}
    counted = ", ".join(f"{number:,} {name} images" for name, number in sizes.items() if number)
    recipe = f" by recipe {config.recipe}" if config.recipe else ""
    parts = [
        one_line(f"# {config.space}: trained on {config.dataset}{recipe}"),
        f"{counted}; seeds {', '.join(map(str, config.seed))}. Accuracies are top-1 (top-5) of the "
        "last epoch in percent, mean and standard deviation over seeds; the best epoch is that of "
        "the highest validation accuracy."
        + ("" if sizes.get("validation") or sizes.get("test") else f" {ON_TRAINING}"),
        markdown_table(_HEADER, map(_line, finished.groups)),
    ]
    parts += [
        f"{one.architecture}{_width(one.channels)}: RI {one.told}." for one in finished.improvements
    ]
    parts += [
        one_line(f"{row.wanted.job.architecture}, seed {row.wanted.job.seed}: {row.failure}")
        for row in finished.rows
        if row.failure
    ]
    return "\n\n".join([*parts, provenance(env), ""])


_HEADER = (
    "architecture",
    "channels",
    "parameters",
    "MACs",
    "seeds",
    "training",
    "validation",
    "best epoch's",
    "test",
    "images/s",
)


def _line(group: Group) -> list[str]:
    random = " (random)" if group.random else ""
    return [
        group.architecture + random,
        "" if group.channels is None else str(group.channels),
        _whole(group.values("params")),
        _whole(group.values("macs")),
        str(len(group.rows)),
        _spread(group, "training"),
        _spread(group, "validation"),
        _spread(group, "best_validation"),
        _spread(group, "test"),
        _whole(group.values("images_per_second")),
    ]


def _whole(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):,.0f}" if values else ""


def _spread(group: Group, name: str) -> str:
    first, among = group.values(f"{name}_top1"), group.values(f"{name}_top5")
    if not first:
        return ""
    deviation = f" ± {statistics.stdev(first):.2f}" if len(first) > 1 else ""
    return f"{statistics.fmean(first):.2f}{deviation} ({statistics.fmean(among):.2f})"


def _width(channels: int | None) -> str:
    return "" if channels is None else f", {channels} channels"
