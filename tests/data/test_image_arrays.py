"""Layouts and units of images, with worked values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.image_arrays import brightness, channels_first
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 8, 9), (5, 1, 8, 9)),
        ((5, 8, 9, 1), (5, 1, 8, 9)),
        ((5, 8, 9, 3), (5, 3, 8, 9)),
        ((5, 8, 9, 4), (5, 3, 8, 9)),
        ((5, 1, 8, 9), (5, 1, 8, 9)),
        ((5, 3, 8, 9), (5, 3, 8, 9)),
        ((5, 4, 8, 9), (5, 3, 8, 9)),
        ((5, 4, 9, 3), (5, 3, 4, 9)),  # four rows
        ((5, 3, 9, 4), (5, 3, 9, 4)),  # four columns
        ((5, 3, 9, 3), (5, 3, 9, 3)),  # either: PyTorch's order
    ],
)
def test_the_axis_of_channels(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    images = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    found = channels_first(images, "mine")
    assert found.shape == expected
    last = shape[1:3] == expected[2:] and len(shape) == 4
    corner = images[2, 1, 2, 0] if last else images[2, 0, 1, 2] if len(shape) == 4 else None
    assert found[2, 0, 1, 2] == (images[2, 1, 2] if corner is None else corner)


@pytest.mark.parametrize("shape", [(5, 8, 9, 2), (5, 13, 8, 9), (5, 8), (0, 8, 8), (5, 1, 2, 3, 4)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DatasetError, match=r"dataset 'mine': images (of|must have the) shape"):
        ArrayDataset("mine", np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([0, 7, 255], "u1", [0, 7, 255]),
        ([False, True], "?", [0, 255]),
        ([0, 257, 32_896, 65_535], "u2", [0, 1, 128, 255]),
        ([0, 257, 32_896, 65_535], ">u2", [0, 1, 128, 255]),
        ([0, 200, 255], "i8", [0, 200, 255]),
        ([0, 200, 255], "u4", [0, 200, 255]),
        ([0.0, 0.5, 1.0], "f4", [0, 128, 255]),
        ([0.0, 0.1, 0.2], "f8", [0, 26, 51]),
        ([0.0, 1.0, 200.4], "f4", [0, 1, 200]),
        ([0.0, 0.25, 1.0004], "f4", [0, 64, 255]),
    ],
)
def test_numbers_become_bytes(values: list[Any], kind: str, expected: list[int]) -> None:
    images = np.array(values, kind).reshape(1, 1, 1, -1)
    assert ArrayDataset("mine", images).images.flatten().tolist() == expected


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([-1.2, 2.0], "f4", "float32 from -1.2 to 2; leave the normalisation out"),
        ([0.0, 2.5], "f4", "reach from 0 to 1 or from 0 to 255"),
        ([0.0, 16.0], "f8", "scale other units"),
        ([0.0, 300.0], "f8", "float64 from 0 to 300"),
        ([0.0, np.nan], "f8", "from nan to nan"),
        ([0.0, np.inf], "f8", "to inf"),
        ([-128, 127], "i1", "int8 from -128 to 127"),
        ([0, 256], "i4", "int32 from 0 to 256"),
        ([0, 255], "u2", "nearly black; scale them to 0 to 65,535, or give 0 to 255 as uint8"),
        ([0, 1], "c8", "got complex64"),
    ],
)
def test_other_units_are_refused(values: list[Any], kind: str, message: str) -> None:
    images = np.array(values, kind).reshape(1, 1, 1, -1)
    with pytest.raises(DatasetError, match=message):
        ArrayDataset("mine", images)


def test_one_unit_holds_for_all_images() -> None:
    found = brightness(np.array([0.0, 200.0], np.float32), "mine")
    assert found.to_bytes(np.array([0.2, 1.0], np.float32), "mine").tolist() == [0, 1]
    with pytest.raises(DatasetError, match="from -3 to 1"):
        found.to_bytes(np.array([-3, 1], np.float32), "mine")


def test_an_npz_of_transparent_16_bit_images(tmp_path: Path) -> None:
    images = np.zeros((2, 5, 6, 4), np.uint16)
    images[0, 1, 2] = (65_535, 0, 257, 9)
    np.savez(tmp_path / "deep.npz", images=images)
    dataset = open_dataset(str(tmp_path / "deep.npz"))
    assert dataset[0][0].shape == (3, 5, 6)
    assert dataset[0][0][:, 1, 2].tolist() == [255, 0, 1]
