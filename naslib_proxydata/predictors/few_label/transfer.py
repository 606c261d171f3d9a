"""A few labelled architectures, their structure, and what other tasks of the space measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from naslib_proxydata import plugins as plugin_room
from naslib_proxydata.errors import ConfigError, unknown_name
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.few_label.models import Features, Floats
from naslib_proxydata.predictors.few_label.smoothing import smoother
from naslib_proxydata.predictors.few_label.structure import FewLabelSettings, FewLabelStructure
from naslib_proxydata.predictors.few_label.tasks import (
    MeasuredTasks,
    dataset_of,
    open_tasks,
    same_dataset,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins


class FewLabelTransferSettings(FewLabelSettings):
    """Options of few-label-transfer.

    Attributes:
        sources: The tables of other tasks: names of benchmarks, ``benchmark:dataset``, or
            ``csv:FILE``. A command with a benchmark takes that one where none is given.
        without: Datasets of them that are left out, beside the one that is ranked.
        space: The search space of ``csv:`` sources; the command's where none is given.
        data_root: Folder of the benchmarks' files; the command's where none is given.
        lower_is_better: Columns of ``csv:`` sources whose lowest values are the best.
    """

    sources: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    space: str | None = None
    data_root: Path | None = None
    lower_is_better: tuple[str, ...] = ()


class FewLabelTransfer(FewLabelStructure[Architecture]):
    """few-label-structure with the values of other tasks of the same space as further features.

    A feature is a column of a measured table: the normal scores of its ranks there, each averaged
    with what architectures of similar structure have (:func:`smoother`). All of them together
    weigh as much as one kind of structural features. Whether they are believed at all, as a
    distance or as a straight line, the Gaussian process decides by the labels, as it does with the
    proxies of few-label; a line in several of them is a ridge regression, with a weight for each.

    No column of the dataset that is ranked is ever a source, in whatever table it stands; see
    :meth:`set_target`. Without labels it ranks by the mean over sources, and without sources it is
    few-label-structure. Form and constants were chosen on NAS-Bench-201 CIFAR-10.

    Args:
        plugins: Where benchmarks are registered; ``Plugins.create`` hands itself over. Without
            it they are the built-in and the installed ones.
        **options: Fields of :class:`FewLabelTransferSettings`.

    Raises:
        ConfigError: An option is wrong.
    """

    name = "few-label-transfer"
    sees = "raw"  # a table has a value for each spelling
    takes_sources = True
    settings_type: ClassVar[type[FewLabelSettings]] = FewLabelTransferSettings
    options: FewLabelTransferSettings

    def __init__(self, plugins: Plugins | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._plugins = plugins
        self._target = ""

    @cached_property
    def tables(self) -> list[MeasuredTasks]:
        """The sources, opened when first asked for.

        Raises:
            ConfigError: A source is unknown, or of another space, or lacks what is left out.
            TableError: A table is absent or damaged, or lacks a dataset.
        """
        options = self.options
        tables = open_tasks(
            options.sources,
            self._plugins or plugin_room.load(),
            space=options.space,
            root=options.data_root,
            lower_is_better=options.lower_is_better,
        )
        known = [dataset for table in tables for dataset in table.datasets]
        for dataset in options.without:
            if tables and not any(same_dataset(dataset, one) for one in known):
                where = f"predictor {self.name!r}, without"
                raise ConfigError(unknown_name("dataset", dataset, known, where))
        return tables

    def settings(self) -> Mapping[str, Any]:
        """Return a digest of every column whose values are stored with an architecture."""
        found: dict[str, str] = {}
        for table in self.tables:
            found |= table.fingerprint()
        return {"tasks": found}

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Bind to a task, whose space the sources must be of.

        Raises:
            ConfigError: A source is unknown, or of another space.
            TableError: A table is absent or damaged, or lacks a dataset.
        """
        super().prepare(task)
        for table in self.tables:
            if table.space.name != task.space.name:
                raise ConfigError(
                    f"predictor {self.name!r}, sources: {table.name} holds architectures of "
                    f"{table.space.name!r}, not of {task.space.name!r}; name tables of that space"
                )

    def set_target(self, dataset: str) -> None:
        """Leave every column of a dataset out, and forget what was learnt."""
        self._target = dataset
        self._known, self._alone = [], None

    def knows(self, scores: Sequence[Score]) -> tuple[str, ...]:
        """Return the sources by table and dataset, and how many architectures each lacks."""
        names = []
        for task in self._tasks(scores):
            measured = sum(task in score.details["tasks"] for score in scores)
            part = "" if measured == len(scores) else f" ({measured} of {len(scores)})"
            names.append(f"{task}{part}")
        return tuple(names)

    def described(self, architecture: Architecture) -> Score:
        """Describe an architecture, and look up what other tasks measured of it."""
        space = self.task.space
        score = super().described(space.canonical(architecture))
        text = space.text(architecture)
        tasks: dict[str, float] = {}
        for table in self.tables:
            tasks |= table.of(text)
        return replace(score, details={**score.details, "tasks": tasks})

    def scaling(self, reference: Sequence[Score]) -> Callable[[Sequence[Score]], Features]:
        """Return the map from scores to structure and the sources' values."""
        structure = super().scaling(reference)
        tasks = self._tasks(reference)
        if not tasks:
            return structure
        measured = _values(reference, tasks)
        mean, spread = np.nanmean(measured, axis=0), np.nanstd(measured, axis=0)
        spread = np.where(spread > 0, spread, np.inf)  # one that does not vary is 0
        smooth = smoother(structure(reference).structure, (measured - mean) / spread)

        def scale(scores: Sequence[Score]) -> Features:
            features = structure(scores)
            own, similar = (_values(scores, tasks) - mean) / spread, smooth(features.structure)
            known = np.isfinite(own)
            values = np.where(known, (own + similar) / 2, similar) / np.sqrt(len(tasks))
            return features._replace(proxies=values, aggregate=values)

        return scale

    def without_labels(self, scores: Sequence[Score]) -> Floats:
        """Return the mean over the sources, or log multiply-accumulates where there are none."""
        if not self._tasks(scores):
            return super().without_labels(scores)
        return np.asarray(self.scaling(scores)(scores).proxies.mean(axis=1), dtype=np.float64)

    def _tasks(self, scores: Sequence[Score]) -> list[str]:
        """Return the sources that have measured at least one architecture, in a fixed order."""
        left_out = (self._target, *self.options.without)
        names = {name for score in scores for name in score.details.get("tasks", {})}
        return sorted(
            name
            for name in names
            if not any(same_dataset(dataset_of(name), dataset) for dataset in left_out)
        )


def _values(scores: Sequence[Score], tasks: Sequence[str]) -> Floats:
    """Return what each task measured, shape (n, number of tasks), nan where it did not."""
    rows = [[score.details["tasks"].get(task, np.nan) for task in tasks] for score in scores]
    return np.array(rows, dtype=np.float64)
