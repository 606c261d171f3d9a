"""Damaged copies of datasets: refused in a sentence, or taken with values that are sound."""

from __future__ import annotations

import gzip
import io
import struct
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.idx import read_idx
from naslib_proxydata.data.image_file import check_decodes, read_rgb
from naslib_proxydata.data.items import image_array
from naslib_proxydata.data.npz import read_arrays
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import PluginError
from naslib_proxydata.plugins import load
from tests.damage import damaged, many_copies, refused
from tests.data.python2 import pickled

GENERATOR = np.random.default_rng(5)
ROWS = GENERATOR.integers(0, 256, (8, 3072), np.uint8)
LABELS = [int(label) for label in GENERATOR.integers(0, 10, 8)]
PICTURE = GENERATOR.integers(0, 256, (12, 16, 3), np.uint8)


plugins = cache(load)


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def opened(source: str, kind: str) -> Dataset | None:
    """Open a dataset of a damaged copy; one that is taken has sound labels and images."""

    def read() -> Dataset:
        try:
            dataset = open_dataset(source, plugins())
        except PluginError as error:  # the net below the readers, which must not be needed
            raise AssertionError(error) from error
        pixels = dataset.pixels(np.arange(len(dataset)))
        assert str(pixels.dtype) == "torch.uint8"
        assert pixels.shape[0] == len(dataset) > 0
        if dataset.labels is not None:
            assert dataset.labels.shape == (len(dataset),)
            assert dataset.labels.dtype == np.int64
            assert 0 <= dataset.labels.min() <= dataset.labels.max() < dataset.num_classes
        return dataset

    return refused(read, kind)


@cache
def npz(compressed: bool) -> bytes:
    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    names = np.array([f"class {number}" for number in range(10)])
    images = ROWS.reshape(8, 3, 32, 32)
    save(buffer, images=images, labels=np.array(LABELS), index=np.arange(8), class_names=names)
    return buffer.getvalue()


@many_copies
@given(data=st.data())
@pytest.mark.parametrize("compressed", [True, False])
def test_npz(data: st.DataObject, tmp_path: Path, compressed: bool) -> None:
    path = written(tmp_path / "a.npz", data.draw(damaged(npz(compressed))))
    opened(str(path), "npz dataset")
    arrays = refused(lambda: read_arrays(path), "npz arrays")
    whole = np.load(io.BytesIO(npz(compressed)))
    for name, array in (arrays or {}).items():  # each has its checksum, and so has its name
        np.testing.assert_array_equal(array, whole[name])


@many_copies
@given(data=st.data())
def test_cifar10_batch(data: st.DataObject, tmp_path: Path) -> None:
    genuine = pickled({b"batch_label": b"testing", b"labels": LABELS, b"data": ROWS})
    path = written(tmp_path / "test_batch", data.draw(damaged(genuine)))
    dataset = opened(f"cifar10:{path}", "CIFAR batch")
    assert dataset is None or dataset.pixels(np.array([0])).shape[1:] == (3, 32, 32)


@many_copies
@given(data=st.data())
def test_cifar10_names(data: st.DataObject, tmp_path: Path) -> None:
    names = pickled({b"label_names": [f"class {number}".encode() for number in range(10)]})
    written(tmp_path / "test_batch", pickled({b"labels": LABELS, b"data": ROWS}))
    written(tmp_path / "batches.meta", data.draw(damaged(names)))
    opened(f"cifar10:{tmp_path / 'test_batch'}", "CIFAR names")


@many_copies
@given(data=st.data())
def test_cifar_binary(data: st.DataObject, tmp_path: Path) -> None:
    records = b"".join(
        bytes([label]) + row.tobytes() for label, row in zip(LABELS, ROWS, strict=True)
    )
    path = written(tmp_path / "test_batch.bin", data.draw(damaged(records)))
    written(tmp_path / "batches.meta.txt", data.draw(damaged(b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n")))
    opened(f"cifar10:{path}", "CIFAR binary")


@many_copies
@given(data=st.data())
def test_imagenet16_batch(data: st.DataObject, tmp_path: Path) -> None:
    genuine = pickled({b"data": ROWS[:, :768], b"labels": [label + 1 for label in LABELS]})
    path = written(tmp_path / "val_data", data.draw(damaged(genuine)))
    opened(f"imagenet16-120:{path}", "ImageNet16 batch")


def idx(values: NDArray[np.uint8]) -> bytes:
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


IMAGES = idx(ROWS[:, :784].reshape(8, 28, 28))


@many_copies
@given(data=st.data())
def test_idx(data: st.DataObject, tmp_path: Path) -> None:
    written(tmp_path / "train-images-idx3-ubyte", data.draw(damaged(IMAGES)))
    labels = idx(np.array(LABELS, np.uint8))
    written(tmp_path / "train-labels-idx1-ubyte", data.draw(damaged(labels)))
    opened(f"fashion-mnist:{tmp_path}", "idx")


@many_copies
@given(data=st.data())
def test_idx_gzipped(data: st.DataObject, tmp_path: Path) -> None:
    path = written(tmp_path / "a.gz", data.draw(damaged(gzip.compress(IMAGES, mtime=0))))
    values = refused(lambda: read_idx(path), "idx gzipped")
    if values is not None:  # gzip has a checksum
        np.testing.assert_array_equal(values, ROWS[:, :784].reshape(8, 28, 28))


@cache
def mat(do_compression: bool, form: str = "5", **arrays: Any) -> bytes:
    buffer = io.BytesIO()
    if not arrays:
        images = ROWS.reshape(8, 3, 32, 32).transpose(2, 3, 1, 0)
        arrays = {"X": images, "y": np.array(LABELS, np.uint8)[:, None] + 1}
    if form == "4":  # of two dimensions only
        arrays = {"y": np.array(LABELS, np.uint8)[:, None] + 1}
    savemat(buffer, arrays, format=form, do_compression=do_compression)  # type: ignore[arg-type]
    return buffer.getvalue()


@many_copies
@given(data=st.data())
@pytest.mark.parametrize(
    ("do_compression", "form"), [(True, "5"), (False, "5"), (False, "4")], ids=str
)
def test_svhn(data: st.DataObject, tmp_path: Path, do_compression: bool, form: str) -> None:
    path = written(tmp_path / "train_32x32.mat", data.draw(damaged(mat(do_compression, form))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened(f"svhn:{path}", "mat")


@cache
def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PICTURE).save(buffer, "JPEG")
    return buffer.getvalue()


@many_copies
@given(data=st.data())
def test_flowers102(data: st.DataObject, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        written(tmp_path / "jpg" / f"image_0000{number}.jpg", jpeg())
    for name, key, value in (
        ("imagelabels.mat", "labels", np.array([[77, 1, 102]], np.uint8)),
        ("setid.mat", "trnid", np.array([[3, 1]], np.uint16)),
    ):
        buffer = io.BytesIO()
        savemat(buffer, {key: value}, do_compression=True)
        written(tmp_path / name, data.draw(damaged(buffer.getvalue())))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened(f"flowers102:{tmp_path}", "Flowers-102")


@many_copies
@given(data=st.data())
def test_mit67(data: st.DataObject, tmp_path: Path) -> None:
    for name in ("bakery/one.jpg", "bakery/two.jpg", "attic/three.jpg"):
        written(tmp_path / "Images" / name, jpeg())
    genuine = b"bakery/one.jpg\nattic/three.jpg\n"
    written(tmp_path / "TrainImages.txt", data.draw(damaged(genuine)))
    opened(f"mit67:{tmp_path}", "MIT67 list")


def image(form: str, mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture = Image.fromarray(PICTURE)
    if mode == "I;16":
        picture = Image.fromarray(PICTURE[:, :, 0].astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    return image("JPEG", exif=exif)


PICTURES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: image("JPEG"),
    "JPEG progressive": lambda: image("JPEG", progressive=True),
    "JPEG with EXIF": with_exif,
    "JPEG of CMYK": lambda: image("JPEG", "CMYK"),
    "PNG": lambda: image("PNG"),
    "PNG with a palette": lambda: image("PNG", "P"),
    "PNG of 16 bits": lambda: image("PNG", "I;16"),
    "PNG with alpha": lambda: image("PNG", "RGBA"),
    "GIF": lambda: image("GIF"),
    "BMP": lambda: image("BMP"),
    "PPM": lambda: image("PPM"),
    "TIFF": lambda: image("TIFF"),
    "TIFF packed": lambda: image("TIFF", compression="tiff_lzw"),
    "WEBP": lambda: image("WEBP"),
}


@many_copies
@given(data=st.data())
@pytest.mark.parametrize("kind", list(PICTURES))
def test_image(data: st.DataObject, tmp_path: Path, kind: str) -> None:
    genuine = PICTURES[kind]()
    whole = read_rgb(str(written(tmp_path / "whole.jpg", genuine)))
    content = data.draw(damaged(genuine))
    path = str(written(tmp_path / "a.jpg", content))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of what it skips
        pixels = refused(lambda: read_rgb(path), kind)
        if pixels is not None:
            assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)
            if kind.startswith("PNG"):  # which has checksums
                np.testing.assert_array_equal(pixels, whole)
        cropped = refused(lambda: read_rgb(path, crop=8), f"{kind} cropped")
        assert cropped is None or cropped.shape == (8, 8, 3)
        refused(lambda: check_decodes(path), f"{kind} checked")
        refused(lambda: image_array({"bytes": content}, "held"), f"{kind} in memory")


ARRAYS = {
    "images": ROWS[:, :192].reshape(8, 3, 8, 8),
    "labels": np.array(LABELS),
    "index": np.arange(8),
    "class_names": np.array([f"class {number}" for number in range(10)]),
}
ODD: tuple[NDArray[Any], ...] = (
    *(np.zeros(0), np.array(5), np.array("x"), np.array(["a"] * 8), np.array(["a"] * 7)),
    np.array([b"\xff"] * 8),
    *(np.full(8, np.nan), np.full(8, np.inf), np.full(8, -1), np.full(8, 2**63, np.uint64)),
    *(np.zeros((8, 3, 8)), np.zeros((8, 5, 8, 8), np.uint8), np.zeros((8, 3, 0, 8), np.uint8)),
    *(np.zeros(8, "datetime64[s]"), np.zeros(8, complex), np.zeros(8, [("a", "i4")])),
    *(np.zeros(8, "V4"), np.full((8, 3, 8, 8), np.nan), np.zeros((1,) * 30), np.zeros(8, bool)),
    *(np.full(8, 1.5, np.float16), np.full(8, 10**9), np.eye(8), np.zeros((7, 3, 8, 8), np.uint8)),
)


@pytest.mark.parametrize("name", [*ARRAYS, "residual"])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd.dtype} {odd.shape}")
def test_npz_of_odd_arrays(tmp_path: Path, name: str, odd: NDArray[Any]) -> None:
    np.savez(tmp_path / "a.npz", **{**ARRAYS, name: odd})  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened(f"{tmp_path / 'a.npz'}", "npz of odd arrays")


@pytest.mark.parametrize("name", ["X", "y"])
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd.dtype} {odd.shape}")
def test_svhn_of_odd_arrays(tmp_path: Path, name: str, odd: NDArray[Any]) -> None:
    images = ROWS.reshape(8, 3, 32, 32).transpose(2, 3, 1, 0)
    arrays = {"X": images, "y": np.array(LABELS)[:, None] + 1, name: odd}
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    opened(f"svhn:{tmp_path / 'a.npz'}", "SVHN of odd arrays")


@pytest.mark.parametrize("name", ["imagelabels.mat labels", "setid.mat trnid"])
@pytest.mark.parametrize(
    "odd", [one for one in ODD if one.dtype.kind in "biufcU" and one.ndim < 4], ids=str
)
def test_flowers102_of_odd_arrays(tmp_path: Path, name: str, odd: NDArray[Any]) -> None:
    for number in (1, 2, 3):
        written(tmp_path / "jpg" / f"image_0000{number}.jpg", jpeg())
    genuine = {"imagelabels.mat labels": np.array([[77, 1, 102]]), "setid.mat trnid": [[3, 1]]}
    for place, value in {**genuine, name: odd}.items():
        file, key = place.split()
        savemat(tmp_path / file, {key: value})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened(f"flowers102:{tmp_path}", "Flowers-102 of odd arrays")
