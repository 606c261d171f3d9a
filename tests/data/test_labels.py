"""Labels as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.data.labels import class_labels
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError


def test_numbers_that_are_no_classes_are_refused() -> None:
    """Such as hashes: counting them would fill the memory."""
    with pytest.raises(DatasetError, match="there is a label 1000000000000, so there would be"):
        class_labels("toy", np.array([0, 10**12]), 2)


@pytest.mark.parametrize(
    ("labels", "names", "expected", "named"),
    [
        (np.array([2, 0, 1]), (), [2, 0, 1], ()),
        (np.array([2.0, 0.0, 1.0]), "abc", [2, 0, 1], ("a", "b", "c")),
        (np.array([[2], [0], [1]]), (), [2, 0, 1], ()),
        (np.array(["cat", "ant", "cat"]), (), [1, 0, 1], ("ant", "cat")),
        (np.array([b"cat", b"ant", b"cat"]), (), [1, 0, 1], ("ant", "cat")),
        (np.array(["cat", "ant", "cat"], object), (), [1, 0, 1], ("ant", "cat")),
        (np.array(["cat", "ant", "cat"]), ("cat", "bee", "ant"), [0, 2, 0], ("cat", "bee", "ant")),
        (np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], np.uint8), (), [2, 0, 1], ()),
        (np.array([[0, 1], [1, 0], [0, 1.0]]), (), [1, 0, 1], ()),
        (np.array([[False, True], [True, False], [False, True]]), (), [1, 0, 1], ()),
    ],
)
def test_classes_are_understood(
    labels: Any, names: Any, expected: list[int], named: tuple[str, ...]
) -> None:
    found, found_names = class_labels("mine", labels, 3, tuple(names))
    assert (found.tolist(), found.dtype, found_names) == (expected, np.int64, named)


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        (np.array([0, 1]), (), r"3 images need labels of shape \(3,\), got \(2,\)"),
        (np.array([0, 1, -1]), (), "counted from 0, got int64 from -1 to 1"),
        (np.array([0, 1, 0.5]), (), "whole numbers counted from 0"),
        (np.array([0, 1, np.nan]), (), "whole numbers counted from 0"),
        (np.array([0, 1, 3]), ("a", "b", "c"), "a label 3, and 3 names"),
        (np.array(["a", "b", "q"]), ("a", "b"), "a label 'q', which is none of the 2 names"),
        (np.array(["a", "b", "a"]), ("a", "a", "b"), "two classes are called 'a'"),
        (np.array([[0.2, 0.8], [1, 0], [0, 1]]), (), "must be one-hot"),
        (np.array([[1, 1], [1, 0], [0, 1]]), (), "must be one-hot"),
        (np.array([1, "a", None], object), (), "got a int"),
        (np.array(["2020-01-01"] * 3, "M8[D]"), (), "whole numbers counted from 0, got datetime64"),
    ],
)
def test_others_are_refused(labels: Any, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        class_labels("mine", labels, 3, names)


def test_names_that_are_no_utf8_stay_different_classes() -> None:
    found, names = class_labels("mine", np.array([b"caf\xe9", b"caf\xe8", b"caf\xe9"]), 3)
    assert (found.tolist(), names) == ([1, 0, 1], ("caf\\xe8", "caf\\xe9"))


def test_an_npz_of_names_and_one_of_one_hot_labels_agree(tmp_path: Path) -> None:
    images = np.zeros((3, 4, 4), np.uint8)
    np.savez(tmp_path / "names.npz", images=images, labels=np.array(["b", "a", "b"]))
    np.savez(tmp_path / "hot.npz", images=images, labels=np.array([[0, 1], [1, 0], [0, 1]]))
    names, hot = (open_dataset(str(tmp_path / f"{name}.npz")) for name in ("names", "hot"))
    assert names.fingerprint == hot.fingerprint
    assert names.class_names == ("a", "b")


def test_texts_must_be_as_many_as_the_images() -> None:
    with pytest.raises(DatasetError, match=r"3 images need labels of shape \(3,\), got \(2,\)"):
        class_labels("toy", np.array(["cat", "dog"]), 3)
