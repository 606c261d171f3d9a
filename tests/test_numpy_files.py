"""Archives of arrays: what they declare is checked before anything is made for it."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata import memory
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.numpy_files import read_npz

ADVICE = "get it again"


def read(path: Path) -> dict[str, Any]:
    return read_npz(path, DatasetError, ADVICE)


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    buffer = io.BytesIO()
    fields = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, fields)
    return buffer.getvalue()


def packed(path: Path, content: bytes, method: int = zipfile.ZIP_DEFLATED, times: int = 1) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for _ in range(times):
            archive.writestr("images.npy", content)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(tmp_path: Path, save: Callable[..., None]) -> None:
    arrays = {
        "images": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        "transposed": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "names": np.array(["a", "bc"]),
        "empty": np.zeros((0, 3)),
        "one": np.array(3.5),
        "big end": np.arange(3, dtype=">i4"),
    }
    save(tmp_path / "a.npz", **arrays)
    found = read(tmp_path / "a.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    only = read_npz(tmp_path / "a.npz", DatasetError, ADVICE, {"one", "absent"})
    assert list(only) == ["one"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header((2**40,)) + b"12345678", "declares an array of 8796093022208 bytes, and has 8"),
        (header((2**31, 2**31, 2**31, 2**31)), "declares an array of"),
        (header((-3,)) + b"\0" * 24, "is damaged"),
        (header((2**40,), "|S0"), "it holds 1099511627776 values of no bytes"),
        (header((3,)) + b"\0" * 32, "declares an array of 24 bytes, and has 32"),
        (header((1,), "|O") + b"cos\nsystem\n(S'true'\ntR.", "pickled objects"),
        (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, "is damaged"),
        (b"", "is damaged"),
    ],
    ids=["terabytes", "overflow", "negative", "nothing", "more", "objects", "deep header", "empty"],
)
def test_an_array_that_is_not_what_it_declares(
    tmp_path: Path, content: bytes, message: str
) -> None:
    tracemalloc.start()
    with pytest.raises(DatasetError, match=message) as caught:
        read(packed(tmp_path / "a.npz", content))
    assert "get it again" in str(caught.value)
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


def test_a_bomb_is_refused_before_it_goes_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "a.npz", header((2**24,), "|u1") + b"\0" * 2**24)
    assert path.stat().st_size < 2**16
    assert read(path)["images"].shape == (2**24,)
    monkeypatch.setattr(memory, "memory", lambda: 2**23)
    with pytest.raises(DatasetError, match=r"more than the 0\.0 GiB of memory"):
        read(path)


def test_a_size_that_no_compression_reaches(tmp_path: Path) -> None:
    """The directory's size of a member is where bombs lie that are none."""
    path = packed(tmp_path / "a.npz", header((3,)) + b"\0" * 24)
    content = path.read_bytes()
    size = (len(header((3,))) + 24).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (2**31).to_bytes(4, "little")))
    with pytest.raises(DatasetError, match="declares 2147483648 bytes in"):
        read(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_archives_are_refused(tmp_path: Path) -> None:
    content = header((1,)) + b"\0" * 8
    with pytest.raises(DatasetError, match="'images' twice"):
        read(packed(tmp_path / "twice.npz", content, times=2))
    with pytest.raises(DatasetError, match="none of numpy's"):
        read(packed(tmp_path / "lzma.npz", content, zipfile.ZIP_LZMA))
    np.save(tmp_path / "a.npy", np.arange(3))
    with pytest.raises(DatasetError, match="not a zip file"):
        read(tmp_path / "a.npy")
