"""A selection's indices serve PyTorch's and Hugging Face's ways to take a part of a dataset."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Subset

from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.selection.class_random import ClassRandomSelector
from naslib_proxydata.selection.files import load_selection, save_selection
from naslib_proxydata.selection.run import make_selection


@pytest.fixture(params=["made", "loaded"])
def selection(request: pytest.FixtureRequest, tmp_path: Path) -> Selection:
    made = make_selection(open_dataset("digits"), ClassRandomSelector(), 60, seed=0)
    if request.param == "made":
        return made
    save_selection(made, tmp_path / "selection.npz")
    return load_selection(tmp_path)


def test_a_subset_of_pytorch_holds_the_chosen_examples(selection: Selection) -> None:
    digits = open_dataset("digits")
    subset: Subset[Any] = Subset(digits, selection.indices)  # type: ignore[arg-type]
    assert len(subset) == 60
    np.testing.assert_array_equal([example[2] for example in subset], selection.indices)
    loader = DataLoader(subset, batch_size=20, shuffle=True, num_workers=0)
    images, labels, indices = (list(part) for part in zip(*loader, strict=True))
    assert [batch.shape for batch in images] == [(20, 1, 8, 8)] * 3
    seen = np.concatenate(indices)
    np.testing.assert_array_equal(np.sort(seen), selection.indices)
    assert digits.labels is not None
    np.testing.assert_array_equal(np.concatenate(labels), digits.labels[seen])


class Rows:
    """The part of Hugging Face's ``datasets.Dataset`` that takes a part of it.

    ``select`` reads its indices as that does: ranges and iterators are told apart, the first
    index and the following ones are compared, and all become unsigned integers.
    """

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, indices: Iterable[int]) -> Rows:
        if len(self) == 0:
            return self
        if isinstance(indices, range):
            return Rows(self.rows[indices.start : indices.stop : indices.step])
        checked = [operator.index(index) for index in indices]
        if min(checked) < -len(self) or max(checked) >= len(self):
            raise IndexError(f"Index {max(checked)} out of range for dataset of size {len(self)}.")
        return Rows(self.rows[np.array(checked, dtype=np.uint64)])


def test_select_of_hugging_face_takes_the_chosen_examples(selection: Selection) -> None:
    rows = Rows(np.arange(1797, dtype=np.int64) * 2)
    chosen = rows.select(selection.indices)
    np.testing.assert_array_equal(chosen.rows, selection.indices * 2)
    assert len(rows.select(selection.weight_indices)) == 30


def test_the_real_datasets_package_does_so_too(selection: Selection) -> None:
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_dict({"number": list(range(1797))})
    assert rows.select(selection.indices)["number"] == selection.indices.tolist()
