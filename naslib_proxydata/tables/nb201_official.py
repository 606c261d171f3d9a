"""The official files of NAS-Bench-201, read record by record into columns.

Two releases hold the same measurements:

- NATS-Bench-tss (arXiv 2009.00437): a folder with ``meta.pickle.pbz2`` and one
  ``NNNNNN.pickle.pbz2`` per cell, a bz2 of a pickled ``{"12": record, "200": record}``; or one
  file ``NATS-tss-*.pickle.pbz2`` with all of them under ``arch2infos[index]``. The archive called
  "full" has the weights of all networks besides, which no such reader loads;
- NAS-Bench-201 v1.1 (arXiv 2001.00326): one ``.pth`` written by ``torch.save``, holding
  ``{"meta_archs": texts, "arch2infos": {index: {"less": record, "full": record}}, ...}`` where
  "less" is the training of 12 epochs and "full" that of 200.

A record holds ``all_results[dataset, seed]["eval_acc1es"]["x-valid@199"]``, accuracies in percent
of every epoch, and ``dataset_seed[dataset]``; the last epoch is kept, averaged over the seeds.
"""

from __future__ import annotations

import bz2
import logging
import os
import reprlib  # a pickle's value may hold itself many times over
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import TableError
from naslib_proxydata.opening import open_file
from naslib_proxydata.packed import unpacked_whole
from naslib_proxydata.tables import nb201_columns
from naslib_proxydata.tables.columns import ColumnTable, padded_trials
from naslib_proxydata.tables.layout import layout_of
from naslib_proxydata.tables.nb201_columns import (
    LABEL,
    MEASUREMENTS,
    SIMPLE,
    Measurement,
    check_cells,
    percent,
)
from naslib_proxydata.tables.torch_file import open_torch_pickle
from naslib_proxydata.unpickle import PLAIN, unpickle

logger = logging.getLogger(__name__)

META: Final = "meta.pickle.pbz2"
_PTH_EPOCHS: Final = {"less": 12, "full": 200}
_NATS_EPOCHS: Final = {"12": 12, "200": 200}
_AGAIN: Final = "get the file again from its official place"

Records = Mapping[int, Mapping[str, Any]]
"""The records of one cell: ``{epochs: record}``."""


def read_nats_folder(folder: Path) -> ColumnTable:
    """Read a NATS-Bench-tss folder one cell at a time, in a few minutes for all of them.

    Cells without a file are nan, and counted in a warning.

    Raises:
        TableError: A file is damaged or hostile, or the folder holds no cell at all.
    """
    content = _unpickle_bz2(folder / META)
    with layout_of(LABEL, folder / META):
        texts = content["meta_archs"]
        check_cells(texts, str(folder))
    logger.info("reading %d cells from %s; converting once saves this", len(texts), folder)
    return _table(texts, _nats_records(folder, len(texts)), str(folder))


def read_pth(path: Path) -> ColumnTable:
    """Read the ``.pth`` of NAS-Bench-201 v1.1.

    The file is one pickle of several GB, so this needs as much memory as the official package
    does; convert it once.

    Raises:
        TableError: The file is damaged, hostile, or not of this layout.
    """
    with open_torch_pickle(path) as stream:
        content = unpickle(stream, str(path), _Plain(path))
    return _whole(content, _PTH_EPOCHS, path)


def read_nats_file(path: Path) -> ColumnTable:
    """Read ``NATS-tss-v1_0-3ffb9.pickle.pbz2``, which holds what the folder holds.

    It needs as much memory as the official package does; convert it once.

    Raises:
        TableError: The file is damaged, hostile, or not of this layout.
    """
    return _whole(_unpickle_bz2(path), _NATS_EPOCHS, path)


def _whole(content: Any, epochs: Mapping[str, int], path: Path) -> ColumnTable:
    """Make the table of a file that holds all cells; ``epochs`` are the lengths by their key."""
    with layout_of(LABEL, path):
        texts, infos = content["meta_archs"], content["arch2infos"]
        check_cells(texts, str(path))
        indices = sorted(infos)
        if not set(indices) <= set(range(len(texts))):
            raise ValueError(f"it has records of other cells than those {len(texts):,} it lists")

    def records() -> Iterator[tuple[int, Records]]:
        for index in indices:
            with layout_of(LABEL, path):
                # Popping frees each cell's histories as soon as its last epochs are taken.
                of_cell = {epochs[key]: record for key, record in infos.pop(index).items()}
            yield index, of_cell

    return _table(texts, records(), str(path))


def trial_accuracies(records: Records, measurement: Measurement, where: str) -> list[float]:
    """Return the last epoch's accuracy in percent of each seed; none where nothing was trained.

    Args:
        records: The records of one cell.
        measurement: What is asked for.
        where: What errors call the cell.

    Raises:
        TableError: A trial is of another length or occurs twice, or its accuracy is no percentage.
    """
    record = records.get(measurement.epochs)
    if record is None:
        return []
    seeds = record["dataset_seed"].get(measurement.trained_on, ())
    if len(set(seeds)) != len(seeds):
        raise TableError(
            f"{where}, {measurement.trained_on}: a seed occurs twice in {reprlib.repr(seeds)}"
        )
    trials = [record["all_results"][measurement.trained_on, seed] for seed in seeds]
    return [_last_accuracy(trial, measurement, where) for trial in trials]


def _last_accuracy(trial: Mapping[str, Any], measurement: Measurement, where: str) -> float:
    """Return the last epoch's accuracy of one seed."""
    place = f"{where}, {measurement.trained_on}, {measurement.evaluated_on}"
    if trial["epochs"] != measurement.epochs:
        raise TableError(
            f"{place}: a trial of {reprlib.repr(trial['epochs'])} epochs among those of "
            f"{measurement.epochs}"
        )
    key = f"{measurement.evaluated_on}@{measurement.epochs - 1}"
    return percent(trial["eval_acc1es"][key], place)


def _table(texts: list[str], records: Iterable[tuple[int, Records]], source: str) -> ColumnTable:
    trials: list[list[list[float]]] = [[[] for _ in texts] for _ in MEASUREMENTS]
    found = 0
    for index, of_cell in records:
        where = f"{source}, cell {index}"
        with layout_of(LABEL, where):
            _check_text(texts[index], of_cell, index)
            for one, cells in zip(MEASUREMENTS, trials, strict=True):
                cells[index] = trial_accuracies(of_cell, one, where)
        found += 1
        if found % 1000 == 0:
            logger.info("%s: %d of %d cells read", source, found, len(texts))
    if not found:
        raise TableError(f"{source} holds the record of no cell")
    if found < len(texts):
        logger.warning("%s holds %d of %d cells; the others are nan", source, found, len(texts))
    columns = {
        one.column: padded_trials(cells)
        for one, cells in zip(MEASUREMENTS, trials, strict=True)
        if any(cells)
    }
    return nb201_columns.table(texts, columns, source)


def _check_text(text: str, records: Records, index: int) -> None:
    """Refuse a record that is of another cell than the list of cells says."""
    for record in records.values():
        if record["arch_str"] != text:
            other = reprlib.repr(record["arch_str"])
            raise TableError(f"cell {index} is {text} in the list and {other} in its record")


def _nats_records(folder: Path, cells: int) -> Iterator[tuple[int, Records]]:
    for index in range(cells):
        path = folder / f"{index:06d}.pickle.pbz2"
        if os.path.isfile(path):
            read = _unpickle_bz2(path)
            with layout_of(LABEL, path):
                records = {_NATS_EPOCHS[str(key)]: record for key, record in read.items()}
            yield index, records


class _Plain(dict[tuple[str, str], Any]):
    """What the records may name, and an error of its own for the weights of the full archive."""

    def __init__(self, source: Path) -> None:
        super().__init__(PLAIN)
        self.source = source

    def __missing__(self, name: tuple[str, str]) -> Any:
        """Refuse a tensor by saying where it comes from."""
        if name[0].partition(".")[0] != "torch":
            raise KeyError(name)
        raise TableError(
            f"{self.source} holds trained weights ({'.'.join(name)}), as the full archive does. "
            f"Take the one without weights, {SIMPLE}.tar of github.com/D-X-Y/NATS-Bench"
        )


def _unpickle_bz2(path: Path) -> Any:
    with open_file(path, TableError, _AGAIN) as file, boundary(path, TableError, _AGAIN):
        packed = os.fstat(file.fileno()).st_size
        with bz2.BZ2File(file) as stream, unpacked_whole(stream, packed) as whole:
            return unpickle(whole, str(path), _Plain(path))
