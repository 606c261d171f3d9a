"""One image file as bytes."""

from __future__ import annotations

import math
import zlib
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import DatasetError, shown
from naslib_proxydata.opening import open_file

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

FORMATS: Final = ("JPEG", "PNG", "PPM", "BMP", "DIB", "GIF", "TIFF", "WEBP", "JPEG2000")
"""What files may hold, whatever their names say. Pillow runs Ghostscript for another one (EPS)."""
BRIGHTEST_OF_16_BITS = 65535
SCALED_FORMATS = ("PNG", "PPM")
"""Formats whose 32-bit images are in truth of 16 bits, by which Pillow hands them out."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_ADVICE: Final = "repair or remove it, or leave it out with --skip-damaged"


def read_rgb(
    path: str, size: tuple[int, int] | None = None, crop: int | None = None
) -> NDArray[np.uint8]:
    """Read an image as RGB, uint8, shape (h, w, 3).

    Alpha is dropped and the rotation of EXIF ignored, as torchvision does; of several frames the
    first is read. Grey values of 16 bits are divided by 257, where ``Image.convert`` would turn
    all above 255 into white.

    Args:
        path: The file.
        size: Height and width to which another size is squashed; its own where None.
        crop: Side of the square that :func:`resized_and_cropped` cuts; used in place of ``size``.

    Raises:
        DatasetError: It is damaged, too large, or has no known range of values.
    """
    from PIL import Image

    with open_file(path, DatasetError, _ADVICE) as file, boundary(path, DatasetError, _ADVICE):
        with open_image(file, path, _ADVICE) as opened:
            image = _eight_bits(opened, path)
        if crop is not None:
            image = resized_and_cropped(image, crop)
        elif size is not None and (image.height, image.width) != size:
            image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        return np.asarray(image, dtype=np.uint8)


def open_image(file: IO[bytes], source: str, advice: str) -> Image:
    """Open an image of a known format, of which none runs another program to be decoded.

    Args:
        file: Binary, open at its beginning.
        source: What errors call it.
        advice: What to do, as a sentence's end.

    Raises:
        DatasetError: It is of no known format, or a PNG's checksum does not fit.
        Exception: Whatever else Pillow raises.
    """
    from PIL import Image, UnidentifiedImageError

    if file.read(len(_PNG)) == _PNG:
        _check_png(file, source, advice)
    file.seek(0)
    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        raise DatasetError(
            f"{source} is not a readable image: it is none of {', '.join(FORMATS)}; {advice}"
        ) from None


def _check_png(file: IO[bytes], source: str, advice: str) -> None:
    """Compare the checksums of a PNG's chunks that decide its pixels, which Pillow does not.

    A chunk is its length, 4 letters, the content, and the CRC-32 of letters and content
    (https://www.w3.org/TR/png-3/#5Chunk-layout). One whose first letter is small is not
    needed for the pixels.
    """
    while len(start := file.read(8)) == 8 and start[4:] != b"IEND":
        content = file.read(int.from_bytes(start[:4], "big"))
        found = zlib.crc32(content, zlib.crc32(start[4:]))
        if found != int.from_bytes(file.read(4), "big") and start[4:5].isupper():
            raise DatasetError(
                f"{source} is damaged: a checksum does not fit ({shown(start[4:])}); {advice}"
            )


def resized_and_cropped(image: Image, side: int) -> Image:
    """Resize the shorter side to ``side``, the longer in proportion, and cut the square's middle.

    The same as torchvision's ``Resize(side)`` and ``CenterCrop(side)`` on a PIL image: the longer
    side is rounded down, and the margins are rounded to the even number where they end in a half.
    """
    from PIL import Image

    width, height = image.size
    if min(width, height) != side:
        shorter = min(width, height)
        scaled = (int(side * width / shorter), int(side * height / shorter))
        if math.prod(scaled) > (Image.MAX_IMAGE_PIXELS or math.inf):
            raise DatasetError(
                f"an image of {width} x {height} pixels is too narrow to be resized to {side}; "
                f"{_ADVICE}"
            )
        image = image.resize(scaled, Image.Resampling.BILINEAR)
    left, top = (round((length - side) / 2) for length in image.size)
    return image.crop((left, top, left + side, top + side))


def check_decodes(path: str) -> str:
    """Return why an image cannot be read, empty where it can.

    All of its data are decoded; JPEGs at an eighth of their size, which finds the same damage.
    """
    try:
        with (
            open_file(path, DatasetError, _ADVICE) as file,
            boundary(path, DatasetError, _ADVICE),
            open_image(file, path, _ADVICE) as opened,
        ):
            opened.draft("RGB", (1, 1))
            _eight_bits(opened, path)
    except DatasetError as error:
        return str(error)
    return ""


def _eight_bits(image: Image, source: str) -> Image:
    """Return an image as RGB of 8 bits a channel.

    Raises:
        DatasetError: Its values are of 32 bits, whose range nobody knows.
    """
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in SCALED_FORMATS):
        from PIL import Image

        grey = np.rint(np.asarray(image) * (255 / BRIGHTEST_OF_16_BITS)).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.mode in ("I", "F"):
        raise DatasetError(
            f"{source} holds values of 32 bits without a known "
            "range; convert it to 8 or 16 bits, or leave it out with --skip-damaged"
        )
    return image.convert("RGB")
