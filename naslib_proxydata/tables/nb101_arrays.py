"""What the arrays of NAS-Bench-101's compact form must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import TableError, shown
from naslib_proxydata.spaces.nb101.cell import MAX_EDGES, MAX_VERTICES, OPERATIONS
from naslib_proxydata.tables.nb101_run import BUDGETS, METRICS, OP_NAMES

REQUIRED: Final = (
    *("module_hash", "num_vertices", "adjacency", "ops", "epochs", "trainable_parameters"),
)
_HASH_LENGTH: Final = 32
_INPUT, _OPERATION, _OUTPUT, _OUTSIDE = range(4)
_ROLES: Final = np.array(
    [
        [_INPUT, *[_OPERATION] * (size - 2), _OUTPUT, *[_OUTSIDE] * (MAX_VERTICES - size)]
        if size >= 2
        else [_OUTSIDE] * MAX_VERTICES
        for size in range(MAX_VERTICES + 1)
    ],
    np.uint8,
)
"""What each vertex is, by the number of vertices, shape (8, 7)."""
_ROLES_OF_CODES: Final = np.array(
    [_OUTSIDE, *[_OPERATION] * len(OPERATIONS), _INPUT, _OUTPUT], np.uint8
)
"""What a vertex of each operation code is, from -1."""
_SOURCES: Final = np.array(
    [
        [2**target - 1 if target < size else 0 for target in range(MAX_VERTICES)]
        for size in range(MAX_VERTICES + 1)
    ],
    np.uint8,
)
"""Where edges into each vertex may start, a bit for each, by the number of vertices."""
_BIT_OF: Final = (1 << np.arange(MAX_VERTICES)).astype(np.uint8)
_BITS: Final = np.array([number.bit_count() for number in range(2**MAX_VERTICES)], np.uint8)


def check_arrays(arrays: Mapping[str, NDArray[Any]], source: str) -> None:
    """Refuse arrays that are not of the compact layout, or hold impossible values.

    Raises:
        TableError: What was expected and what was got, by the name of the array.
    """
    present = [metric for metric in METRICS if metric in arrays]
    if any(key not in arrays for key in REQUIRED) or not present:
        raise TableError(
            f"{source}: not a compact NAS-Bench-101 table; expected arrays {REQUIRED} and at "
            f"least one of {METRICS}, got {shown(sorted(arrays))}"
        )
    epochs = arrays["epochs"].ravel().tolist()
    if not epochs or not set(epochs) <= set(BUDGETS) or epochs != sorted(set(epochs)):
        raise TableError(
            f"{source}: epochs are some of {BUDGETS} in this order, got {shown(epochs)}"
        )
    names = arrays.get("op_names", np.array(OP_NAMES, "S16")).ravel().tolist()
    if names != [name.encode() for name in OP_NAMES]:
        raise TableError(f"{source}: op_names must be {list(OP_NAMES)}, got {shown(names)}")
    n = arrays["module_hash"].size
    matrices = (n, MAX_VERTICES, MAX_VERTICES)
    _check(arrays, source, "epochs", (len(epochs),), "iu", 0, np.inf)
    _check(arrays, source, "num_vertices", (n,), "iu", 2, MAX_VERTICES)
    _check(arrays, source, "adjacency", matrices, "iub", 0, 1)
    _check(arrays, source, "ops", (n, MAX_VERTICES), "i", -1, len(OP_NAMES) - 1)
    _check(arrays, source, "trainable_parameters", (n,), "iu", 1, np.inf)
    for metric in present:
        _check(arrays, source, metric, (n, len(epochs)), "f", 0, 1)
    _check_hashes(arrays["module_hash"], source)
    _check_graphs(arrays, source)


def _check_hashes(hashes: NDArray[Any], source: str) -> None:
    """Refuse hashes that are not 32 hexadecimal digits, or that two cells share."""
    if hashes.ndim != 1 or hashes.dtype != f"S{_HASH_LENGTH}":
        raise TableError(
            f"{source}: 'module_hash' must be bytes of {_HASH_LENGTH} hexadecimal digits, shape "
            f"(n,), got {hashes.dtype} of shape {hashes.shape}"
        )
    letters = np.ascontiguousarray(hashes).view(np.uint8)
    if not np.isin(letters, np.frombuffer(b"0123456789abcdef", np.uint8)).all():
        raise TableError(f"{source}: 'module_hash' holds something else than hexadecimal digits")
    ascending = bool((hashes[1:] > hashes[:-1]).all())  # as we write them; sorting takes longer
    if not ascending and len(np.unique(hashes)) != len(hashes):
        raise TableError(f"{source}: 'module_hash' holds a hash twice")


def _check_graphs(arrays: Mapping[str, NDArray[Any]], source: str) -> None:
    """Refuse matrices and operations that are no cells' of their numbers of vertices."""
    vertices = arrays["num_vertices"].astype(np.int64)
    # Bit u of entry v says whether an edge leads from u to v: a byte in place of seven.
    edges = (arrays["adjacency"] != 0).view(np.uint8)
    incoming = np.einsum("nuv,u->nv", edges, _BIT_OF)
    right = (_ROLES_OF_CODES[arrays["ops"] + 1] == _ROLES[vertices]).all(axis=1)
    right &= ~(incoming & ~_SOURCES[vertices]).any(axis=1)
    right &= _BITS[incoming].sum(axis=1) <= MAX_EDGES
    right &= _reached(incoming) >> (vertices - 1) & 1 == 1
    if not right.all():
        raise TableError(
            f"{source}: row {int(np.argmin(right))} of 'adjacency' and 'ops' is no cell of its "
            f"'num_vertices': expected an upper triangle of at most {MAX_EDGES} edges with a path "
            "from the first vertex to the last, 'input' first, 'output' last, and -1 behind"
        )


def _reached(incoming: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return which vertices a path leads to from the first, a bit for each, shape (n,)."""
    reached = np.ones(len(incoming), np.int64)
    for vertex in range(1, MAX_VERTICES):
        reached |= (reached & incoming[:, vertex] != 0).astype(np.int64) << vertex
    return reached


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
