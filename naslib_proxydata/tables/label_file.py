"""Labelled architectures of a user's own, from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic

from naslib_proxydata.errors import ArchitectureError, LabelError, shown, unknown_name
from naslib_proxydata.spaces.base import Architecture, SearchSpace
from naslib_proxydata.tables.csv_file import number, read_csv

ACCURACY: Final = "accuracy"


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
    """Read a CSV file with the columns ``architecture`` and ``accuracy``; others are passed over.

    Args:
        path: The file; see :mod:`~naslib_proxydata.tables.csv_file` for its form.
        space: The space of its architectures.
        fewest: How many labels are needed.

    Raises:
        LabelError: The file cannot be read, lacks a column, has an architecture that is not of
            the space, one that computes what an earlier one does, an accuracy that is no number,
            fewer labels than needed, or none that differ; file and line are named.
    """
    file = read_csv(path, LabelError)
    if ACCURACY not in file.columns:
        raise LabelError(unknown_name("column", ACCURACY, file.columns, f"the labels {path}"))
    column = file.columns.index(ACCURACY)
    lines: dict[str, int] = {}
    labels: list[tuple[Architecture, float]] = []
    for line, text, fields in zip(file.lines, file.architectures, file.fields, strict=True):
        where = f"{path}, line {line}"
        try:
            architecture = space.parse(text)
        except ArchitectureError as error:
            raise LabelError(f"{where}: not an architecture of {space.name!r}: {error}") from None
        key = space.hash(architecture)
        if key in lines:
            raise LabelError(
                f"{where}: {shown(text)} computes the same function as line {lines[key]}; keep "
                "one of the two, with their mean accuracy, say"
            )
        lines[key] = line
        labels.append((architecture, _number(fields[column], where)))
    if len(labels) < fewest:
        raise LabelError(f"{path}: at least {fewest} labels are needed, got {len(labels)}")
    architectures, accuracies = zip(*labels, strict=True)
    if min(accuracies) == max(accuracies):
        raise LabelError(
            f"{path}: all {len(labels)} accuracies are {accuracies[0]}; labels that do not "
            "differ rank nothing"
        )
    return Labels(architectures, accuracies)


def _number(text: str, where: str) -> float:
    try:
        return number(text)
    except ValueError:
        raise LabelError(
            f"{where}: expected a finite number as accuracy, got {shown(text)}"
        ) from None
