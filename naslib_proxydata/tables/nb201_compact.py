"""The compact form of NAS-Bench-201: one ``.npz`` without pickles.

``arch_str`` S95 (n,), the official texts; ``op_codes`` uint8 (n, 6) and ``op_names``, the same
again as official codes; float64 (n,) columns named in :mod:`nb201_columns`, any subset; and, where
the source has them, what each of t trainings gave, float64 (n, t) under the name and ``_trials``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.errors import ArchitectureError, TableError
from naslib_proxydata.numpy_files import read_npz
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201 import codes as nb201_codes
from naslib_proxydata.tables import nb201_columns
from naslib_proxydata.tables.columns import mean_of_trials
from naslib_proxydata.tables.nb201_columns import COMPACT_NAMES
from naslib_proxydata.tables.writing import write_npz

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.tables.base import BenchmarkTable
    from naslib_proxydata.tables.columns import ColumnTable

TRIALS: Final = "_trials"
_AGAIN: Final = "write it again with 'naslib-proxydata convert nb201 SOURCE TARGET'"


def read_compact(path: Path) -> ColumnTable:
    """Read a compact file.

    Raises:
        TableError: The file is damaged, lacks its texts, holds texts that are no cells or are
            not in line with the codes beside them, or columns that do not fit.
    """
    columns_of_trials = (f"{name}{TRIALS}" for name in COMPACT_NAMES)
    wanted = {"arch_str", "op_codes", *COMPACT_NAMES, *columns_of_trials}  # others are left alone
    arrays = read_npz(path, TableError, _AGAIN, wanted)
    texts = arrays.pop("arch_str", None)
    if texts is None or texts.ndim != 1 or texts.dtype.kind != "S":
        raise TableError(f"{path} lacks the array 'arch_str' of texts, bytes of shape (n,)")
    _check_texts(texts, arrays.pop("op_codes", None), path)
    columns = {}
    for name, column in COMPACT_NAMES.items():
        if name not in arrays:
            continue
        if arrays[name].dtype.kind != "f" or arrays[name].ndim != 1:
            raise TableError(
                f"{path}: {name!r} is of type {arrays[name].dtype} and shape "
                f"{arrays[name].shape}, expected float64 of shape ({len(texts)},)"
            )
        trials = arrays.get(f"{name}{TRIALS}")
        _check_trials(arrays[name], trials, name, path)
        columns[column] = (arrays[name] if trials is None else trials).astype(
            np.float64, copy=False
        )
    return nb201_columns.table(texts, columns, str(path))


def write_compact(table: BenchmarkTable, target: Path) -> None:
    """Write a table's NAS-Bench-201 columns; the file appears whole or not at all.

    Raises:
        TableError: The target has another suffix or cannot be written.
    """
    cells = [nb201_cell.parse(text) for text in table.architectures()]
    arrays: dict[str, NDArray[Any]] = {
        "arch_str": np.array([nb201_cell.text(cell).encode() for cell in cells]),
        "op_codes": np.array([nb201_codes.to_official_codes(cell) for cell in cells], np.uint8),
        "op_names": np.array([name.encode() for name in nb201_cell.OPERATIONS]),
    }
    held = table.columns()
    for name, (dataset, metric) in COMPACT_NAMES.items():
        if metric in held.get(dataset, ()):
            arrays[name] = table.values(dataset, metric)
            trials = table.trials(dataset, metric)
            if trials is not None:
                arrays[f"{name}{TRIALS}"] = trials
    write_npz(target, arrays)


def _check_trials(values: NDArray[Any], trials: NDArray[Any] | None, name: str, path: Path) -> None:
    """Refuse trainings that are not those of the column beside them."""
    if trials is None:
        return
    right = trials.dtype.kind == "f" and trials.ndim == 2 and len(trials) == len(values)
    if not right or not np.allclose(mean_of_trials(trials), values, equal_nan=True):
        raise TableError(
            f"{path}: {name + TRIALS!r} must hold the trainings whose means are {name!r}, float64 "
            f"of shape ({len(values)}, t), got {trials.dtype} of shape {trials.shape}"
        )


def _check_texts(texts: NDArray[Any], codes: NDArray[Any] | None, path: Path) -> None:
    """Refuse texts that are no cells, occur twice, or contradict the codes beside them."""
    try:
        cells = [nb201_cell.parse(text.decode()) for text in texts]
    except (ArchitectureError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {error}") from error
    if len(set(cells)) != len(cells):
        raise TableError(f"{path}: 'arch_str' holds a cell twice")
    if codes is None:
        return
    expected = np.array([nb201_codes.to_official_codes(cell) for cell in cells])
    if codes.shape != expected.shape or codes.dtype.kind not in "iu":
        raise TableError(
            f"{path}: 'op_codes' is {codes.dtype} of shape {codes.shape}, expected integers of "
            f"shape {expected.shape} for the "
            f"{len(cells):,} texts of 'arch_str'"
        )
    wrong = np.flatnonzero((codes != expected).any(axis=1))
    if len(wrong):
        row = int(wrong[0])
        raise TableError(
            f"{path}: 'op_codes' and 'arch_str' are different cells in {len(wrong):,} rows; row "
            f"{row} has codes {codes[row].tolist()}, and {texts[row].decode()} has "
            f"{expected[row].tolist()}"
        )
