"""One image file as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

BRIGHTEST_OF_16_BITS = 65535
SCALED_FORMATS = ("PNG", "PPM")
"""Formats whose 32-bit images are in truth of 16 bits, by which Pillow hands them out."""


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

    try:
        with Image.open(path) as opened:
            image = _eight_bits(opened)
    except DatasetError:
        raise
    except Exception as error:  # a damaged image can fail in nearly every way
        raise DatasetError(
            f"{path} is not a readable image: {error}; repair or remove it, or leave it out with "
            "--skip-damaged"
        ) from None
    if crop is not None:
        image = resized_and_cropped(image, crop)
    elif size is not None and (image.height, image.width) != size:
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.uint8)


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
        image = image.resize(scaled, Image.Resampling.BILINEAR)
    left, top = (round((length - side) / 2) for length in image.size)
    return image.crop((left, top, left + side, top + side))


def check_decodes(path: str) -> str:
    """Return why an image cannot be read, empty where it can.

    All of its data are decoded; JPEGs at an eighth of their size, which finds the same damage.
    """
    from PIL import Image

    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (1, 1))
            _eight_bits(opened)
    except Exception as error:  # as in read_rgb
        return str(error) or type(error).__name__
    return ""


def _eight_bits(image: Image) -> Image:
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
            f"{getattr(image, 'filename', 'an image')} holds values of 32 bits without a known "
            "range; convert it to 8 or 16 bits, or leave it out with --skip-damaged"
        )
    return image.convert("RGB")
