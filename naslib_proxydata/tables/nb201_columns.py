"""What NAS-Bench-201 measured, and what each column is called in each form of the table.

Percent, mean over the available trials (arXiv 2001.00326, section 2.4):

========== =================== =============================================================
dataset    metric              official names: trained on, evaluated on
========== =================== =============================================================
cifar10    validation_accuracy ``cifar10-valid`` (half of the training images), ``x-valid``
cifar10    test_accuracy       ``cifar10`` (all training images), ``ori-test``
cifar100   validation_accuracy ``cifar100``, ``x-valid``
cifar100   test_accuracy       ``cifar100``, ``x-test``
imagenet16 validation_accuracy ``ImageNet16-120``, ``x-valid``
imagenet16 test_accuracy       ``ImageNet16-120``, ``x-test``
========== =================== =============================================================

each after a training of 200 epochs, and again, with ``_12_epochs``, after one of 12. A network
trained on ``cifar10-valid`` was also evaluated on ``ori-test``; that value is not kept, since
``test_accuracy`` would then mean two things.
"""

from __future__ import annotations

import re
import reprlib  # a pickle's value may hold itself many times over
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.errors import ArchitectureError, TableError, shown
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.tables.columns import Column, ColumnTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIMPLE: Final = "NATS-tss-v1_0-3ffb9-simple"
"""Name of the official folder of the topology space, without trained weights."""
_SIZES: Final = re.compile(r"\d+(:\d+)+")
"""A network of NATS-Bench's size space: the channels of its stages."""
DATASETS: Final = ("cifar10", "cifar100", "imagenet16")
NAME: Final = "nb201"
LABEL: Final = "NAS-Bench-201"


@dataclass(frozen=True)
class Measurement:
    """One column.

    Attributes:
        column: Our dataset and metric.
        trained_on: The official name of the training split.
        evaluated_on: The official name of the evaluation split.
        epochs: Length of the training.
        compact: Name of the array in the compact file.
    """

    column: Column
    trained_on: str
    evaluated_on: str
    epochs: int
    compact: str


_SPLITS: Final = (
    ("cifar10", "valid", "cifar10-valid", "x-valid"),
    ("cifar10", "test", "cifar10", "ori-test"),
    ("cifar100", "valid", "cifar100", "x-valid"),
    ("cifar100", "test", "cifar100", "x-test"),
    ("imagenet16", "valid", "ImageNet16-120", "x-valid"),
    ("imagenet16", "test", "ImageNet16-120", "x-test"),
)
_METRICS: Final = {"valid": "validation_accuracy", "test": "test_accuracy"}

MEASUREMENTS: Final = tuple(
    Measurement(
        (dataset, _METRICS[split] + suffix),
        trained,
        evaluated,
        epochs,
        f"{dataset}_{split}_{epochs}",
    )
    for epochs, suffix in ((200, ""), (12, "_12_epochs"))
    for dataset, split, trained, evaluated in _SPLITS
)

ONE_TRIAL: Final = {
    f"{dataset}_test_200_one_trial": (dataset, "test_accuracy_one_trial") for dataset in DATASETS
}
"""Further arrays of the compact file: one trial of a test accuracy, its seed not recorded."""

COMPACT_NAMES: Final[Mapping[str, Column]] = {
    **{one.compact: one.column for one in MEASUREMENTS},
    **ONE_TRIAL,
}
"""Every array of accuracies that the compact file may hold."""


def percent(value: Any, where: str) -> float:
    """Return one accuracy in percent, nan where the training has none.

    Raises:
        TableError: It is no single number from 0 to 100.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not (value != value or 0 <= value <= 100):  # math.isnan fails for 10**400
        raise TableError(
            f"{where}: expected one accuracy in percent, 0 to 100, got {reprlib.repr(value)}"
        )
    return float(value)


def check_cells(texts: Sequence[str], source: str) -> None:
    """Refuse a list of architectures of another search space.

    Raises:
        TableError: They are of NATS-Bench's size space, or something else.
    """
    if not texts or not isinstance(texts, list | tuple):
        raise TableError(f"{source} lists no cell of NAS-Bench-201")
    for text in texts:
        if not isinstance(text, str):
            raise TableError(f"{source} lists {reprlib.repr(text)}, expected the text of a cell")
        try:
            nb201_cell.parse(text)
        except ArchitectureError as error:
            if _SIZES.fullmatch(text):
                raise TableError(
                    f"{source} is of NATS-Bench's size search space (sss, {shown(text)}), which is "
                    f"no form of NAS-Bench-201; take the topology search space (tss), {SIMPLE}"
                ) from None
            raise TableError(f"{source}: {error}") from None
    if len(set(texts)) != len(texts):
        raise TableError(f"{source} lists a cell twice")


def table(
    texts: Sequence[str] | NDArray[np.bytes_],
    values: Mapping[Column, NDArray[np.float64]],
    source: str,
) -> ColumnTable:
    """Return the table of these columns, without those that hold no value at all.

    Args:
        texts: The cells.
        values: Means over the trainings, shape (n,), or the trainings, shape (n, t).
        source: Where both were read from.

    Raises:
        TableError: A value is not a percentage, or a column is given as fractions.
    """
    held = {column: array for column, array in values.items() if not np.isnan(array).all()}
    for (dataset, metric), array in held.items():
        low, high = np.nanmin(array), np.nanmax(array)
        if low < 0 or high > 100 or high <= 1:
            raise TableError(
                f"{LABEL} ({source}): {metric!r} of {dataset!r} lies between {low:g} and "
                f"{high:g}; expected accuracies in percent, 0 to 100"
            )
    return ColumnTable(
        name=NAME,
        label=LABEL,
        space=NAME,
        source=source,
        texts=texts,
        values=held,
        published_datasets=DATASETS,
    )
