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
from naslib_proxydata.predictors.few_label.other_spaces import (
    OtherSpace,
    Values,
    common_features,
    common_names,
)
from naslib_proxydata.predictors.few_label.smoothing import smoother
from naslib_proxydata.predictors.few_label.structure import (
    FewLabelSettings,
    FewLabelStructure,
    features_of,
)
from naslib_proxydata.predictors.few_label.tasks import (
    MeasuredTasks,
    dataset_of,
    open_tasks,
    same_dataset,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins


Columns = Callable[[Sequence[Score], Features], Floats]
"""From n scores and their structural features to columns (n, p)."""


class FewLabelTransferSettings(FewLabelSettings):
    """Options of few-label-transfer.

    Attributes:
        sources: The tables of other tasks: names of benchmarks, ``benchmark:dataset``, or
            ``csv:FILE``. A command with a benchmark takes that one where none is given.
        other_spaces: Tables of other search spaces, as ``benchmark`` or ``benchmark:dataset``: what
            they say of structure is a further column each (:class:`OtherSpace`).
        without: Datasets of all these that are left out, beside the one that is ranked.
        space: The search space of ``csv:`` sources; the command's where none is given.
        data_root: Folder of the benchmarks' files; the command's where none is given.
        lower_is_better: Columns of ``csv:`` sources whose lowest values are the best.
    """

    sources: tuple[str, ...] = ()
    other_spaces: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    space: str | None = None
    data_root: Path | None = None
    lower_is_better: tuple[str, ...] = ()


class FewLabelTransfer(FewLabelStructure[Architecture]):
    """few-label-structure with the values of other tasks as further features.

    A feature is a column of a measured table: the normal scores of its ranks there, each averaged
    with what architectures of similar structure have (:func:`smoother`). All of them together
    weigh as much as one kind of structural features. Whether they are believed at all, as a
    distance or as a straight line, the Gaussian process decides by the labels, as it does with the
    proxies of few-label; a line in several of them is a ridge regression, with a weight for each.

    No column of the dataset that is ranked is ever a source, in whatever table it stands; see
    :meth:`set_target`. Without labels it ranks by the mean over sources, and without sources it is
    few-label-structure. Form and constants were chosen on NAS-Bench-201 CIFAR-10.

    A table of another space is one more column, what its networks say of such structure
    (:class:`OtherSpace`); its form was chosen on NAS-Bench-201 and NAS-Bench-101, both CIFAR-10.

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
        held = [*tables, *(other.measured for other in self.others)]
        known = [dataset for table in held for dataset in table.datasets]
        for dataset in options.without:
            if held and not any(same_dataset(dataset, one) for one in known):
                where = f"predictor {self.name!r}, without"
                raise ConfigError(unknown_name("dataset", dataset, known, where))
        return tables

    @cached_property
    def others(self) -> list[OtherSpace]:
        """The tables of other spaces, opened when first asked for.

        Raises:
            ConfigError: A name is unknown.
            TableError: A table is absent or damaged, or lacks a dataset.
        """
        options = self.options
        tables = open_tasks(
            options.other_spaces,
            self._plugins or plugin_room.load(),
            space=None,
            root=options.data_root,
        )
        return [OtherSpace(table) for table in tables]

    def settings(self) -> Mapping[str, Any]:
        """Return a digest of every column whose values are stored with an architecture.

        Of other spaces none is, but the features that architectures have in common with them are.
        """
        found: dict[str, str] = {}
        for table in self.tables:
            found |= table.fingerprint()
        common = {"common": True} if self.options.other_spaces else {}
        return {"tasks": found, **common}

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Bind to a task, whose space the sources must be of.

        Raises:
            ConfigError: A source is unknown, or of another space, or one of another space is not.
            TableError: A table is absent or damaged, or lacks a dataset.
        """
        super().prepare(task)
        for table in self.tables:
            if table.space.name != task.space.name:
                raise ConfigError(
                    f"predictor {self.name!r}, sources: {table.name} holds architectures of "
                    f"{table.space.name!r}, not of {task.space.name!r}; name tables of that space"
                )
        for other in self.others:
            if other.measured.space.name == task.space.name:
                raise ConfigError(
                    f"predictor {self.name!r}, other_spaces: {other.measured.name} holds "
                    f"architectures of {task.space.name!r} itself; name it among the sources"
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
        others = (task for other in self.others for task in other.tasks(self._left_out))
        return (*names, *(f"{task} (another space)" for task in others))

    def described(self, architecture: Architecture) -> Score:
        """Describe an architecture, and look up what other tasks measured of it."""
        space = self.task.space
        canonical = space.canonical(architecture)
        score = super().described(canonical)
        text = space.text(architecture)
        tasks: dict[str, float] = {}
        for table in self.tables:
            tasks |= table.of(text)
        details: dict[str, Any] = {**score.details, "tasks": tasks}
        if self.options.other_spaces:
            kinds = common_features(space, canonical)
            details["common"] = {kind: list(named.values()) for kind, named in kinds.items()}
        return replace(score, details=details)

    def scaling(self, reference: Sequence[Score]) -> Callable[[Sequence[Score]], Features]:
        """Return the map from scores to structure and the sources' values."""
        structure = super().scaling(reference)
        columns = [*self._measured(reference, structure), *self._predicted(reference)]
        if not columns:
            return structure

        def scale(scores: Sequence[Score]) -> Features:
            features = structure(scores)
            found = np.hstack([column(scores, features) for column in columns])
            values = found / np.sqrt(found.shape[1])
            return features._replace(proxies=values, aggregate=values)

        return scale

    def _measured(
        self, reference: Sequence[Score], structure: Callable[[Sequence[Score]], Features]
    ) -> list[Columns]:
        """Return the map from scores to what other tasks of the space have, if there are any."""
        tasks = self._tasks(reference)
        if not tasks:
            return []
        measured = _values(reference, tasks)
        mean, spread = np.nanmean(measured, axis=0), np.nanstd(measured, axis=0)
        spread = np.where(spread > 0, spread, np.inf)  # one that does not vary is 0
        smooth = smoother(structure(reference).structure, (measured - mean) / spread)

        def columns(scores: Sequence[Score], features: Features) -> Floats:
            own = (_values(scores, tasks) - mean) / spread
            similar = smooth(features.structure)
            return np.where(np.isfinite(own), (own + similar) / 2, similar)

        return [columns]

    def _predicted(self, reference: Sequence[Score]) -> list[Columns]:
        """Return the maps from scores to what each table of another space predicts."""
        if not self.others:
            return []
        common, names = features_of(reference, "common"), common_names(self.task.space)
        predictors = [
            other.predictor(names, common, tasks)
            for other in self.others
            if (tasks := other.tasks(self._left_out))
        ]
        return [_column(predict) for predict in predictors]

    def without_labels(self, scores: Sequence[Score]) -> Floats:
        """Return the mean over the sources, or log multiply-accumulates where there are none."""
        proxies = self.scaling(scores)(scores).proxies
        if proxies.shape[1] == 0:
            return super().without_labels(scores)
        return np.asarray(proxies.mean(axis=1), dtype=np.float64)

    @property
    def _left_out(self) -> tuple[str, ...]:
        """The datasets of which no column is a source."""
        return (self._target, *self.options.without)

    def _tasks(self, scores: Sequence[Score]) -> list[str]:
        """Return the sources that have measured at least one architecture, in a fixed order."""
        names = {name for score in scores for name in score.details.get("tasks", {})}
        return sorted(
            name
            for name in names
            if not any(same_dataset(dataset_of(name), dataset) for dataset in self._left_out)
        )


def _column(predict: Callable[[Values], Floats]) -> Columns:
    """Return a prediction from common features as a column of scores."""
    return lambda scores, features: predict(features_of(scores, "common"))


def _values(scores: Sequence[Score], tasks: Sequence[str]) -> Floats:
    """Return what each task measured, shape (n, number of tasks), nan where it did not."""
    rows = [[score.details["tasks"].get(task, np.nan) for task in tasks] for score in scores]
    return np.array(rows, dtype=np.float64)
