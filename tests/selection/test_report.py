"""The summary of a selection, against counts made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.selection.report import class_table, selection_markdown, selection_sentence

IMAGES = np.zeros((6, 2, 2), np.uint8)
SELECTION = Selection(
    np.array([0, 1, 3, 5]), np.array([0, 3]), np.array([1, 5]), 6, "random", {"a": 1}, 7, "toy"
)


def test_classes_are_counted_by_level() -> None:
    labelled = ArrayDataset("toy", IMAGES, np.array([0, 0, 0, 1, 1, 1]), ["cat", "d|g"])
    assert class_table(SELECTION, labelled).splitlines()[2:] == [
        "| cat | 3 | 2 | 1 | 1 |",
        "| d\\|g | 3 | 2 | 1 | 1 |",
        "| all | 6 | 4 | 2 | 2 |",
    ]
    unnamed = ArrayDataset("toy", IMAGES, np.array([0, 0, 2, 2, 2, 2]))
    assert [line[2] for line in class_table(SELECTION, unnamed).splitlines()[2:]] == list("012a")


def test_a_dataset_without_labels_has_one_line() -> None:
    table = class_table(SELECTION, ArrayDataset("toy", IMAGES))
    assert table.splitlines()[2:] == ["| (no labels) | 6 | 4 | 2 | 2 |"]


def test_the_summary_says_what_was_done_and_how_to_use_it() -> None:
    text = selection_markdown(
        SELECTION, ArrayDataset("toy", IMAGES), Path("runs/x"), ["plots/selection.png"], "Here."
    )
    assert selection_sentence(SELECTION) == (
        "random (a=1): 4 of 6 examples of toy, 2 for weights and 2 for the architecture"
    )
    for part in (
        selection_sentence(SELECTION),
        "Seed 7",
        "(plots/selection.png)",
        "--selection runs/x",
        "Here.",
    ):
        assert part in text
