"""Images of every kind become RGB of 8 bits, or are refused in one line."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from naslib_proxydata.data.image_file import check_decodes, read_rgb, resized_and_cropped
from naslib_proxydata.errors import DatasetError


def saved(image: Image.Image, path: Path, **how: Any) -> str:
    image.save(path, **how)
    return str(path)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path, suffix: str) -> None:
    """By 257: 65535 becomes 255, 257 becomes 1, 300 becomes 1, 32768 becomes 128."""
    grey = Image.fromarray(np.array([[0, 257, 300, 32768, 65535]], np.uint16))
    read = read_rgb(saved(grey, tmp_path / f"a.{suffix}"))
    assert read.shape == (1, 5, 3)
    assert (read == np.array([0, 1, 1, 128, 255])[None, :, None]).all()


def test_a_16_bit_png_as_another_program_writes_it(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + struct.pack(">HH", 0x8080, 0xFFFF)))
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))
    assert read_rgb(str(path))[0, :, 0].tolist() == [128, 255]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_without_a_known_range_are_refused(tmp_path: Path, mode: str) -> None:
    path = saved(Image.new(mode, (2, 2), 7), tmp_path / "a.tif")
    with pytest.raises(DatasetError, match=r"a\.tif holds values of 32 bits"):
        read_rgb(path)
    assert "32 bits" in check_decodes(path)


def test_palettes_alpha_grey_and_cmyk(tmp_path: Path) -> None:
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    assert read_rgb(saved(red.quantize(4), tmp_path / "p.png"))[0, 0].tolist() == [255, 0, 0]
    clear = Image.new("RGBA", (2, 2), (10, 20, 30, 0))  # wholly transparent: alpha is dropped
    assert read_rgb(saved(clear, tmp_path / "rgba.png"))[0, 0].tolist() == [10, 20, 30]
    grey = Image.new("LA", (2, 2), (7, 0))
    assert read_rgb(saved(grey, tmp_path / "la.png"))[0, 0].tolist() == [7, 7, 7]
    bits = Image.new("1", (2, 2), 1)
    assert read_rgb(saved(bits, tmp_path / "1.png"))[0, 0].tolist() == [255, 255, 255]
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))  # no red light
    read = read_rgb(saved(cyan, tmp_path / "c.jpg", quality=100))[4, 4]
    np.testing.assert_allclose(read, [0, 255, 255], atol=4)


def test_the_rotation_of_exif_is_ignored_as_torchvision_does(tmp_path: Path) -> None:
    image = Image.new("RGB", (6, 2))
    exif = image.getexif()
    exif[0x0112] = 6  # shown by viewers as 2 wide and 6 high
    assert read_rgb(saved(image, tmp_path / "a.jpg", exif=exif)).shape == (2, 6, 3)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n\0\0"])
def test_damage_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"a\.jpg is not a readable image"):
        read_rgb(str(path))
    assert check_decodes(str(path))


def test_an_image_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(Image.new("RGB", (64, 64)), tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DatasetError, match="decompression bomb"):
        read_rgb(path)


def test_check_finds_what_reading_finds(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    path = tmp_path / "a.jpg"
    saved(Image.fromarray(noise), path)
    assert check_decodes(str(path)) == ""
    path.write_bytes(path.read_bytes()[:-200])
    assert "truncated" in check_decodes(str(path))


@pytest.mark.parametrize(
    ("width", "height", "side", "scaled", "box"),
    [
        (500, 375, 224, (298, 224), (37, 0, 261, 224)),  # int(298.67), (298 - 224) / 2
        (375, 500, 224, (224, 298), (0, 37, 224, 261)),
        (10, 7, 4, (5, 4), (0, 0, 4, 4)),  # a margin of a half goes to the even number, 0
        (11, 4, 4, (11, 4), (4, 0, 8, 4)),  # not resized; a margin of 3.5 becomes 4
        (3, 3, 6, (6, 6), (0, 0, 6, 6)),
    ],
)
def test_resize_and_crop_by_torchvisions_arithmetic(
    width: int,
    height: int,
    side: int,
    scaled: tuple[int, int],
    box: tuple[int, int, int, int],
) -> None:
    """Sizes as ``Resize(side)`` and ``CenterCrop(side)`` give them, worked out by hand."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    image = Image.fromarray(noise)
    expected = image.resize(scaled, Image.Resampling.BILINEAR).crop(box)
    np.testing.assert_array_equal(resized_and_cropped(image, side), expected)


@pytest.mark.parametrize("shape", [(31, 50), (50, 31), (24, 24), (7, 90), (20, 33)])
def test_resize_and_crop_are_torchvisions(shape: tuple[int, int]) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    image = Image.fromarray(noise)
    for side in (8, 15, 24, 40):
        theirs = transforms.CenterCrop(side)(transforms.Resize(side)(image))
        np.testing.assert_array_equal(resized_and_cropped(image, side), theirs)
