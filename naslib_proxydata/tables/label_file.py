"""Labelled architectures of a user's own, from a CSV file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from naslib_proxydata.errors import ArchitectureError, LabelError
from naslib_proxydata.spaces.base import Architecture, SearchSpace
from naslib_proxydata.text_table import read_rows

HEADER = ("architecture", "accuracy")


@dataclass(frozen=True)
class Labels(Generic[Architecture]):
    """Labelled architectures, in the order of the file, no two of one function.

    Attributes:
        architectures: The architectures.
        accuracies: What they are worth, higher is better, as the file has it.
    """

    architectures: tuple[Architecture, ...]
    accuracies: tuple[float, ...]


def read_labels(
    path: Path, space: SearchSpace[Architecture], *, fewest: int
) -> Labels[Architecture]:
    """Read a CSV file with the columns ``architecture`` and ``accuracy``.

    Args:
        path: The file.
        space: The space of its architectures.
        fewest: How many labels are needed.

    Raises:
        LabelError: The file cannot be read, has another header, an architecture that is not of
            the space, one that computes what an earlier one does, an accuracy that is no number,
            fewer labels than needed, or none that differ; file and line are named.
    """
    lines: dict[str, int] = {}
    labels: list[tuple[Architecture, float]] = []
    for line, text, accuracy in _rows(path):
        where = f"{path}, line {line}"
        try:
            architecture = space.parse(text)
        except ArchitectureError as error:
            raise LabelError(f"{where}: not an architecture of {space.name!r}: {error}") from None
        key = space.hash(architecture)
        if key in lines:
            raise LabelError(
                f"{where}: {text} computes the same function as line {lines[key]}; keep one of "
                "the two, with their mean accuracy, say"
            )
        lines[key] = line
        labels.append((architecture, _number(accuracy, where)))
    if len(labels) < fewest:
        raise LabelError(f"{path}: at least {fewest} labels are needed, got {len(labels)}")
    architectures, accuracies = zip(*labels, strict=True)
    if min(accuracies) == max(accuracies):
        raise LabelError(
            f"{path}: all {len(labels)} accuracies are {accuracies[0]}; labels that do not "
            "differ rank nothing"
        )
    return Labels(architectures, accuracies)


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line number, architecture and accuracy of every row."""
    rows = read_rows(path, error=LabelError, what="the labels")
    _, header = next(rows, (1, []))
    if tuple(header) != HEADER:
        raise LabelError(
            f"{path}, line 1: expected the header {','.join(HEADER)}, got "
            f"{','.join(header) or 'nothing'}"
        )
    for line, row in rows:
        if len(row) != len(HEADER):
            raise LabelError(
                f"{path}, line {line}: expected {len(HEADER)} fields, got {len(row)}; an "
                "architecture with commas stands between double quotes"
            )
        yield line, row[0], row[1]


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise LabelError(f"{where}: expected a finite number as accuracy, got {text!r}")
    return value
