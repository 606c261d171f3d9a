"""One training of one NAS-Bench-101 cell, and what is impossible in one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from naslib_proxydata.errors import shown
from naslib_proxydata.spaces.nb101.cell import MAX_EDGES, MAX_VERTICES, OPERATIONS

OP_NAMES: Final = (*OPERATIONS, "input", "output")
METRICS: Final = ("train_accuracy", "validation_accuracy", "test_accuracy")
BUDGETS: Final = (4, 12, 36, 108)
"""Epochs of the published trainings (arXiv 1902.09635, section 2.3)."""
_MOST_PARAMS: Final = 2**31 - 1


class Run(NamedTuple):
    """One training of one cell: what the table keeps of it.

    Attributes:
        module_hash: The official hash, 32 hexadecimal digits.
        adjacency: The matrix row by row, each entry 0 or 1.
        ops: One name for each vertex.
        params: Trainable parameters.
        epochs: The budget.
        seconds: Training time.
        accuracies: Train, validation and test, as fractions.
    """

    module_hash: str
    adjacency: Sequence[int]
    ops: tuple[str, ...]
    params: int
    epochs: int
    seconds: float
    accuracies: tuple[float, ...]


def check_run(run: Run) -> None:
    """Refuse a training that cannot be.

    Raises:
        ValueError: A value is impossible; what was expected and what was got is said.
    """
    if not isinstance(run.module_hash, str) or not re.fullmatch("[0-9a-f]{32}", run.module_hash):
        raise ValueError(f"expected a hash of 32 hexadecimal digits, got {shown(run.module_hash)}")
    place = f"module {run.module_hash}"
    if type(run.epochs) is not int or run.epochs not in BUDGETS:
        raise ValueError(f"{place}: expected one of {BUDGETS} epochs, got {shown(run.epochs)}")
    if type(run.params) is not int or not 0 < run.params <= _MOST_PARAMS:
        raise ValueError(f"{place}: {shown(run.params)} trainable parameters are impossible")
    if not 0 <= run.seconds < math.inf:
        raise ValueError(f"{place}: a training time of {run.seconds} seconds is impossible")
    for metric, accuracy in zip(METRICS, run.accuracies, strict=True):
        if not 0 <= accuracy <= 1:
            raise ValueError(f"{place}: {metric} is a fraction from 0 to 1, got {accuracy}")
    _check_graph(run.adjacency, run.ops, place)


def _check_graph(adjacency: Sequence[int], ops: tuple[str, ...], place: str) -> None:
    size = len(ops)
    if not 2 <= size <= MAX_VERTICES or len(adjacency) != size * size:
        raise ValueError(
            f"{place}: expected a square matrix of 2 to {MAX_VERTICES} vertices with as many "
            f"operations, got {len(adjacency)} entries and {size} operations"
        )
    unknown = set(ops) - set(OP_NAMES)
    if unknown:
        raise ValueError(f"{place}: unknown operations {shown(sorted(unknown))}; known: {OP_NAMES}")
    if (ops[0], ops[-1]) != ("input", "output") or not set(ops[1:-1]) <= set(OPERATIONS):
        raise ValueError(f"{place}: expected 'input' first and 'output' last, got {shown(ops)}")
    if not {0, 1}.issuperset(adjacency):
        raise ValueError(
            f"{place}: the matrix holds {shown(sorted(set(adjacency)))}, expected 0 and 1"
        )
    if any(adjacency[row * size + column] for row in range(size) for column in range(row + 1)):
        raise ValueError(f"{place}: the matrix is not upper triangular")
    if sum(adjacency) > MAX_EDGES:
        raise ValueError(f"{place}: {sum(adjacency)} edges, at most {MAX_EDGES} are allowed")
