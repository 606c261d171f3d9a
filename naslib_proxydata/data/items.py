"""What an item of a stranger's dataset holds: an image and perhaps a label."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.boundary import boundary
from naslib_proxydata.data.image_file import open_image
from naslib_proxydata.errors import DatasetError

IMAGE_KEYS: Final = ("image", "img", "pixel_values", "pixels", "pixel", "picture", "x")
LABEL_KEYS: Final = ("label", "labels", "fine_label", "target", "targets", "class", "y")


@dataclass(frozen=True)
class ItemLayout:
    """Where the image and the label of an item are; ``None`` stands for the item itself.

    Attributes:
        image: Key of a mapping, or place in a tuple.
        label: Likewise; ``None`` where there are no labels.
    """

    image: str | int | None
    label: str | int | None

    def image_of(self, item: Any) -> Any:
        """Return the image of an item."""
        return item if self.image is None else item[self.image]


def item_layout(item: Any, name: str) -> ItemLayout:
    """Find the image and the label in an item.

    A tuple or list starts with image and label. In a mapping the image is under ``image``,
    ``img``, ``pixel_values``, ... or the only image there is; the label under ``label``,
    ``labels``, ``fine_label``, ... Anything else is an image.

    Args:
        item: One item of the dataset.
        name: What errors call the dataset.

    Raises:
        DatasetError: A mapping holds no image, or several under names of their own.
    """
    if isinstance(item, tuple | list):
        if not item:
            raise DatasetError(f"dataset {name!r}: its items are empty; expected (image, label)")
        return ItemLayout(0, 1 if len(item) > 1 else None)
    if not isinstance(item, Mapping):
        return ItemLayout(None, None)
    label = next((key for key in LABEL_KEYS if key in item), None)
    image = next((key for key in IMAGE_KEYS if key in item), None)
    if image is None:
        images = [key for key, value in item.items() if key != label and _looks_like_image(value)]
        if len(images) != 1:
            raise DatasetError(
                f"dataset {name!r}: its items hold {', '.join(map(str, item)) or 'nothing'}; "
                f"expected an image under one of the keys {', '.join(IMAGE_KEYS)}"
            )
        (image,) = images
    return ItemLayout(image, label)


def image_array(image: Any, name: str) -> NDArray[Any]:
    """Return an image of any usual kind as an array of 2 or 3 dimensions.

    Palettes and colour spaces of PIL images become red, green and blue, and transparency is
    dropped.

    Args:
        image: A tensor, an array, a PIL image, nested lists, or the bytes of an image file, by
            themselves or as Hugging Face keeps them where it does not decode.
        name: What errors call the dataset.

    Raises:
        DatasetError: It has no image's shape, or cannot be decoded.
    """
    if isinstance(image, Mapping):
        image = image.get("bytes")
    if isinstance(image, bytes):
        image = _decoded(image, name)
    with boundary(f"dataset {name!r}: an image", DatasetError, "repair or remove it"):
        array = _decoded_array(image)
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
        raise DatasetError(
            f"dataset {name!r}: images must be arrays of 2 or 3 dimensions or PIL images, got a "
            f"{type(image).__name__} of {array.dtype} with the shape {array.shape}"
        )
    return array


def _decoded_array(image: Any) -> NDArray[Any]:
    """Return an image as an array; a PIL image may only now be read from its file."""
    mode = getattr(image, "mode", None)
    if isinstance(mode, str) and hasattr(image, "convert"):
        if mode in ("LA", "1"):
            image = image.convert("L")
        elif mode not in ("L", "RGB", "F", "I") and not mode.startswith("I;16"):
            image = image.convert("RGB")
    if hasattr(image, "detach"):
        image = image.detach().cpu()
        image = image.float() if str(image.dtype) == "torch.bfloat16" else image
    return np.asarray(image)


def _decoded(content: bytes, name: str) -> Any:
    source, advice = f"dataset {name!r}: an image of {len(content)} bytes", "repair or remove it"
    with boundary(source, DatasetError, advice):
        opened = open_image(io.BytesIO(content), source, advice)
        opened.load()
        return opened


def _looks_like_image(value: Any) -> bool:
    if hasattr(value, "convert") and hasattr(value, "mode"):
        return True
    return getattr(value, "ndim", 0) in (2, 3)
