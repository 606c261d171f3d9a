from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection import large
from naslib_proxydata.selection.base import SelectorInputs, not_finite
from naslib_proxydata.selection.class_outliers import ClassOutliersSelector
from naslib_proxydata.selection.k_center import greedy_k_center
from naslib_proxydata.selection.kmeans_outliers import KMeansOutliersSelector
from naslib_proxydata.selection.large import row_chunks, scratch_array


def features(count: int = 300, dimensions: int = 12) -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    centres = generator.normal(0, 2, (3, dimensions))
    return (centres[np.arange(count) % 3] + generator.normal(0, 1, (count, dimensions))).astype(
        np.float32
    )


def test_chunks_cover_all_rows_and_none_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "AT_ONCE", 100)
    assert list(row_chunks(7, 30)) == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert list(row_chunks(2, 1000)) == [slice(0, 1), slice(1, 2)]
    assert list(row_chunks(5, 0, most=3)) == [slice(0, 3), slice(3, 5)]
    assert list(row_chunks(0, 4)) == []


def test_a_large_array_lies_in_a_file_of_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path / "cache"))
    assert not isinstance(scratch_array((10, 3), np.float32), np.memmap)
    monkeypatch.setattr(large, "IN_MEMORY", 100)
    array = scratch_array((10, 3), np.float32)
    assert isinstance(array, np.memmap)
    array[:] = 7
    assert array.sum() == 210
    assert list((tmp_path / "cache").iterdir()) == []  # it has no name, so it cannot be left
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path / "file"))
    with pytest.raises(SelectionError, match=r"GiB are needed in .*NASLIB_PROXYDATA_CACHE"):
        scratch_array((10, 3), np.float32)


def test_not_finite_rows_are_found_in_every_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "AT_ONCE", 24)
    points = features(30, 12)
    points[3, 1], points[29, 11], points[4, 0] = np.nan, np.inf, -np.inf
    assert not_finite(points).tolist() == [3, 4, 29]
    assert not_finite(points[:, 0]).tolist() == [4]
    assert not_finite(np.empty((0, 4))).tolist() == []


def test_selectors_choose_the_same_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In chunks of a few rows, and with copies in files, as for ImageNet."""
    points = features()
    inputs = SelectorInputs(300, labels=np.arange(300) % 3, features=points)

    def chosen() -> list[list[int]]:
        outliers, clusters = ClassOutliersSelector(), KMeansOutliersSelector(clusters=4)
        selected = [
            one.select(inputs, 60, np.random.default_rng(0)) for one in (outliers, clusters)
        ]
        return [one.tolist() for one in (*selected, greedy_k_center(points, 40))]

    before = chosen()
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path))
    monkeypatch.setattr(large, "AT_ONCE", 7 * points[0].nbytes)
    monkeypatch.setattr("naslib_proxydata.selection.k_center.AT_ONCE", 7 * points[0].nbytes)
    monkeypatch.setattr(large, "IN_MEMORY", 100)
    assert chosen() == before


def test_distances_take_memory_for_a_chunk_and_not_for_a_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Features of 20 MB in chunks of 256 KiB; copies of them took 20 to 60 MB."""
    points = features(10_000, 512)
    monkeypatch.setattr(large, "AT_ONCE", 2**18)
    monkeypatch.setattr("naslib_proxydata.selection.k_center.AT_ONCE", 2**18)
    inputs = SelectorInputs(10_000, labels=np.arange(10_000) % 2, features=points)
    tracemalloc.start()
    ClassOutliersSelector().select(inputs, 100, np.random.default_rng(0))
    greedy_k_center(points, 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e6


def test_class_outliers_keep_the_nearest_to_the_mean_of_their_class() -> None:
    """Class 0 is 0, 1, 2, 9 with mean 3; class 1 is 5, 5, 8, 2 with mean 5."""
    points = np.array([[0], [5], [1], [5], [2], [8], [9], [2]], np.float32)
    inputs = SelectorInputs(8, labels=np.arange(8) % 2, features=points)
    kept = ClassOutliersSelector().select(inputs, 4, np.random.default_rng(0))
    assert kept.tolist() == [1, 2, 3, 4]
