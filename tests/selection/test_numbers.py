from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.numbers import whole_array
from naslib_proxydata.selection.score_files import read_scores

FOUND = plugins.load()


@pytest.mark.parametrize("wrong", [2.5, "3", True, 0, -1, None])
@pytest.mark.parametrize(
    ("kind", "name", "option"),
    [
        ("selectors", "class-subset", "classes"),
        ("selectors", "class-uniform", "least"),
        ("selectors", "kmeans-outliers", "clusters"),
        ("selectors", "prototypes", "clusters"),
        ("selectors", "coverage-centric", "strata"),
        ("scorers", "aum", "epochs"),
        ("scorers", "dyn-unc", "window"),
        ("scorers", "tdds", "window"),
    ],
)
def test_options_that_count_are_whole(kind: str, name: str, option: str, wrong: Any) -> None:
    if wrong is None and option in ("classes", "epochs"):
        return  # stands for all
    with pytest.raises(SelectionError, match=f"{option} must be a whole number and at least"):
        FOUND.create(kind, name, **{option: wrong})


def test_numbers_of_files_are_whole() -> None:
    texts = np.array(["1", "2"])
    assert whole_array(texts, "classes", "f").tolist() == [1, 2]
    for wrong, message in (
        ([0.0, 1.5], "classes must be whole numbers counted from 0, got 1.5 in row 1"),
        ([-1, 0], "got -1 in row 0"),
        ([np.nan], "got nan"),
        (["cat"], "classes must be whole numbers: could not convert"),
    ):
        with pytest.raises(SelectionError, match=message):
            whole_array(np.array(wrong), "classes", "f")


def test_a_list_with_halves_or_without_rows_is_refused(tmp_path: Path) -> None:
    """Halves were cut off, so that another class or image was meant."""
    text, arrays = tmp_path / "list.txt", tmp_path / "list.npz"
    for line, message in (("0 0.1 1.5", "classes"), ("0.5 0.1 1", "indices")):
        text.write_text(line + "\n")
        with pytest.raises(SelectionError, match=message):
            read_scores(text)
    np.savez(arrays, scores=np.zeros(2), **{"class": np.array([0.5, 1.0])})  # type: ignore[arg-type]
    with pytest.raises(SelectionError, match="classes"):
        read_scores(arrays)
    np.savez(arrays, scores=np.zeros(0))
    with pytest.raises(SelectionError, match="holds no scores"):
        read_scores(arrays)
