from __future__ import annotations

import gzip
import hashlib
import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.images import load_images
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.hookspecs import Registration, hookimpl
from naslib_proxydata.plugins import Provider, load

SHA256 = {
    "cifar10_train10000.npz": "2f36aac721d9bc8dfa4fe788f951685e47e5c0a3cbe784a9f55ec7e438b91b0a",
    "cifar10_test2000.npz": "b7408410fe9769a9f68ccccf724902043c4dc6495ab6e5275288f842c914395b",
    "cifar10_batch64.npz": "bf1670ce9acbb481154fe55bf226709e5b064ddc56afdd90b0955cf8bacb6553",
}


def rgb(count: int, height: int = 4, width: int = 5) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.mark.parametrize("name", SHA256)
def test_measured_files_decode_to_their_published_sums(shared_data: Path, name: str) -> None:
    dataset = open_dataset(f"cifar10:{shared_data / name}")
    assert isinstance(dataset, ArrayDataset)
    images = dataset.images.permute(0, 2, 3, 1).contiguous().numpy()
    assert hashlib.sha256(images.tobytes()).hexdigest() == SHA256[name]
    assert (dataset.name, dataset.num_classes) == ("cifar10", 10)
    assert dataset.class_names[0] == "airplane"
    assert (dataset.source_index is None) == (name == "cifar10_test2000.npz")


def test_items_are_image_label_index() -> None:
    digits = open_dataset("digits")
    image, label, index = digits[5]
    assert (image.dtype, tuple(image.shape), label, index) == (torch.uint8, (1, 8, 8), 5, 5)
    assert len(digits) == 1797
    with pytest.raises(IndexError):
        digits[1797]


@pytest.mark.parametrize(
    "index", [np.arange(3), np.linspace(0, 1, 10), np.array(3), np.arange(10)[:, None]]
)
def test_an_index_that_fits_no_images_is_refused(index: NDArray[Any], tmp_path: Path) -> None:
    """Scores of the larger dataset are read through it."""
    path = tmp_path / "part.npz"
    np.savez(path, images=np.zeros((10, 4, 4), np.uint8), index=index)
    with pytest.raises(DatasetError, match="index must hold 10 whole numbers"):
        open_dataset(str(path))


@pytest.mark.parametrize("index", [[0, -1], np.array([0, 2**63 + 5], np.uint64)])
def test_positions_before_the_beginning_are_refused(index: Any) -> None:
    """numpy would take them for positions from the end."""
    images = np.zeros((2, 4, 4), np.uint8)
    with pytest.raises(DatasetError, match=r"whole numbers from 0, .* got (-1 to 0|0 to 9\d+)"):
        ArrayDataset("part", images, source_index=np.asarray(index))


def test_npz_layouts_agree(tmp_path: Path) -> None:
    images, labels = rgb(6), np.array([0, 1, 2, 0, 1, 2])
    np.savez(tmp_path / "last.npz", images=images, labels=labels)
    np.savez(tmp_path / "first.npz", x=images.transpose(0, 3, 1, 2), y=labels[:, None])
    last, first = (open_dataset(str(tmp_path / f"{name}.npz")) for name in ("last", "first"))
    assert last.fingerprint == first.fingerprint
    assert last.num_classes == 3
    np.savez(tmp_path / "unlabelled.npz", image=images)
    assert open_dataset(f"npz:{tmp_path / 'unlabelled.npz'}").labels is None


def test_fingerprint_sees_order_labels_and_pixels() -> None:
    images, labels = rgb(6).transpose(0, 3, 1, 2), np.array([0, 1, 2, 0, 1, 2])
    own = ArrayDataset("a", images, labels).fingerprint
    changed = images.copy()
    changed[3, 0, 0, 0] ^= 1
    others = [
        ArrayDataset("a", images[::-1], labels[::-1]),
        ArrayDataset("a", images, labels[::-1]),
        ArrayDataset("a", images),
        ArrayDataset("a", changed, labels),
        ArrayDataset("a", images[:5], labels[:5]),
    ]
    assert ArrayDataset("another name", images, labels).fingerprint == own
    assert len({own, *(other.fingerprint for other in others)}) == 6


def test_statistics_are_those_of_the_pixels() -> None:
    images = rgb(50).transpose(0, 3, 1, 2)
    mean, std = ArrayDataset("a", images).statistics
    np.testing.assert_allclose(mean, (images / 255).mean((0, 2, 3)))
    np.testing.assert_allclose(std, (images / 255).std((0, 2, 3)))


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo harm",)


def test_a_hostile_batch_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "test_batch"
    path.write_bytes(pickle.dumps({b"data": Hostile()}))
    with pytest.raises(DatasetError, match=r"system, .*nothing of it was run"):
        open_dataset(f"cifar10:{path}")
    path.write_bytes(b"\x80\x02garbage")
    with pytest.raises(DatasetError, match=r"the CIFAR batch .* is truncated or damaged"):
        open_dataset(f"cifar10:{path}")


def idx(array: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def test_fashion_mnist(tmp_path: Path) -> None:
    images = rgb(3, 28, 28)[..., 0]
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.array([9, 0, 4], np.uint8)))
    dataset = open_dataset(f"fashion-mnist:{tmp_path}")
    np.testing.assert_array_equal(dataset.pixels(np.arange(3))[:, 0].numpy(), images)
    assert dataset.num_classes == 10
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.array([9, 0, 4], np.uint8))[:-1])
    with pytest.raises(DatasetError, match="cut short"):
        open_dataset(f"fashion-mnist:{tmp_path}")
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"not gzip")
    with pytest.raises(DatasetError, match=r"ubyte\.gz is damaged .*official place"):
        open_dataset(f"fashion-mnist:{tmp_path}")
    with pytest.raises(DatasetError, match="dataset-fashion-mnist"):
        open_dataset(f"fashion-mnist:{tmp_path / 'absent'}")


class Pairs:
    classes = ("a", "b")

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return torch.full((3, 2, 2), index / 4), index % 2


def test_importable_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("my_data")
    module.Pairs = Pairs  # type: ignore[attr-defined]
    module.images = [Image.fromarray(image) for image in rgb(3)]  # type: ignore[attr-defined]
    module.normalised = [torch.full((3, 2, 2), -1.0)]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_data", module)
    module.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    pairs = open_dataset("my_data:Pairs")
    assert pairs.labels is not None
    assert pairs.labels.tolist() == [0, 1, 0, 1]
    assert pairs.pixels(np.array([2])).unique().tolist() == [128]
    images = open_dataset("my_data:images")
    assert images.labels is None
    np.testing.assert_array_equal(images.pixels(np.array([1]))[0].permute(1, 2, 0), rgb(3)[1])
    with pytest.raises(DatasetError, match="leave the normalisation out"):
        open_dataset("my_data:normalised").pixels(np.array([0]))
    with pytest.raises(DatasetError, match="expected module:attribute"):
        open_dataset("my_data:absent")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("cifar11:x", "Did you mean 'cifar1"),
        ("cifar10", "write cifar10:PATH"),
        ("cifar100:", "write cifar100:PATH"),
        ("npz", "write npz:PATH"),
        ("folder", "write folder:PATH"),
        ("digits:/nowhere", "takes no path"),
        ("cifar10:/nowhere", "cifar-10-python.tar.gz"),
        ("npz:/nowhere.npz", "no file"),
        ("folder:/nowhere", "no folder"),
    ],
)
def test_unknown_and_absent_sources(source: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        open_dataset(source)


def test_damaged_npz(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    path.write_bytes(b"garbage")
    with pytest.raises(DatasetError, match="is damaged"):
        open_dataset(str(path))
    np.savez(path, images=np.array([Hostile()], dtype=object))
    with pytest.raises(DatasetError, match="is damaged"):
        open_dataset(str(path))
    np.savez(path, pictures=rgb(2))
    with pytest.raises(DatasetError, match="found pictures"):
        open_dataset(str(path))
    np.savez(path, images=rgb(2), labels=np.array([0]))
    with pytest.raises(DatasetError, match="need labels of shape"):
        open_dataset(str(path))
    np.savez(path, images=rgb(2), labels=np.array([0.5, 1]))
    with pytest.raises(DatasetError, match="whole numbers"):
        open_dataset(str(path))


def test_formats_of_plugins_are_understood(tmp_path: Path) -> None:
    asked = []

    def open_grey(path: str) -> ArrayDataset:
        asked.append(path)
        return ArrayDataset("grey", np.zeros((6, 4, 4), np.uint8))

    class Plugin:
        @hookimpl
        def register_datasets(self) -> list[Registration]:
            return [Registration("grey", open_grey, "grey images", aliases=("gray",))]

    found = load()
    found.add(Plugin(), Provider("mine", "tests"))
    assert open_dataset("grey", found).name == "grey"
    assert open_dataset("gray:a:b", found).name == "grey"
    assert asked == ["", "a:b"]
    assert load_images("grey:x", 3, seed=0, size=8, plugins=found).source == "grey"
    with pytest.raises(DatasetError, match="Did you mean 'grey'"):
        open_dataset("grei", found)
    with pytest.raises(DatasetError, match="unknown dataset 'grey'"):
        open_dataset("grey")


def test_indices_are_plain_whatever_asks_for_them() -> None:
    _, label, index = open_dataset("digits")[np.int64(7)]  # type: ignore[index]
    assert (type(label), type(index), index) == (int, int, 7)
