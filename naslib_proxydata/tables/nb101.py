"""NAS-Bench-101 (arXiv 1902.09635): 423,624 cells on CIFAR-10, official files or compact."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import ArchitectureError, TableAbsentError, TableError, shown
from naslib_proxydata.numpy_files import read_npz
from naslib_proxydata.spaces.nb101.cell import MAX_VERTICES, graph_hash, parse_cell
from naslib_proxydata.tables.columns import Column, ColumnTable
from naslib_proxydata.tables.finding import first_of
from naslib_proxydata.tables.nb101_arrays import check_arrays
from naslib_proxydata.tables.nb101_records import gather, runs_of_api, runs_of_file
from naslib_proxydata.tables.nb101_run import METRICS
from naslib_proxydata.tables.writing import NPZ, check_target, write_npz

COMPACT = "nb101.npz"
OFFICIAL = ("nasbench_full.tfrecord", "nasbench_only108.tfrecord")
"""The richer one first: it has the trainings of 4, 12 and 36 epochs besides."""
PUBLISHED = 423_624
"""Cells of the official files."""
AGAIN = "write it again with 'naslib-proxydata convert nb101 SOURCE TARGET'"
DATASET = "cifar10"
TEXT_LENGTH = MAX_VERTICES * (MAX_VERTICES - 1) // 2 + 1 + MAX_VERTICES - 2

logger = logging.getLogger(__name__)


class NasBench101Table(ColumnTable):
    """Accuracies by training budget; ``validation_accuracy`` is that of the longest one.

    Shorter budgets are ``validation_accuracy_36_epochs`` and so on. Cells are found by their
    text, by the text of an isomorphic cell, or by their official hash.

    Args:
        arrays: The compact layout, described in the documentation of the benchmark.
        source: Where they were read from.

    Raises:
        TableError: The arrays are not of this layout, or hold impossible values.

    Attributes:
        hashes: The official hashes, shape (len(self),), bytes.
        params: The published ``trainable_parameters``, shape (len(self),).
    """

    def __init__(self, arrays: dict[str, NDArray[Any]], source: str) -> None:
        check_arrays(arrays, source)
        present = [metric for metric in METRICS if metric in arrays]
        self.hashes = arrays["module_hash"]
        self.params = arrays["trainable_parameters"].astype(np.int64)
        epochs = arrays["epochs"].tolist()
        values: dict[Column, NDArray[np.float64]] = {}
        for metric in present:
            for column, budget in reversed(list(enumerate(epochs))):
                name = metric if budget == epochs[-1] else f"{metric}_{budget}_epochs"
                values[DATASET, name] = 100.0 * arrays[metric][:, column].astype(np.float64)
        super().__init__(
            name="nb101",
            label="NAS-Bench-101",
            space="nb101",
            source=source,
            texts=cell_texts(arrays["num_vertices"], arrays["adjacency"], arrays["ops"]),
            values=values,
        )
        self._columns = super().columns()

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the metrics held, made once: every query asks."""
        return self._columns

    def position(self, architecture: str) -> int:
        """Return the row of a cell's text, of an isomorphic cell's text, or of an official hash.

        Raises:
            TableError: The table has no such cell.
        """
        row = self._rows.get(architecture)
        if row is not None:
            return row
        key = architecture
        if ":" in architecture:
            try:
                key = graph_hash(parse_cell(architecture))
            except ArchitectureError as error:
                raise TableError(f"{self.label}: {error}") from None
        row = self._rows_by_hash.get(key.encode(errors="replace"))
        if row is None:
            raise TableError(
                f"{self.label} ({self.source}) has no cell {shown(architecture)} (hash "
                f"{shown(key)}); it holds {len(self):,} of the {PUBLISHED:,}"
            )
        return row

    @cached_property
    def _rows_by_hash(self) -> dict[bytes, int]:
        return {key: row for row, key in enumerate(self.hashes.tolist())}


def cell_texts(
    vertices: NDArray[np.uint8], adjacency: NDArray[np.uint8], ops: NDArray[np.int8]
) -> NDArray[np.bytes_]:
    """Return the text of each cell as the space writes it, as bytes, shape (n,).

    Args:
        vertices: Number of vertices, shape (n,).
        adjacency: Matrices, shape (n, 7, 7), of which the leading part counts.
        ops: Operation codes, input and output included, shape (n, 7).
    """
    letters = np.zeros((len(vertices), TEXT_LENGTH), dtype=np.uint8)
    for size in np.unique(vertices).tolist():
        rows = np.flatnonzero(vertices == size)
        sources, targets = np.triu_indices(size, k=1)
        edges = len(sources)
        letters[rows, :edges] = adjacency[rows][:, sources, targets] + ord("0")
        letters[rows, edges] = ord(":")
        letters[rows, edges + 1 : edges + size - 1] = ops[rows, 1 : size - 1] + ord("0")
    return letters.view(f"S{TEXT_LENGTH}")[:, 0]


def load(root: Path | None) -> NasBench101Table:
    """Open the compact table of a folder, or failing that the richest official file.

    Raises:
        TableAbsentError: The folder has neither.
        TableError: The file is damaged.
    """
    names = (COMPACT, *OFFICIAL)
    found = first_of(*([root / name] for name in names)) if root is not None else None
    if found is not None and found.name == COMPACT:
        return read_compact(found)
    if found is not None:
        logger.info("reading %s takes minutes; convert it once instead", found)
        return NasBench101Table(_arrays_of_file(found), str(found))
    raise TableAbsentError(
        f"no NAS-Bench-101 in {root or 'an unset data folder'}: expected {COMPACT}, or one of "
        f"{', '.join(OFFICIAL)} from github.com/google-research/nasbench"
    )


def read_compact(path: Path) -> NasBench101Table:
    """Read the compact table.

    Raises:
        TableError: The file is not one.
    """
    arrays = read_npz(path, TableError, AGAIN)
    return NasBench101Table(arrays, str(path))


def from_api(api: Any) -> NasBench101Table:
    """Read a live ``nasbench.api.NASBench`` object, or a fork's with the same methods.

    Raises:
        TableError: It holds no cells, or other ones.
    """
    source = f"{type(api).__module__}.{type(api).__qualname__} object"
    return NasBench101Table(gather(runs_of_api(api), source), source)


def convert(source: Path, target: Path, *, skip_damaged: bool = False) -> list[str]:
    """Write the compact table of an official file.

    Args:
        source: ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord``.
        target: The ``.npz`` file to write.
        skip_damaged: Leave damaged records out instead of stopping at them.

    Returns:
        What was left out, one line each.

    Raises:
        TableError: The source is damaged, or not such a file.
    """
    check_target(target, NPZ)
    damaged: list[str] = []
    write_npz(target, _arrays_of_file(source, damaged if skip_damaged else None))
    return damaged


def _arrays_of_file(path: Path, damaged: list[str] | None = None) -> dict[str, NDArray[Any]]:
    """Return the arrays of an official file; the log says where it holds fewer cells than it did.

    A file that was cut off between two records is whole to its checksums.
    """
    arrays = gather(runs_of_file(path, damaged), str(path))
    check_arrays(arrays, str(path))
    held = len(arrays["module_hash"])
    if held != PUBLISHED:
        logger.warning("%s holds %d of the %d published cells", path, held, PUBLISHED)
    return arrays
