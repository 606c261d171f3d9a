"""Which axis of an array holds the channels, and what its numbers mean as brightness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import DatasetError

COLOURS: Final = (1, 3)
"""Channels of grey and of colour images."""
WITH_ALPHA: Final = 4
"""Channels of a colour image with transparency, which is dropped."""

_BYTE: Final = 255
_ROUNDING: Final = 1e-3  # a resized float image may overshoot 1 by as much
_BRIGHT: Final = 128  # float images up to 255 have a brighter pixel than that
_DARK_16_BIT: Final = 4095  # what 12 bits hold, an eighth of which would be nearly black


def channels_first(images: NDArray[Any], name: str) -> NDArray[Any]:
    """Return images as (n, channels, h, w) with 1 or 3 channels, by the sizes of the axes.

    (n, h, w) is grey. Of four axes, the second holds the channels where its size is 1 or 3, else
    the last where that is 1 or 3; else the second, or else the last, where it is 4, and the fourth
    channel, transparency, is dropped.

    Args:
        images: Any type, shape (n, h, w), (n, channels, h, w) or (n, h, w, channels).
        name: What errors call the dataset.

    Raises:
        DatasetError: There are fewer or more axes, no images, or no axis of channels.
    """
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise DatasetError(
            f"dataset {name!r}: images must have the shape (n, h, w), (n, channels, h, w) or "
            f"(n, h, w, channels) with n > 0, got {images.shape}"
        )
    if images.ndim == 3:
        return images[:, None]
    for sizes in (COLOURS, (WITH_ALPHA,)):
        for axis in (1, 3):
            if images.shape[axis] in sizes:
                return np.moveaxis(images, axis, 1)[:, :3]
    raise DatasetError(
        f"dataset {name!r}: images of shape {images.shape} have no axis of channels: expected 1 "
        "(grey), 3 (colour) or 4 (with transparency) in second or last place; keep three of the "
        "channels, or give grey images as (n, h, w)"
    )


class UnknownBrightnessError(DatasetError):
    """Nobody can tell how bright the numbers of an image were, normalised ones for example."""


@dataclass(frozen=True)
class Brightness:
    """What the numbers of images mean: black is 0, and white is ``white``.

    Attributes:
        white: The number that becomes 255.
        highest: Above this, and below 0, no number may be.
    """

    white: float
    highest: float

    def to_bytes(self, images: NDArray[Any], name: str) -> NDArray[np.uint8]:
        """Return round(255 x / white), uint8, of the same shape.

        Args:
            images: Numbers of the type that this was found for.
            name: What errors call the dataset.

        Raises:
            DatasetError: A number is below 0, above ``highest``, or none.
        """
        if images.dtype == np.uint8:
            return images
        lowest, highest = images.min(), images.max()
        if not (lowest >= 0 and highest <= self.highest):
            raise _unknown_brightness(images, name)
        if self.white == _BYTE:
            scaled = images
        elif np.issubdtype(images.dtype, np.floating):
            scaled = images * images.dtype.type(_BYTE)
        else:
            scaled = images * (_BYTE / self.white)
        bytes_: NDArray[np.uint8] = np.rint(scaled).clip(0, _BYTE).astype(np.uint8)
        return bytes_


def brightness(images: NDArray[Any], name: str) -> Brightness:
    """Find out what the numbers of images mean, by their type and by the largest of them.

    uint8 is taken as it is, bool as black and white. Floats are from 0 to 1 where the largest is
    at most 1, and from 0 to 255 where it is above 128. Other whole numbers are from 0 to 255, but
    16-bit ones without a sign are from 0 to 65,535.

    Args:
        images: All images, or enough of them.
        name: What errors call the dataset.

    Raises:
        DatasetError: They are normalised, in another unit, nearly black, or no numbers.
    """
    kind, highest = images.dtype, images.max() if images.dtype.kind in "biuf" else None
    if kind == np.uint8:
        return Brightness(_BYTE, _BYTE)
    if kind == np.bool_:
        return Brightness(1, 1)
    if highest is None or not images.min() >= 0 or not np.isfinite(highest):
        raise _unknown_brightness(images, name)
    if (kind.kind, kind.itemsize) == ("u", 2):  # of either byte order
        if highest <= _DARK_16_BIT:
            raise DatasetError(
                f"dataset {name!r}: 16-bit images reach from {images.min()} to {highest} of 65,535 "
                "and would be nearly black; scale them to 0 to 65,535, or give 0 to 255 as uint8"
            )
        return Brightness(65_535, 65_535)
    if kind.kind in "iu" and highest <= _BYTE:
        return Brightness(_BYTE, _BYTE)
    if kind.kind == "f" and highest <= 1 + _ROUNDING:
        return Brightness(1, 1 + _ROUNDING)
    if kind.kind == "f" and _BRIGHT < highest <= _BYTE:
        return Brightness(_BYTE, _BYTE)
    raise _unknown_brightness(images, name)


def _unknown_brightness(images: NDArray[Any], name: str) -> UnknownBrightnessError:
    numeric = images.dtype.kind in "biuf"
    got = f" from {images.min():.6g} to {images.max():.6g}" if numeric else ""
    return UnknownBrightnessError(
        f"dataset {name!r}: images must be uint8, uint16, bool, whole numbers from 0 to 255, or "
        f"floats that reach from 0 to 1 or from 0 to 255, got {images.dtype}{got}; leave the "
        "normalisation out of the dataset, and scale other units"
    )
