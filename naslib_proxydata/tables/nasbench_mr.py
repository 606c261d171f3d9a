"""NAS-Bench-MR tables (arXiv 2103.13253): 2,507 networks on up to nine settings.

Official files are one ``trainval.pkl`` for each setting (github.com/dingmyu/NCP), a pickled list
of networks with their metrics; Eproxy's release has one ``SETTING.json`` each, a list of pairs of
network and main metric. Metrics, all in percent, higher is better: ``top1``, ``top5`` and
``mIoU``, ``mAcc``, ``aAcc`` are called ``validation_accuracy``, ``validation_top5_accuracy``,
``validation_miou``, ``validation_class_accuracy``, ``validation_pixel_accuracy``.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.errors import TableAbsentError, TableError, shown
from naslib_proxydata.opening import open_file
from naslib_proxydata.spaces.nasbench_mr.space import NasBenchMr
from naslib_proxydata.tables.columns import Column, ColumnTable
from naslib_proxydata.tables.finding import first_of
from naslib_proxydata.tables.json_file import AGAIN, read_json
from naslib_proxydata.tables.layout import layout_of, reason
from naslib_proxydata.tables.stored_number import stored_number
from naslib_proxydata.tables.writing import JSON_GZ, check_target, write_json_gz
from naslib_proxydata.unpickle import unpickle

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMPACT: Final = "nasbench_mr.json.gz"
OFFICIAL: Final = "trainval.pkl"
SETTINGS: Final = {
    "cls-50-1000": "top1",
    "cls-50-100": "top1",
    "cls-10-1000": "top1",
    "cls-10c": "top1",
    "seg": "mIoU",
    "seg-4x": "mIoU",
    "3ddet": "AP",
    "video": "top1",
    "video-p": "top1",
}
"""The nine settings and the main metric of each."""
METRICS: Final = {
    "top1": "validation_accuracy",
    "top5": "validation_top5_accuracy",
    "mIoU": "validation_miou",
    "mAcc": "validation_class_accuracy",
    "aAcc": "validation_pixel_accuracy",
    "AP": "validation_ap",
}
COUNTS: Final = ("params", "flops")
HOW_TO_GET: Final = f"take the folder data/ of github.com/dingmyu/NCP, with SETTING/{OFFICIAL}"

logger = logging.getLogger(__name__)


class NasBenchMrTable(ColumnTable):
    """The networks of one or more settings.

    Attributes:
        published: ``params`` (millions) and ``flops`` (billions) as the source gives them, shape
            (len(self),) each, nan where it does not.
        problems: The records left out, one line each.
    """

    published: Mapping[str, NDArray[np.float64]]
    problems: tuple[str, ...]


def load(root: Path | None) -> NasBenchMrTable:
    """Open the compact table of a folder, or failing that the official or json files.

    Raises:
        TableAbsentError: The folder has none of them.
        TableError: A file is damaged.
    """
    if root is not None:
        found = _files(root)
        if os.path.isfile(root / COMPACT):
            return read_compact(first_of([root / COMPACT], found.values()) or root / COMPACT)
        if found:
            return read_settings(found, str(root))
    raise TableAbsentError(
        f"no NAS-Bench-MR in {root or 'an unset data folder'}: expected {COMPACT}, "
        f"SETTING/{OFFICIAL} or SETTING.json. {HOW_TO_GET}"
    )


def read_compact(path: Path) -> NasBenchMrTable:
    """Read the compact table.

    Raises:
        TableError: The file is damaged as a whole, or no network can be read.
    """
    content = read_json(path)
    with layout_of("compact NAS-Bench-MR", path):
        records = [{**one, "metrics": {}} for one in content["archs"]]
        for setting, metrics in content["metrics"].items():
            for metric, values in metrics.items():
                if not isinstance(values, list) or metric not in METRICS:
                    raise ValueError(f"metric {shown(metric)}: expected a list of one of METRICS")
                for record, value in zip(records, values, strict=True):
                    record["metrics"][setting, metric] = value
    return _table(((str(path), place, one) for place, one in enumerate(records)), str(path))


def read_settings(files: Mapping[str, Path], source: str) -> NasBenchMrTable:
    """Read one file for each setting, matching networks whose order may differ.

    Args:
        files: The files by the name of their setting.
        source: What reports call them.

    Raises:
        TableError: A file is damaged as a whole, or no network can be read.
    """
    return _table(_records(files), source)


def convert(source: Path, target: Path) -> None:
    """Write the compact table of a folder of official or json files.

    Raises:
        TableError: A file is damaged, or the target cannot be written.
    """
    check_target(target, JSON_GZ)
    files = _files(source) if os.path.isdir(source) else {}
    if not files:
        raise TableError(f"{source} has no SETTING/{OFFICIAL} nor SETTING.json. {HOW_TO_GET}")
    table = read_settings(files, str(source))
    space = NasBenchMr()
    networks = [space.parse(text) for text in table.architectures()]
    official = {ours: theirs for theirs, ours in METRICS.items()}
    archs = [
        {
            "input_channel": list(net.stem),
            "inverted_residual_setting": [
                [len(one.units), list(one.units), list(one.channels)] for one in net.modules()
            ],
            "last_channel": net.last,
            "embedding": list(net.code()),
            **{key: _plain(values[row]) for key, values in table.published.items()},
        }
        for row, net in enumerate(networks)
    ]
    metrics = {
        setting: {
            official.get(name, name): [_plain(one) for one in table.values(setting, name)]
            for name in names
        }
        for setting, names in table.columns().items()
    }
    main = {setting: SETTINGS[setting] for setting in metrics}
    write_json_gz(target, {"archs": archs, "metrics": metrics, "main_metric": main})


def _files(root: Path) -> dict[str, Path]:
    """Return the settings' files under a folder."""
    # The official file first: it holds all metrics, the json only the main one.
    found = {
        setting: first_of([root / setting / OFFICIAL], [root / f"{setting}.json"])
        for setting in SETTINGS
    }
    return {setting: path for setting, path in found.items() if path is not None}


def _records(files: Mapping[str, Path]) -> Iterator[tuple[str, int, Any]]:
    """Yield (file, place in it, record) of each network of each setting."""
    for setting, path in files.items():
        content = read_json(path) if path.suffix == ".json" else _pickle(path)
        if not isinstance(content, list):
            raise TableError(f"{path}: expected a list of networks, got {type(content).__name__}")
        for place, one in enumerate(content):
            if isinstance(one, list) and len(one) == 2 and isinstance(one[0], dict):
                one = {**one[0], SETTINGS[setting]: one[1]}
            if isinstance(one, dict):
                one = {
                    **one,
                    "metrics": {(setting, key): one[key] for key in METRICS if key in one},
                }
            yield str(path), place, one


def _table(records: Iterator[tuple[str, int, Any]], source: str) -> NasBenchMrTable:
    space = NasBenchMr()
    rows: dict[str, dict[Column, float]] = {}
    published: dict[str, dict[str, float]] = {}
    problems = []
    for path, place, record in records:
        try:
            net = space.from_record(record)
            if "embedding" in record and tuple(record["embedding"]) != net.code():
                raise ValueError("embedding and inverted_residual_setting are different networks")
            text = space.text(net)
            values = {
                (setting, METRICS.get(metric, metric)): _percent(value, f"{setting} {metric}")
                for (setting, metric), value in record["metrics"].items()
            }
            kept = {key: _count(record[key], key) for key in COUNTS if key in record}
            twice = sorted(set(values) & set(rows.get(text, {})))
            if twice:
                raise ValueError(f"an earlier record is of the same network, {twice[0][0]}")
        except Exception as error:  # a record of anybody's can fail in nearly every way
            problems.append(f"{path}: record {place}: {reason(error)}")
        else:
            rows.setdefault(text, {}).update(values)
            published.setdefault(text, {}).update(kept)
    for problem in problems:
        logger.warning("%s; left out", problem)
    if not rows:
        raise TableError(f"{source}: no network can be read. {' '.join(problems[:1])}")
    columns = {
        column: np.array([values.get(column, np.nan) for values in rows.values()])
        for column in dict.fromkeys(column for values in rows.values() for column in values)
    }
    table = NasBenchMrTable(
        name="nasbench-mr",
        label="NAS-Bench-MR",
        space="nasbench-mr",
        source=source,
        texts=list(rows),
        values={column: array for column, array in columns.items() if not np.isnan(array).all()},
        published_datasets=tuple(SETTINGS),
    )
    table.published = {
        key: np.array([one.get(key, math.nan) for one in published.values()]) for key in COUNTS
    }
    table.problems = tuple(problems)
    return table


def _percent(value: Any, where: str) -> float:
    """Return a metric, nan for None."""
    number = math.nan if value is None else stored_number(value, where)
    if not math.isnan(number) and not 0 <= number <= 100:
        raise ValueError(f"{where} is in percent, got {number}")
    return number


def _count(value: Any, name: str) -> float:
    """Return what the source says of a network's size, nan for None and 0."""
    number = math.nan if value is None else stored_number(value, name) or math.nan
    if not math.isnan(number) and not 0 < number < math.inf:
        raise ValueError(f"{name} of {number}")
    return number


def _pickle(path: Path) -> Any:
    with open_file(path, TableError, AGAIN) as stream:
        return unpickle(stream, str(path))


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
