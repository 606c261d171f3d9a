"""Datasets that are made to fill the memory, to run a program or never to end."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from naslib_proxydata import memory
from naslib_proxydata.data.folder import open_folder
from naslib_proxydata.data.idx import read_idx
from naslib_proxydata.data.image_file import check_decodes, read_rgb
from naslib_proxydata.data.importable import WrappedDataset
from naslib_proxydata.data.mat import read_mat
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError, PluginError, ProxyDataError
from tests.data.python2 import pickled


@pytest.fixture(autouse=True)
def little_is_allocated() -> None:
    tracemalloc.start()
    yield  # type: ignore[misc]
    assert tracemalloc.get_traced_memory()[1] < 2**27
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((2**32 - 1, 2**32 - 1, 2**32 - 1), "declares .* GiB, more than"),
        ((2**30,), "cut short"),
        ((2**32 - 1,) * 255, "declares .* GiB"),
        ((2**16, 2**16, 2**16, 2**16), "declares"),  # whose product is 0 in 64 bits
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_counts_of_idx(tmp_path: Path, sizes: tuple[int, ...], message: str, packed: bool) -> None:
    content = bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + b"abc"
    path = tmp_path / ("a.gz" if packed else "a")
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DatasetError, match=message):
        read_idx(path)


def test_a_gzip_bomb_after_the_images(tmp_path: Path) -> None:
    content = bytes([0, 0, 8, 1]) + struct.pack(">I", 5) + b"12345"
    pack = zlib.compressobj(9, wbits=31)
    pieces = [pack.compress(content), *(pack.compress(bytes(2**20)) for _ in range(150))]
    (tmp_path / "a.gz").write_bytes(b"".join([*pieces, pack.flush()]))
    with pytest.raises(DatasetError, match="more values follow"):
        read_idx(tmp_path / "a.gz")


def matrix(dimensions: tuple[int, ...], kind: int = 6, inner: bytes = b"") -> bytes:
    """Return a Matlab 5 matrix ``X`` of doubles, or of another class, that declares its sizes."""
    sizes = struct.pack(f"<II{len(dimensions)}i", 5, 4 * len(dimensions), *dimensions)
    sizes += b"\0" * (-len(sizes) % 8)
    flags, name = struct.pack("<IIII", 6, 8, kind, 0), struct.pack("<HH4s", 1, 1, b"X\0\0\0")
    size = len(flags + sizes + name) + len(inner)
    return struct.pack("<II", 14, size) + flags + sizes + name + inner


def mat(path: Path, content: bytes) -> Path:
    header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49)
    path.write_bytes(header + content)
    return path


def test_what_a_mat_file_declares(tmp_path: Path) -> None:
    values = struct.pack("<IId", 9, 8, 2.5)
    (found,) = read_mat(mat(tmp_path / "ok.mat", matrix((1, 1), inner=values)), ("X",))
    assert found.item() == 2.5
    with pytest.raises(DatasetError, match=r"declares .* GiB, more than"):
        read_mat(mat(tmp_path / "a.mat", matrix((2**31 - 1, 2**31 - 1), inner=values)), ("X",))
    with pytest.raises(DatasetError, match="damaged"):
        read_mat(mat(tmp_path / "b.mat", matrix((2, 2), inner=values)), ("X",))


def test_cells_in_cells_are_not_entered(tmp_path: Path) -> None:
    """Each level is a call in C, whose stack ends somewhere."""
    content = b""
    for _ in range(20_000):
        content = matrix((1, 1), kind=1, inner=content)
        if len(content) > 2**17:
            break
    with pytest.raises(DatasetError, match="does not hold the arrays of numbers X"):
        read_mat(mat(tmp_path / "a.mat", content), ("X",))


def test_a_mat_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    savemat(tmp_path / "a.mat", {"X": np.zeros((1024, 1024))}, do_compression=True)
    assert (tmp_path / "a.mat").stat().st_size < 2**14
    monkeypatch.setattr(memory, "memory", lambda: 2**22)
    with pytest.raises(DatasetError, match="declares"):
        read_mat(tmp_path / "a.mat", ("X",))


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (png(2**31 - 1, 2**31 - 1), "bomb"),
        (png(60_000, 60_000), "bomb"),
        (png(0, 0), "damaged|not a readable"),
        (EPS, "not a readable image: it is none of JPEG"),
        (b"P6\n999999 999999\n255\n", "bomb"),
        (b"GIF89a\xff\xff\xff\xff\0\0\0;", "damaged|bomb|readable"),
    ],
    ids=["exabytes", "gigabytes", "nothing", "Ghostscript", "PPM", "GIF"],
)
def test_images(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_rgb(str(path))
    assert check_decodes(str(path))


def test_an_image_too_narrow_to_be_resized(tmp_path: Path) -> None:
    Image.new("RGB", (60_000, 1)).save(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="too narrow"):
        read_rgb(str(tmp_path / "a.png"), crop=224)


def test_a_flipped_bit_of_a_png_is_told(tmp_path: Path) -> None:
    """Stored without compression, a changed pixel is one that only the checksum knows."""
    Image.new("RGB", (9, 9), (7, 8, 9)).save(tmp_path / "a.png", compress_level=0)
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content.replace(bytes((7, 8, 9)), bytes((7, 8, 8)), 1))
    with pytest.raises(DatasetError, match="checksum does not fit"):
        read_rgb(str(tmp_path / "a.png"))


def test_a_pipe_among_images_is_told_at_once(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "b.png")
    dataset = open_folder(str(tmp_path))
    with pytest.raises(DatasetError, match=r"b\.png: it is a pipe"):
        dataset.pixels(np.arange(2))
    assert list(dataset.find_unreadable()) == [1]


SOURCES = [
    "{}",
    *(f"{name}:{{}}" for name in ("npz", "cifar10", "imagenet16-120", "svhn", "folder")),
    *(f"{name}:{{}}" for name in ("flowers102", "mit67", "fashion-mnist", "cifar100")),
    "npz:{}.npz",
    "svhn:{}.npz",
    "{}.npz",
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "name", ["x" * 620, "a\0b", "/dev/zero", "pipe", "loop", "file", "~nobody-at-all/x", "\x1b[2J"]
)
def test_places_where_no_dataset_is(tmp_path: Path, source: str, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").write_bytes(b"")
    place = name if name.startswith("~") else str(tmp_path / name)
    with pytest.raises(ProxyDataError) as caught:
        open_dataset(source.format(place))
    assert not isinstance(caught.value, PluginError), caught.value


def test_names_of_other_encodings_and_lengths(tmp_path: Path) -> None:
    (tmp_path / "Images" / "a").mkdir(parents=True)
    for line in (b"a/" + b"x" * 620 + b".jpg", b"a/\0.jpg", b"a/\xed\xa0\x80.jpg", b"a"):
        (tmp_path / "TrainImages.txt").write_bytes(line)
        with pytest.raises(DatasetError):
            open_dataset(f"mit67:{tmp_path}")


@pytest.mark.parametrize(
    "labels", [[10], [-1], [2**70], ["x"], [[1]], [None], [1e999], {}, "x", [1, 2]]
)
def test_labels_of_cifar10_that_are_none(tmp_path: Path, labels: object) -> None:
    import pickle

    row = np.zeros((1, 3072), np.uint8)
    path = tmp_path / "test_batch"
    path.write_bytes(pickle.dumps({b"data": row, b"labels": labels}, 2))
    with pytest.raises(DatasetError):
        open_dataset(f"cifar10:{path}")
    path.write_bytes(pickled({b"data": row, b"labels": [9]}))
    assert len(open_dataset(f"cifar10:{path}")) == 1


class _Held:
    """Items of Hugging Face where it does not decode."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> dict[str, object]:
        return {"image": {"bytes": self.content, "path": None}, "label": 0}


@pytest.mark.parametrize("content", [png(60_000, 60_000), EPS, b"\x89PNG\r\n\x1a\n\0", b""])
def test_images_held_as_bytes(content: bytes) -> None:
    with pytest.raises(DatasetError, match=r"an image of .* bytes"):
        WrappedDataset("held", _Held(content))


class _TruncatedImages(_Held):
    def __getitem__(self, index: int) -> tuple[Image.Image, int]:  # type: ignore[override]
        return Image.open(io.BytesIO(self.content)), 0


def test_an_image_that_is_only_now_read() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)).save(
        buffer, "JPEG"
    )
    with pytest.raises(DatasetError, match="an image is damaged"):
        WrappedDataset("lazy", _TruncatedImages(buffer.getvalue()[:700]))
