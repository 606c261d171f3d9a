"""What a selection is, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.markdown import markdown_table, one_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.base import Selection


def selection_sentence(selection: Selection) -> str:
    """Return method, parameters, scores and sizes in one sentence."""
    parameters = ", ".join(f"{key}={value}" for key, value in selection.parameters.items())
    scores = "" if selection.scores is None else f" by {selection.scores.label}"
    return (
        f"{selection.method}{f' ({parameters})' if parameters else ''}{scores}: "
        f"{selection.size:,} of "
        f"{selection.dataset_size:,} examples of {selection.dataset}, "
        f"{len(selection.weight_indices):,} for weights and "
        f"{len(selection.architecture_indices):,} for the architecture"
    )


def class_table(selection: Selection, dataset: Dataset) -> str:
    """Return how many examples of each class there are, were chosen, and train each level.

    A dataset without labels has one line.
    """
    labels = np.zeros(len(dataset), np.int64) if dataset.labels is None else dataset.labels
    names = _class_names(dataset) if dataset.labels is not None else ["(no labels)"]
    parts = (selection.indices, selection.weight_indices, selection.architecture_indices)
    columns = [_counts(labels, len(names)), *(_counts(labels[part], len(names)) for part in parts)]
    lines = [
        (name, *(f"{count:,}" for count in counts))
        for name, *counts in zip(names, *columns, strict=True)
    ]
    totals = ("all", *(f"{column.sum():,}" for column in columns))
    header = ("class", "dataset", "chosen", "weights", "architecture")
    return markdown_table(header, [*lines, totals] if len(lines) > 1 else lines)


def selection_markdown(
    selection: Selection, dataset: Dataset, folder: Path, figures: Sequence[str], where: str
) -> str:
    """Return the summary of a selection's run folder.

    Args:
        selection: What was chosen.
        dataset: What it was chosen from.
        folder: The run folder.
        figures: Names of the figures in it.
        where: A sentence on where the run ran.
    """
    sentence = one_line(selection_sentence(selection))
    images = "".join(f"\n![{name}]({name})\n" for name in figures)
    return f"""# Selection from {one_line(selection.dataset)}

{sentence}. Seed {selection.seed}.{_scores(selection)}{_left_out(dataset)}

{class_table(selection, dataset)}
{images}
## Use it

A search takes the folder: `--selection {folder}`. In Python:

```python
from pathlib import Path

from naslib_proxydata.selection.files import load_selection

selection = load_selection(Path({str(folder)!r}))
torch.utils.data.Subset(dataset, selection.indices)  # PyTorch
dataset.select(selection.indices)  # Hugging Face
```

{where}
"""


def _scores(selection: Selection) -> str:
    return "" if selection.scores is None else f" Scores: {selection.scores.sentence}."


def _left_out(dataset: Dataset) -> str:
    count = len(dataset) - len(dataset.readable)
    return (
        f" {count:,} examples of the dataset cannot be read and are left out; damaged.csv lists "
        "them, and a search needs --skip-damaged, too."
        if count
        else ""
    )


def _counts(labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    return np.bincount(labels, minlength=classes)


def _class_names(dataset: Dataset) -> Sequence[str]:
    if len(dataset.class_names) == dataset.num_classes:
        return dataset.class_names
    return [str(number) for number in range(dataset.num_classes)]
