"""Damaged copies of selections and of score files: refused, or taken with sound values."""

from __future__ import annotations

import io
import json
import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import SELECTION_ARRAYS, Selection
from naslib_proxydata.selection.files import load_selection, save_selection
from naslib_proxydata.selection.listed import ListedDataset
from naslib_proxydata.selection.origin import ScoreOrigin
from naslib_proxydata.selection.score_files import read_scores, write_scores
from tests.damage import damaged, many_copies, refused

COUNT = 30
VALUES = np.random.default_rng(1).random(COUNT)
CHOSEN = Selection(
    np.arange(0, 12),
    np.arange(0, 6),
    np.arange(6, 12),
    COUNT,
    "random",
    {"share": 0.5, "deep": {"er": [1, None]}},
    7,
    "toy",
    "abc",
    (0.5, 0.5),
    "1.0",
    ScoreOrigin(scorer="el2n", recipe={"epochs": 3}, training_accuracy=93.5),
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_selection(CHOSEN, tmp_path / "s.npz")
    return tmp_path / "s.npz"


def same(found: Selection) -> None:
    """All that is stored has a checksum."""
    for name in SELECTION_ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(CHOSEN, name))
    rest = [name for name in vars(CHOSEN) if name not in SELECTION_ARRAYS]
    assert {name: getattr(found, name) for name in rest} == {
        name: getattr(CHOSEN, name) for name in rest
    }


@many_copies
@given(data=st.data())
def test_arrays_of_a_selection(data: st.DataObject, saved: Path) -> None:
    genuine = saved.read_bytes()
    copy = saved.with_name("copy.npz")
    copy.with_suffix(".json").write_bytes(saved.with_suffix(".json").read_bytes())
    copy.write_bytes(data.draw(damaged(genuine)))
    found = refused(lambda: load_selection(copy), "selection arrays")
    if found is not None:
        same(found)


@many_copies
@given(data=st.data())
def test_facts_of_a_selection(data: st.DataObject, saved: Path) -> None:
    genuine = saved.with_suffix(".json").read_bytes()
    copy = saved.with_name("copy.npz")
    copy.write_bytes(saved.read_bytes())
    copy.with_suffix(".json").write_bytes(data.draw(damaged(genuine)))
    found = refused(lambda: load_selection(copy), "selection facts")
    if found is not None:
        same(found)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{}", "[]", "null", "1e999", '{"format": 1}', '{"format": 1e999}', "\0"]
)
def test_other_json_beside_a_selection(saved: Path, text: str) -> None:
    saved.with_suffix(".json").write_text(text)
    with pytest.raises(SelectionError, match=r"s\.json.*(select again|format)"):
        load_selection(saved)


def test_facts_changed_by_hand_are_told(saved: Path) -> None:
    facts = json.loads(saved.with_suffix(".json").read_text())
    facts["seed"] = 8
    saved.with_suffix(".json").write_text(json.dumps(facts))
    with pytest.raises(SelectionError, match="was changed after it was written"):
        load_selection(saved)


@cache
def dataset() -> ArrayDataset:
    return ArrayDataset("toy", np.zeros((COUNT, 4, 4), np.uint8), np.arange(COUNT) % 3)


@many_copies
@given(data=st.data())
def test_scores_of_ours(data: st.DataObject, tmp_path: Path) -> None:
    path, copy = tmp_path / "scores.npz", tmp_path / "copy.npz"
    write_scores(path, VALUES, dataset(), ScoreOrigin(scorer="el2n", dataset="toy"))
    copy.write_bytes(data.draw(damaged(path.read_bytes())))
    found = refused(lambda: read_scores(copy).for_dataset(dataset()), "scores .npz")
    if found is not None:
        np.testing.assert_array_equal(found, VALUES)


@cache
def strangers() -> bytes:
    buffer = io.BytesIO()
    arrays = {"toy_index": np.arange(COUNT)[::-1], "toy_entropy": VALUES}
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


@many_copies
@given(data=st.data())
def test_scores_of_a_stranger(data: st.DataObject, tmp_path: Path) -> None:
    copy = tmp_path / "copy.npz"
    copy.write_bytes(data.draw(damaged(strangers())))
    found = refused(lambda: read_scores(copy, "toy").for_dataset(dataset()), "scores .npz")
    assert found is None or found.tolist() in (VALUES[::-1].tolist(), VALUES.tolist())


LIST = "".join(f"{index}\t{VALUES[index]:.6f}\t{index % 3}\n" for index in range(COUNT)).encode()


@many_copies
@given(data=st.data())
@pytest.mark.parametrize("name", ["list.txt", "list.csv", "list.npy", "list.json"])
def test_score_lists(data: st.DataObject, tmp_path: Path, name: str) -> None:
    genuine = LIST.replace(b"\t", b",") if name == "list.csv" else LIST
    (tmp_path / name).write_bytes(data.draw(damaged(genuine)))

    def read() -> ListedDataset:
        scores = read_scores(tmp_path / name)
        assert scores.index.shape == scores.values.shape == (len(scores.values),)
        assert all(isinstance(value, float) for value in scores.values.tolist())
        assert scores.index.min() >= 0
        return ListedDataset(scores)

    found = refused(read, "score list")
    if found is not None and found.labels is not None:
        assert found.labels.min() >= 0
        assert not math.isnan(found.labels.max())


@pytest.mark.parametrize("name", ["pipe", "device", "folder", "loop", "a" * 620, "a\0b"])
@pytest.mark.parametrize("suffix", [".npz", ".txt"])
def test_what_is_no_file_is_told_at_once(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"{name}{suffix}"
    if name == "pipe":
        os.mkfifo(path)
    elif name == "device":
        path.symlink_to("/dev/zero")
    elif name == "folder":
        path.mkdir()
    elif name == "loop":
        path.symlink_to(path)
    with pytest.raises(SelectionError):
        read_scores(path)
    if suffix == ".npz":
        with pytest.raises(SelectionError):
            load_selection(path)


ODD = (
    *(np.zeros(0), np.array(5.0), np.array("x"), np.array(["a"] * COUNT), np.full(COUNT, np.nan)),
    *(np.full(COUNT, -1), np.full(COUNT, 2**63, np.uint64), np.zeros((COUNT, 2, 2)), np.zeros(3)),
    *(np.zeros(COUNT, complex), np.zeros(COUNT, "datetime64[s]"), np.zeros(COUNT, [("a", "i4")])),
    *(np.full(COUNT, np.inf), np.zeros(COUNT, bool), np.zeros(COUNT, "V3"), np.arange(COUNT) + 0.5),
)


@pytest.mark.parametrize("name", ["scores", "features", "index", "class", "fingerprint", "made_by"])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd.dtype} {odd.shape}")
def test_scores_of_odd_arrays(tmp_path: Path, name: str, odd: NDArray[Any]) -> None:
    arrays = {"scores": VALUES, "index": np.arange(COUNT), "class": np.arange(COUNT) % 3}
    if name == "features":
        del arrays["scores"]
    np.savez(tmp_path / "a.npz", **{**arrays, name: odd})  # type: ignore[arg-type]
    found = refused(lambda: read_scores(tmp_path / "a.npz").for_dataset(dataset()), "odd scores")
    assert found is None or len(found) == COUNT


@pytest.mark.parametrize("name", SELECTION_ARRAYS)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd.dtype} {odd.shape}")
def test_selections_of_odd_arrays(saved: Path, name: str, odd: NDArray[Any]) -> None:
    with np.load(saved) as archive:
        arrays = dict(archive)
    np.savez(saved, **{**arrays, name: odd})  # type: ignore[arg-type]
    assert refused(lambda: load_selection(saved), "odd selection") is None
