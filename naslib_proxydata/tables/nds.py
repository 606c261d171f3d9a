"""NDS tables: the released JSON files (arXiv 1905.13214).

A file is a list of networks, or in the ``_reruns`` files lists ``top`` and ``mid`` of one network
each, trained with many seeds. Only errors on the test set are given. Metrics, in percent:

================== ==============================================================
metric             source
================== ==============================================================
test_accuracy      100 - the last epoch's ``test_ep_top1``
best_test_accuracy 100 - ``min_test_top1``, the best epoch chosen on the test set
================== ==============================================================

The mean is taken over the records of a network that occurs more than once. A record that cannot
be read is left out, with a warning that names file and record; see ``NdsTable.problems``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.errors import TableAbsentError, TableError, printable
from naslib_proxydata.spaces.nds import spaces as nds
from naslib_proxydata.tables.columns import ColumnTable
from naslib_proxydata.tables.finding import first_of
from naslib_proxydata.tables.json_file import read_json
from naslib_proxydata.tables.layout import reason
from naslib_proxydata.tables.stored_number import stored_number
from naslib_proxydata.tables.writing import JSON_GZ, check_target, write_json_gz

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOW_TO_GET: Final = "unpack data.zip of NDS (github.com/facebookresearch/nds)"
METRICS: Final = ("test_accuracy", "best_test_accuracy")
COUNTS: Final = ("params", "flops")
KEPT: Final = ("net", "params", "flops", "min_test_top1", "test_ep_top1", "optim", "rng_seed")

logger = logging.getLogger(__name__)


class NdsTable(ColumnTable):
    """One released file.

    Attributes:
        params: The published parameters, shape (len(self),), nan where the file has none.
        flops: The published ``flops``, shape (len(self),), nan where the file has none.
        trainings: Number of records of each network, shape (len(self),).
        problems: The records left out, one line each.
    """

    params: NDArray[np.float64]
    flops: NDArray[np.float64]
    trainings: NDArray[np.int64]
    problems: tuple[str, ...]


def load(name: str, root: Path | None) -> NdsTable:
    """Open a benchmark's file in a folder or its subfolder ``nds``, gzipped or not.

    Raises:
        TableAbsentError: It is not there.
        TableError: It is damaged as a whole, or lies in both folders.
    """
    file = nds.tables()[name].file
    if root is not None:
        homes = (root, root / "nds")
        ranks = ([home / f"{file}{end}" for home in homes] for end in (".json", ".json.gz"))
        found = first_of(*ranks)
        if found is not None:
            return read(name, found)
    raise TableAbsentError(
        f"no {file}.json nor {file}.json.gz in {root or 'an unset data folder'} or its folder "
        f"'nds'. {HOW_TO_GET}"
    )


def read(name: str, path: Path) -> NdsTable:
    """Read a file.

    Raises:
        TableError: It is damaged as a whole, or no record can be read.
    """
    space: Any = nds.make_space(nds.tables()[name].space)
    problems = []
    rows: dict[str, list[list[float]]] = {}
    for place, record in _records(path):
        try:
            text = space.text(space.from_record(record["net"]))
            numbers = _numbers(record)
        except Exception as error:  # a record of anybody's can fail in nearly every way
            problems.append(f"{path}: record {place}: {reason(error)}")
        else:
            rows.setdefault(text, []).append(numbers)
    for problem in problems:
        logger.warning("%s; left out", problem)
    if not rows:
        raise TableError(f"{path}: no record can be read. {' '.join(problems[:1])}")
    means = np.array([np.mean(found, axis=0) for found in rows.values()])
    imagenet = nds.tables()[name].space.endswith("-in")
    dataset = "imagenet" if imagenet else "cifar10"
    table = NdsTable(
        name=name,
        label=f"NDS {nds.tables()[name].file}",
        space=nds.tables()[name].space,
        source=str(path),
        texts=list(rows),
        values={(dataset, metric): 100.0 - means[:, i] for i, metric in enumerate(METRICS)},
    )
    table.params, table.flops = means[:, 2], means[:, 3]
    table.trainings = np.array([len(found) for found in rows.values()])
    table.problems = tuple(problems)
    return table


def convert(source: Path, target: Path) -> None:
    """Write a smaller file of the same layout: the last epoch of each record, gzipped.

    Raises:
        TableError: The source is damaged, the target cannot be written, or its name is that of
            another of the released files.
    """
    _check_names(source, target)
    check_target(target, JSON_GZ)
    kept = []
    for place, record in _records(source):
        try:
            small = {key: record[key] for key in KEPT if key in record}
            kept.append({**small, "test_ep_top1": record["test_ep_top1"][-1:]})
        except Exception as error:
            raise TableError(f"{source}: record {place}: {reason(error)}") from error
    write_json_gz(target, kept)


def _check_names(source: Path, target: Path) -> None:
    """Refuse to give one released file the name of another, as which it would be read."""
    released = {table.file for table in nds.tables().values()}
    given, wanted = (path.name.partition(".json")[0] for path in (source, target))
    if given != wanted and {given, wanted} <= released:
        raise TableError(
            f"{source} is {given} of NDS and would be read as {wanted} under the name of {target}; "
            f"write {given}.json.gz"
        )


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (what errors call it, record)."""
    content = read_json(path, HOW_TO_GET)
    groups = content if isinstance(content, dict) else {"": content}
    for group, records in groups.items():
        name = printable(group)[:80]
        if not isinstance(records, list):
            raise TableError(f"{path}: expected a list of networks, got {type(records).__name__}")
        for number, record in enumerate(records):
            yield f"{name}[{number}]" if group else str(number), record


def _numbers(record: Any) -> list[float]:
    """Return last error, least error, params and flops of a record."""
    errors = record["test_ep_top1"]
    if not isinstance(errors, list):
        raise ValueError(f"test_ep_top1: expected a list, got the {type(errors).__name__}")
    last = stored_number(errors[-1], "test_ep_top1")
    least = stored_number(record["min_test_top1"], "min_test_top1")
    for error in (last, least):
        if not math.isnan(error) and not 0.0 <= error <= 100.0:
            raise ValueError(f"an error of {error} percent")
    counts = [
        math.nan if record[key] is None else stored_number(record[key], key) for key in COUNTS
    ]
    for key, count in zip(COUNTS, counts, strict=True):
        if not math.isnan(count) and not 0 < count < math.inf:
            raise ValueError(f"{key} of {count}")
    return [last, least, *counts]


TABLES: Final = SimpleNamespace(
    **{name.removeprefix("nds-").replace("-", "_"): partial(load, name) for name in nds.tables()}
)
"""The openers of the tables as attributes, ``nds-darts-in`` being ``TABLES.darts_in``."""
