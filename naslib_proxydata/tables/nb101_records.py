"""The records of NAS-Bench-101's official files and live objects, gathered into arrays.

A record of ``nasbench_only108.tfrecord`` or ``nasbench_full.tfrecord`` is a JSON row: module
hash, epochs, adjacency matrix as 0s and 1s, operations joined by commas, and a ``ModelMetrics``
protocol buffer in base64 (arXiv 1902.09635 and its published reader).
"""

from __future__ import annotations

import base64
import json
import math
import operator
import struct
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import TableError, shown
from naslib_proxydata.spaces.nb101.cell import MAX_VERTICES
from naslib_proxydata.tables.layout import cause
from naslib_proxydata.tables.nb101_run import METRICS, OP_NAMES, Run, check_run
from naslib_proxydata.tables.tfrecord import read_records

EVALUATIONS = 3
"""At the start, half way and the end of a training."""
AGAIN = "Download nasbench_only108.tfrecord again from github.com/google-research/nasbench"
LONGEST_VARINT = 10
"""Bytes of a 64-bit number of variable length."""


def runs_of_file(path: Path, damaged: list[str] | None = None) -> Iterator[Run]:
    """Yield the runs of an official file.

    Args:
        path: The file.
        damaged: As in :func:`read_records`.

    Raises:
        TableError: The file is damaged or holds something else.
    """
    for number, payload in enumerate(read_records(path, damaged)):
        try:
            yield _run_of_row(payload)
        except Exception as error:  # a row of anybody's can fail in nearly every way
            raise TableError(
                f"{path}: record {number} is not a row of NAS-Bench-101 (hash, epochs, matrix, "
                f"operations, metrics): {cause(error)}. {AGAIN}"
            ) from None


def _run_of_row(payload: bytes) -> Run:
    """Read one row; the published base64 is broken into lines of 76 characters."""
    module_hash, epochs, bits, ops, metrics = json.loads(payload)
    if not all(isinstance(one, str) for one in (bits, ops, metrics)):
        raise TypeError("matrix, operations and metrics are texts")
    params, evaluations = parse_metrics(base64.b64decode("".join(metrics.split()), validate=True))
    if len(evaluations) != EVALUATIONS:
        raise ValueError(f"expected {EVALUATIONS} evaluations, got {len(evaluations)}")
    seconds, *accuracies = evaluations[-1]
    operations = tuple(ops.split(","))
    adjacency = tuple(map(int, bits))
    run = Run(module_hash, adjacency, operations, params, epochs, seconds, tuple(accuracies))
    check_run(run)
    return run


def runs_of_api(api: Any) -> Iterator[Run]:
    """Yield the runs of a live ``nasbench.api.NASBench`` object, by its documented methods.

    Raises:
        TableError: It holds something else.
    """
    for module_hash in api.hash_iterator():
        try:
            fixed, computed = api.get_metrics_from_hash(module_hash)
            adjacency = tuple(np.asarray(fixed["module_adjacency"]).ravel().tolist())
            ops = tuple(fixed["module_operations"])
            params = operator.index(fixed["trainable_parameters"])
            for epochs, repeats in computed.items():
                for one in repeats:
                    accuracies = tuple(float(one[f"final_{metric}"]) for metric in METRICS)
                    seconds = float(one["final_training_time"])
                    budget = operator.index(epochs)
                    run = Run(module_hash, adjacency, ops, params, budget, seconds, accuracies)
                    check_run(run)
                    yield run
        except Exception as error:
            raise TableError(
                f"{type(api).__qualname__} object, {shown(module_hash)}: not of the layout of "
                f"NAS-Bench-101: {cause(error)}"
            ) from None


Evaluation = tuple[float, float, float, float]
"""Training seconds; train, validation and test accuracy as fractions."""


def parse_metrics(message: bytes) -> tuple[int, list[Evaluation]]:
    """Read a ``ModelMetrics`` message.

    Returns:
        The trainable parameters (field 2), and the evaluations (field 1) at the start, half way
        and the end of the training; nan where a field is absent.

    Raises:
        ValueError: The bytes are not such a message.
    """
    params = 0
    evaluations = []
    for field, value in _fields(message):
        if field == 1 and isinstance(value, bytes):
            found = dict(_fields(value))
            seconds, train, validation, test = (_double(found, one) for one in (2, 3, 4, 5))
            evaluations.append((seconds, train, validation, test))
        elif field == 2 and isinstance(value, int):
            params = value
    return params, evaluations


def _double(fields: dict[int, int | float | bytes], number: int) -> float:
    """Return a field that is a double, nan where it is absent."""
    value = fields.get(number, math.nan)
    if not isinstance(value, float):
        raise ValueError(f"field {number} of an evaluation is no double")
    return value


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """Yield (field number, value) of a protocol buffer: varints, doubles, bytes, 32-bit words."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        if kind == 0:
            value, position = _varint(message, position)
            yield key >> 3, value
        elif kind == 1:
            yield key >> 3, struct.unpack_from("<d", message, position)[0]
            position += 8
        elif kind == 2:
            length, position = _varint(message, position)
            if position + length > len(message):
                raise ValueError("the metrics message is truncated")
            yield key >> 3, message[position : position + length]
            position += length
        elif kind == 5:
            if position + 4 > len(message):
                raise ValueError("the metrics message is truncated")
            yield key >> 3, message[position : position + 4]
            position += 4
        else:
            raise ValueError(f"wire type {kind} does not occur in a metrics message")


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Return a variable-length integer and the position after it."""
    value = 0
    for place in range(LONGEST_VARINT):
        byte = message[position + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, position + place + 1
    raise ValueError(f"a number of more than {LONGEST_VARINT} bytes")


def gather(runs: Iterable[Run], where: str) -> dict[str, NDArray[Any]]:
    """Average the repeats of each cell and budget into the compact table's arrays.

    Memory grows with the number of cells (about 0.3 KiB each and budget), not of runs.

    Args:
        runs: The runs, in any order.
        where: What errors call the source.

    Returns:
        The arrays of the compact layout, cells in ascending order of their hash.

    Raises:
        TableError: There are no runs, or two of one module differ in what cannot change.
    """
    rows: dict[bytes, int] = {}
    slots: dict[int, int] = {}  # row and epochs in one integer, a third of a tuple's memory
    cells = bytearray()
    params = array("i")
    fixed = array("q")  # a hash of what no repeat may change
    sums = array("d")
    for run in runs:
        key = run.module_hash.encode()
        row = rows.setdefault(key, len(rows))
        constant = hash((run.adjacency, run.ops, run.params))
        if row == len(params):
            cells += _packed(run)
            params.append(run.params)
            fixed.append(constant)
        elif fixed[row] != constant:
            raise TableError(
                f"{where}: records of module {run.module_hash} differ in matrix, operations or "
                f"parameters. {AGAIN}"
            )
        slot = slots.setdefault(row << 16 | run.epochs, len(slots))
        if slot * 5 == len(sums):
            sums.extend((0.0,) * 5)
        for offset, value in enumerate((1.0, run.seconds, *run.accuracies)):
            sums[slot * 5 + offset] += value
    if not rows:
        raise TableError(f"{where}: no records of NAS-Bench-101")
    totals = np.frombuffer(sums, dtype=np.float64).reshape(-1, 5)
    keys = np.array(list(slots), dtype=np.int64)
    epochs = np.unique(keys & 0xFFFF)
    means = np.full((len(rows), len(epochs), 4), np.nan, dtype=np.float32)
    means[keys >> 16, np.searchsorted(epochs, keys & 0xFFFF)] = totals[:, 1:] / totals[:, :1]
    hashes = np.array(list(rows), dtype="S32")
    order = np.argsort(hashes)
    return {
        "module_hash": hashes[order],
        **_unpacked(np.frombuffer(cells, dtype=np.uint8).reshape(len(rows), -1)[order]),
        "op_names": np.array(OP_NAMES, dtype="S16"),
        "epochs": epochs.astype(np.int16),
        "training_time": means[order, -1, 0],
        "trainable_parameters": np.array(params, dtype=np.int32)[order],
        **{metric: means[order, :, offset] for offset, metric in enumerate(METRICS, start=1)},
    }


def _packed(run: Run) -> bytes:
    """Return a cell's number of vertices, its 7 x 7 matrix and its 7 operation codes as bytes."""
    size = len(run.ops)
    matrix = np.zeros((MAX_VERTICES, MAX_VERTICES), dtype=np.uint8)
    matrix[:size, :size] = np.reshape(run.adjacency, (size, size))
    ops = np.full(MAX_VERTICES, -1, dtype=np.int8)
    ops[:size] = [OP_NAMES.index(op) for op in run.ops]
    return bytes((size,)) + matrix.tobytes() + ops.tobytes()


def _unpacked(packed: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Return the arrays of what :func:`_packed` wrote, a cell in each row."""
    matrix_end = 1 + MAX_VERTICES * MAX_VERTICES
    return {
        "num_vertices": packed[:, 0],
        "adjacency": packed[:, 1:matrix_end].reshape(-1, MAX_VERTICES, MAX_VERTICES),
        "ops": packed[:, matrix_end:].view(np.int8),
    }
