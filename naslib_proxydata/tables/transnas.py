"""TransNAS-Bench-101 tables: official ``.pth``, live API, compact json (arXiv 2105.11871).

Values are of the validation set at the best epoch, the official API's default. Metrics:

=============== =========================== ======= ==================================
dataset (task)  metric                      unit    official name
=============== =========================== ======= ==================================
class_scene     validation_accuracy         percent valid_top1
class_object    validation_accuracy         percent valid_top1
jigsaw          validation_accuracy         percent valid_top1
room_layout     validation_negative_loss            valid_neg_loss
segmentsemantic validation_miou             percent valid_mIoU
normal          validation_ssim             0 to 1  valid_ssim
autoencoder     validation_ssim             0 to 1  valid_ssim
=============== =========================== ======= ==================================

The data files of Eproxy's release (GenNAS-Zero) have the names "micro" and "macro" swapped, so
its published micro figures are of the macro space and the other way round; here every
architecture's own string decides.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from naslib_proxydata.errors import ArchitectureError, TableAbsentError, TableError
from naslib_proxydata.tables.columns import Column, ColumnTable
from naslib_proxydata.tables.finding import first_of
from naslib_proxydata.tables.json_file import read_json
from naslib_proxydata.tables.layout import cause, layout_of
from naslib_proxydata.tables.stored_number import stored_number
from naslib_proxydata.tables.torch_file import open_torch_pickle
from naslib_proxydata.tables.writing import JSON_GZ, check_target, write_json_gz
from naslib_proxydata.unpickle import unpickle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.spaces.base import SearchSpace

OFFICIAL: Final = "transnas-bench_v10141024.pth"
OFFICIAL_METRICS: Final = {
    "class_scene": "valid_top1",
    "class_object": "valid_top1",
    "jigsaw": "valid_top1",
    "room_layout": "valid_neg_loss",
    "segmentsemantic": "valid_mIoU",
    "normal": "valid_ssim",
    "autoencoder": "valid_ssim",
}
METRICS: Final = {
    "valid_top1": "validation_accuracy",
    "valid_neg_loss": "validation_negative_loss",
    "valid_mIoU": "validation_miou",
    "valid_ssim": "validation_ssim",
}
_BOUNDS: Final = {
    "valid_top1": (0, 100),
    "valid_neg_loss": (-np.inf, 0),
    "valid_mIoU": (0, 100),
    "valid_ssim": (-1, 1),
}
"""What values each metric can have."""
HOW_TO_GET: Final = f"download {OFFICIAL} (github.com/yawen-d/TransNASBench) and convert it once"


class TransNasApi(Protocol):
    """What is used of the official ``TransNASBenchAPI``."""

    task_list: Sequence[str]
    all_arch_dict: Mapping[str, Sequence[str]]

    def get_single_metric(self, arch: str, task: str, metric: str, mode: str) -> float:
        """Return a metric of an architecture's training; ``mode="best"`` over the epochs."""


class TransNasKind:
    """One of the benchmark's two spaces.

    Args:
        kind: What the official files call it, ``"micro"`` or ``"macro"``.
        space: Makes its search space, whose strings a table must hold.
    """

    def __init__(self, kind: str, space: Callable[[], SearchSpace[Any]]) -> None:
        self.kind = kind
        self.space = space
        self.name = f"transnas-{kind}"
        self.label = f"TransNAS-Bench-101 {kind}"
        self.compact = f"transnas_{kind}.json.gz"

    def load(self, root: Path | None) -> ColumnTable:
        """Open the compact table of a folder, or failing that the official file.

        Raises:
            TableAbsentError: The folder has neither.
            TableError: The file is damaged, holds the other space, or is one of several.
        """
        if root is not None:
            # No order is published among releases, so several of them are refused.
            found = first_of([root / self.compact], sorted(root.glob("transnas-bench*.pth")))
            if found is not None:
                return self.open(found)
        raise TableAbsentError(
            f"no {self.label} in {root or 'an unset data folder'}: expected {self.compact} or "
            f"{OFFICIAL}. {HOW_TO_GET}"
        )

    def open(self, path: Path) -> ColumnTable:
        """Read one file.

        Raises:
            TableError: The file is damaged, hostile, or of another layout.
        """
        if path.suffix == ".pth":
            with open_torch_pickle(path) as stream:
                content = unpickle(stream, str(path))
        else:
            content = read_json(path)
        with layout_of(self.label, path):
            if path.suffix == ".pth":
                return self._from_database(content, str(path))
            return self._from_compact(content, str(path))

    def from_api(self, api: TransNasApi) -> ColumnTable:
        """Read a live ``TransNASBenchAPI``.

        Raises:
            TableError: The object holds no such architectures or tasks.
        """
        source = f"{type(api).__qualname__} object"
        try:
            texts = list(api.all_arch_dict.get(self.kind, ()))
            tasks = {
                task: [_best_of_api(api, text, task, metric) for text in texts]
                for task, metric in OFFICIAL_METRICS.items()
                if task in api.task_list
            }
        except Exception as error:
            raise TableError(
                f"{source} does not answer as TransNASBenchAPI does ({cause(error)})"
            ) from error
        return self._table(texts, OFFICIAL_METRICS, tasks, source)

    def convert(self, source: Path, target: Path) -> None:
        """Write the compact table of the official file.

        Raises:
            TableError: The source is damaged, or the target cannot be written.
        """
        check_target(target, JSON_GZ)
        table = self.open(source)
        official = {ours: theirs for theirs, ours in METRICS.items()}
        names = {task: metrics[0] for task, metrics in table.columns().items()}
        content = {
            "space": self.kind,
            "arch_str": list(table.architectures()),
            "metric": {task: official[name] for task, name in names.items()},
            "tasks": {task: _plain(table.values(task, name)) for task, name in names.items()},
            "missing": [],
        }
        write_json_gz(target, content)

    def _from_database(self, database: Any, source: str) -> ColumnTable:
        """Read the official file's content: best epoch of each architecture and task."""
        results = database["data"][self.kind]
        tasks = {
            task: [_best(result, task, metric) for result in results.values()]
            for task, metric in OFFICIAL_METRICS.items()
            if task in database["task_list"]
        }
        return self._table(list(results), OFFICIAL_METRICS, tasks, source)

    def _from_compact(self, content: Any, source: str) -> ColumnTable:
        if content["space"] != self.kind:
            held = reprlib.repr(content["space"])
            raise TableError(f"{source} holds the space {held}, not {self.kind!r}")
        tasks, metrics = content["tasks"], content["metric"]
        for task in tasks:
            if metrics[task] != OFFICIAL_METRICS[task]:
                raise ValueError(f"{task} has another metric than {OFFICIAL_METRICS[task]}")
        return self._table(content["arch_str"], OFFICIAL_METRICS, tasks, source)

    def _table(
        self,
        texts: list[str],
        metrics: Mapping[str, str],
        tasks: Mapping[str, Sequence[float | None]],
        source: str,
    ) -> ColumnTable:
        space = self.space()
        for row, text in enumerate(texts):
            try:
                space.parse(text)
            except ArchitectureError as error:
                raise TableError(f"{source}, architecture {row}: {error}") from None
        columns = {
            task: _checked(column, metrics[task], f"{source}, {task}")
            for task, column in tasks.items()
        }
        values: dict[Column, NDArray[np.float64]] = {
            (task, METRICS[metrics[task]]): column
            for task, column in columns.items()
            if not np.isnan(column).all()
        }
        return ColumnTable(
            name=self.name,
            label=self.label,
            space=self.name,
            source=source,
            texts=texts,
            values=values,
            published_datasets=tuple(OFFICIAL_METRICS),
        )


def _checked(column: Sequence[float | None], metric: str, where: str) -> NDArray[np.float64]:
    """Return a column as numbers, None as nan.

    Raises:
        TableError: A value is impossible for the metric.
    """
    values = np.array(
        [math.nan if one is None else stored_number(one, f"{where}, {metric}") for one in column]
    )
    low, high = _BOUNDS[metric]
    known = values[~np.isnan(values)]
    if len(known) and not low <= known.min() <= known.max() <= high:
        raise TableError(
            f"{where}: {metric} lies between {known.min():g} and {known.max():g}, expected {low} "
            f"to {high}"
        )
    return values


def _best(result: Mapping[str, Any], task: str, metric: str) -> float:
    """Return a metric's best value over the epochs, nan where the task was not trained."""
    if not isinstance(result, Mapping):
        raise TypeError(f"expected the results of tasks, got {reprlib.repr(result)}")
    epochs = result[task]["metrics"][metric] if task in result else ()
    values = [stored_number(value, f"{task}, {metric}") for value in epochs]
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def _best_of_api(api: TransNasApi, text: str, task: str, metric: str) -> float:
    """Return what the live object says, nan where the task was not trained."""
    try:
        return float(api.get_single_metric(arch=text, task=task, metric=metric, mode="best"))
    except KeyError as error:
        if error.args != (task,):
            raise
        return math.nan


def _plain(column: NDArray[np.float64]) -> list[float | None]:
    """Return a column as json holds it, None for nan."""
    return [None if np.isnan(value) else float(value) for value in column]
