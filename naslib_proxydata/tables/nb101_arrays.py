"""What the arrays of NAS-Bench-101's compact form must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import TableError
from naslib_proxydata.spaces.nb101.cell import MAX_VERTICES
from naslib_proxydata.tables.nb101_run import BUDGETS, METRICS, OP_NAMES

REQUIRED: Final = (
    *("module_hash", "num_vertices", "adjacency", "ops", "epochs", "trainable_parameters"),
)


def check_arrays(arrays: Mapping[str, NDArray[Any]], source: str) -> None:
    """Refuse arrays that are not of the compact layout, or hold impossible values.

    Raises:
        TableError: What was expected and what was got, by the name of the array.
    """
    present = [metric for metric in METRICS if metric in arrays]
    if any(key not in arrays for key in REQUIRED) or not present:
        raise TableError(
            f"{source}: not a compact NAS-Bench-101 table; expected arrays {REQUIRED} and at "
            f"least one of {METRICS}, got {sorted(arrays)}"
        )
    epochs = arrays["epochs"].tolist()
    if not epochs or not set(epochs) <= set(BUDGETS) or epochs != sorted(set(epochs)):
        raise TableError(f"{source}: epochs are some of {BUDGETS} in this order, got {epochs}")
    names = [name.decode() for name in arrays.get("op_names", np.array(OP_NAMES, "S16")).tolist()]
    if names != list(OP_NAMES):
        raise TableError(f"{source}: op_names must be {list(OP_NAMES)}, got {names}")
    n = len(arrays["module_hash"])
    matrices = (n, MAX_VERTICES, MAX_VERTICES)
    _check(arrays, source, "num_vertices", (n,), "iu", 2, MAX_VERTICES)
    _check(arrays, source, "adjacency", matrices, "iub", 0, 1)
    _check(arrays, source, "ops", (n, MAX_VERTICES), "i", -1, len(OP_NAMES) - 1)
    _check(arrays, source, "trainable_parameters", (n,), "iu", 1, np.inf)
    for metric in present:
        _check(arrays, source, metric, (n, len(epochs)), "f", 0, 1)


def _check(
    arrays: Mapping[str, NDArray[Any]],
    source: str,
    name: str,
    shape: tuple[int, ...],
    kinds: str,
    low: float,
    high: float,
) -> None:
    """Refuse an array of another shape or kind of number, or with values out of bounds."""
    array = arrays[name]
    if array.shape != shape or array.dtype.kind not in kinds:
        sort = "floats" if kinds == "f" else "integers"
        raise TableError(
            f"{source}: {name!r} must be {sort} of shape {shape}, got {array.dtype} of shape "
            f"{array.shape}"
        )
    known = array[~np.isnan(array)] if kinds == "f" else array
    if known.size and not low <= known.min() <= known.max() <= high:
        raise TableError(
            f"{source}: {name!r} lies between {known.min()} and {known.max()}, expected {low} to "
            f"{high}"
        )
