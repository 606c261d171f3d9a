"""The AnalogNAS baseline: an accuracy of every NAS-Bench-201 cell, small enough for PyPI.

The package ``analog-nasbench`` (AnalogNAS-Bench, arXiv 2506.18495) carries CIFAR-10 accuracies of
all 15,625 cells on simulated analog hardware, and beside them the accuracy of the undisturbed
network, its "baseline": percent, full precision. These are the authors' own trainings, not
NAS-Bench-201's, and neither paper nor package says on which images the baseline was evaluated.
By its values it is a test accuracy after training on all of CIFAR-10 (0.3 points below
NAS-Bench-201's test accuracy on average, 3.1 above its validation accuracy), but what is not
stated is not claimed: the metric is called ``baseline_accuracy``.

The package cannot be imported on current Python (it needs ``pkg_resources``) and need not be: its
data file is found through the installed distribution and read with the allow-list unpickler.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from naslib_proxydata.errors import ArchitectureError, TableAbsentError, TableError
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201 import codes as nb201_codes
from naslib_proxydata.tables import nb201_columns
from naslib_proxydata.tables.columns import ColumnTable
from naslib_proxydata.unpickle import unpickle

LABEL: Final = "AnalogNAS baseline"
DISTRIBUTION: Final = "analog-nasbench"
DATASET: Final = "cifar10"
METRIC: Final = "baseline_accuracy"
_MODULE: Final = "analognasbench.data"
_FILE: Final = "analognasbench/data.anb"


def analog_installed() -> bool:
    """Return whether the package that carries the values is installed."""
    return _data_file() is not None


def read_analog(path: Path | None = None) -> ColumnTable:
    """Read the baseline accuracies, in the order of the file.

    Args:
        path: The package's data file; the installed one where None.

    Raises:
        TableAbsentError: The package is not installed.
        TableError: The file is damaged, hostile, or not of the known layout.
    """
    path = path or _data_file()
    if path is None:
        raise TableAbsentError(
            f"the package {DISTRIBUTION} is not installed: pip install 'naslib-proxydata[demo]'"
        )
    accuracies = _accuracies(path)
    values = np.array(list(accuracies.values()))
    return nb201_columns.table(list(accuracies), {(DATASET, METRIC): values}, str(path), LABEL)


def _accuracies(path: Path) -> dict[str, float]:
    """Return {official text: baseline accuracy in percent}."""
    # Made anew for each file, so that a hostile one cannot leave attributes on it.
    stand_in = type("Values", (), {"__slots__": ("__dict__",)})
    names = {(_MODULE, name): stand_in for name in ("Architecture", "DriftMeasurement")}
    try:
        with path.open("rb") as stream:
            content: dict[Any, Any] = unpickle(stream, str(path), names)
    except OSError as error:
        raise TableError(f"cannot read {path}: {error}") from error
    try:
        # The keys are NASLib's codes; read as official ones they would mean other cells.
        return {
            nb201_cell.text(nb201_codes.from_naslib_codes(key)): float(value.baseline_accuracy)
            for key, value in content.items()
        }
    except (ArchitectureError, AttributeError, TypeError, ValueError) as error:
        raise TableError(f"{path} is not of the layout of {DISTRIBUTION}: {error}") from error


def _data_file() -> Path | None:
    """Find the data file among the files of the installed distribution."""
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.as_posix() == _FILE)
    return next((path for path in found if path.is_file()), None)
