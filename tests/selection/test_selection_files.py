from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.selection.class_uniform import ClassUniformSelector
from naslib_proxydata.selection.files import SELECTION, load_selection, save_selection
from naslib_proxydata.selection.origin import ScoreOrigin, array_sha256
from naslib_proxydata.selection.random import RandomSelector
from naslib_proxydata.selection.ranked import EL2NSelector
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.selection.split import split_indices


def selection_of(indices: list[int], count: int = 20, fingerprint: str = "") -> Selection:
    chosen = np.array(indices)
    weights, architecture = split_indices(chosen, np.random.default_rng(0))
    return Selection(
        chosen, weights, architecture, count, "random", {"a": 1}, 7, "toy", fingerprint
    )


def dataset_of(pixel: int = 0, count: int = 20) -> ArrayDataset:
    images = np.full((count, 4, 4), pixel, np.uint8)
    return ArrayDataset("toy", images, np.arange(count) % 2)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    selection = selection_of([1, 4, 6, 9], fingerprint="abc")
    save_selection(selection, tmp_path / "new" / "s.npz")
    loaded = load_selection(tmp_path / "new" / "s.npz")
    for name in ("indices", "weight_indices", "architecture_indices"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(selection, name))
    assert (loaded.method, loaded.parameters, loaded.seed) == ("random", {"a": 1}, 7)
    assert (loaded.dataset, loaded.dataset_size, loaded.fingerprint) == ("toy", 20, "abc")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["s.json", "s.npz"]


def test_saving_again_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        save_selection(selection_of([0, 3]), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()


@pytest.mark.parametrize(
    ("indices", "message"),
    [([1, 1, 2], "duplicated, 1 among"), ([0, 20], "from 0 to 19"), ([-1, 2], "from 0 to 19")],
)
def test_wrong_indices_are_refused(indices: list[int], message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        selection_of(indices)


def test_halves_must_be_disjoint_parts() -> None:
    whole = np.arange(6)
    with pytest.raises(SelectionError, match="in both halves"):
        Selection(whole, whole[:4], whole[3:], 10, "random")
    with pytest.raises(SelectionError, match="not among indices"):
        Selection(whole, whole[:3], np.array([7]), 10, "random")


def test_a_selection_of_another_dataset_is_refused() -> None:
    own = dataset_of()
    selection = selection_of([1, 2], fingerprint=own.fingerprint)
    selection.check_fits(dataset_of())
    with pytest.raises(SelectionError, match="has 21"):
        selection.check_fits(dataset_of(count=21))
    with pytest.raises(SelectionError, match="fingerprint"):
        selection.check_fits(dataset_of(pixel=1))


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    with pytest.raises(SelectionError, match=r"ends in \.npz"):
        save_selection(selection_of([1]), tmp_path / "s.txt")
    with pytest.raises(SelectionError, match="no file"):
        load_selection(path)
    save_selection(selection_of([1, 2, 3]), tmp_path / "other.npz")
    save_selection(selection_of([1, 2]), path)
    (tmp_path / "other.json").replace(tmp_path / "s.json")
    with pytest.raises(SelectionError, match="do not belong together"):
        load_selection(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(SelectionError, match="is damaged"):
        load_selection(path)
    save_selection(selection_of([1, 2]), path)
    facts = json.loads(path.with_suffix(".json").read_text())
    del facts["method"]
    path.with_suffix(".json").write_text(json.dumps(facts))
    with pytest.raises(SelectionError, match="method"):
        load_selection(path)


def test_a_run_folder_stands_for_its_selection(tmp_path: Path) -> None:
    save_selection(selection_of([2, 5]), tmp_path / SELECTION)
    np.testing.assert_array_equal(load_selection(tmp_path).indices, [2, 5])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SelectionError, match=r"empty/selection\.npz.*run folder"):
        load_selection(tmp_path / "empty")


def test_split_shares() -> None:
    chosen = np.arange(100, 201)  # 101 examples
    weights, architecture = split_indices(chosen, np.random.default_rng(1))
    assert (len(weights), len(architecture)) == (50, 51)
    np.testing.assert_array_equal(np.sort(np.concatenate([weights, architecture])), chosen)
    weights, architecture = split_indices(chosen, np.random.default_rng(1), (0.4, 0.4))
    assert (len(weights), len(architecture)) == (40, 40)
    assert not np.intersect1d(weights, architecture).size
    with pytest.raises(SelectionError, match="sum to at most 1"):
        split_indices(chosen, np.random.default_rng(1), (0.8, 0.4))


def test_a_selection_keeps_how_it_was_made(tmp_path: Path) -> None:
    origin = ScoreOrigin(scorer="el2n", model="resnet20", recipe={"epochs": 15}, seed=3)
    values = np.arange(20.0)
    made = make_selection(
        dataset_of(), EL2NSelector(), 6, seed=3, values=values, origin=origin, shares=(0.4, 0.4)
    )
    save_selection(made, tmp_path / "s.npz")
    loaded = load_selection(tmp_path / "s.npz")
    assert loaded.scores == origin
    assert loaded.shares == (0.4, 0.4)
    assert loaded.version == made.version != ""
    unsaid = make_selection(dataset_of(), EL2NSelector(), 6, seed=3, values=values)
    assert unsaid.scores == ScoreOrigin(values_sha256=array_sha256(values))
    assert unsaid.scores.label == "given scores"
    unused = make_selection(dataset_of(), RandomSelector(), 6, seed=3, values=values, origin=origin)
    assert unused.scores is None, "it was not chosen by them"


EARLIER = {
    "arrays_sha256": "0c56bd7b55ce4e0f3b28a6bf9f6e0e6e0a0f",
    "dataset": "toy",
    "dataset_size": 20,
    "fingerprint": "abc",
    "format": 1,
    "method": "random",
    "parameters": {"a": 1},
    "seed": 7,
    "size": 2,
}
"""The keys that commit 9322855 wrote."""


def test_a_selection_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    save_selection(selection_of([1, 4], fingerprint="abc"), path)
    facts = json.loads(path.with_suffix(".json").read_text())
    earlier = {**EARLIER, "arrays_sha256": facts["arrays_sha256"]}
    path.with_suffix(".json").write_text(json.dumps(earlier))
    loaded = load_selection(path)
    assert loaded.indices.tolist() == [1, 4]
    assert (loaded.shares, loaded.version, loaded.scores) == (None, "", None)
    earlier["scores"] = {"training_accuracy": "high"}
    path.with_suffix(".json").write_text(json.dumps(earlier))
    with pytest.raises(SelectionError, match="is damaged"):
        load_selection(path)


def test_class_uniform_puts_every_class_in_both_halves() -> None:
    """Thirty classes of two images each: a random split would leave half of them out."""
    labels = np.repeat(np.arange(30), 4)
    dataset = ArrayDataset("toy", np.zeros((120, 2, 2), np.uint8), labels)
    for seed in range(5):
        made = make_selection(dataset, ClassUniformSelector(), 60, seed=seed)
        for half in (made.weight_indices, made.architecture_indices):
            assert np.bincount(labels[half]).tolist() == [1] * 30
