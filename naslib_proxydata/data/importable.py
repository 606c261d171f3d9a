"""Any importable map-style dataset, such as torchvision's or Hugging Face's, seen as ours."""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from naslib_proxydata.boundary import boundary
from naslib_proxydata.data.base import Dataset, evenly_spaced
from naslib_proxydata.data.image_arrays import brightness, channels_first
from naslib_proxydata.data.items import image_array, item_layout
from naslib_proxydata.data.labels import class_labels
from naslib_proxydata.data.untransformed import untransformed
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

_log = logging.getLogger(__name__)

LOOKED_AT: Final = 64
"""Examples that are read when a dataset is opened, evenly spaced."""
READINGS: Final = 128
"""How often examples are read then: a flip with probability 1/2 goes unnoticed once in 2^64."""


class WrappedDataset(Dataset):
    """A map-style dataset of images, of (image, label, ...) items, or of mappings with both.

    Images are PIL images or arrays of any layout and unit that ``image_arrays`` understands, found
    in an item by ``items.item_layout``. Labels are taken from the attribute ``targets`` or
    ``labels`` or from the column where there is one, else read item by item, once. Where an
    example is another when it is read again, as random transforms make it, or where images are
    normalised, the images are taken without transforms, see ``untransformed``.

    Args:
        name: What reports call it.
        source: The dataset: ``len`` and indexing are all it must have.

    Raises:
        DatasetError: It is not map-style, empty, a dictionary of splits, raises when it is read,
            gives images or labels of an unknown kind, or random images whose origin cannot be
            reached.
    """

    def __init__(self, name: str, source: Any) -> None:
        _check_map_style(name, source)
        self.name = name
        self._source: Any = source
        try:
            self._look()
        except DatasetError:
            self._take_untransformed()
        else:
            if not self._is_repeatable():
                self._take_untransformed()
        self.labels, self.class_names = self._find_labels()

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self._source)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Read images, uint8, shape (len(indices), channels, h, w)."""
        images = [self._image(int(index)) for index in indices]
        self._check_shapes({image.shape for image in images})
        return torch.from_numpy(np.stack(images))

    def _look(self) -> None:
        """Read a few examples, and learn what items and numbers mean."""
        indices = [int(index) for index in evenly_spaced(len(self), LOOKED_AT)]
        self._layout = item_layout(self._item(indices[0]), self.name)
        self._kind: np.dtype[Any] | None = None
        channels, extremes = set(), []
        for array in map(self._array, indices):
            self._kind = array.dtype
            channels.add(array.shape[0])
            extremes.append([array.min(), array.max()])
        self._channels = max(channels)
        self._brightness = brightness(np.array(extremes), self.name)
        self._check_shapes({self._image(index).shape for index in indices})

    def _is_repeatable(self) -> bool:
        """Whether examples are the same each time they are read."""
        indices = [int(index) for index in evenly_spaced(len(self), LOOKED_AT)]
        first = [_digest(self._image(index)) for index in indices]
        again = range(max(1, READINGS // len(indices) - 1))
        return all([_digest(self._image(index)) for index in indices] == first for _ in again)

    def _check_shapes(self, shapes: set[tuple[int, ...]]) -> None:
        if len(shapes) > 1:
            raise DatasetError(
                f"dataset {self.name!r} gives images of different shapes, {min(shapes)} and "
                f"{max(shapes)} among them; resize them in the dataset, not at random"
            )

    def _take_untransformed(self) -> None:
        """Go on with the images as they are stored.

        Raises:
            DatasetError: They cannot be reached, cannot be read, or are random themselves.
        """
        plain = untransformed(self._source)
        if plain is None:
            self._look()  # says what is wrong with them, where it is not that they are random
        else:
            self._source = plain
            self._look()
        if plain is None or not self._is_repeatable():
            raise DatasetError(
                f"dataset {self.name!r} gives another image when an example is read again; leave "
                "random transforms out of it: searches augment by themselves"
            )
        _log.warning("dataset %r: its images are taken without its transforms", self.name)

    def _item(self, index: int) -> Any:
        try:
            return self._source[index]
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:  # it is a stranger's code
            raise DatasetError(
                f"dataset {self.name!r} raises {type(error).__name__} when example {index} is "
                f"read: {_one_line(error)}"
            ) from error

    def _array(self, index: int) -> NDArray[Any]:
        """Return one image with its channels first and its numbers as they are."""
        item = self._item(index)
        try:
            image = self._layout.image_of(item)
        except (KeyError, IndexError, TypeError):
            raise DatasetError(
                f"dataset {self.name!r}: example {index} holds no image where the first one does"
            ) from None
        array: NDArray[Any] = channels_first(image_array(image, self.name)[None], self.name)[0]
        if self._kind not in (None, array.dtype):
            raise DatasetError(
                f"dataset {self.name!r} gives images of {self._kind} and {array.dtype}; give all "
                "in one type"
            )
        return array

    def _image(self, index: int) -> NDArray[np.uint8]:
        try:
            pixels = self._brightness.to_bytes(self._array(index), self.name)
        except DatasetError as error:
            raise DatasetError(f"{error} (example {index})") from None
        return np.repeat(pixels, 3, axis=0) if len(pixels) < self._channels == 3 else pixels

    def _find_labels(self) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
        names = _class_names(self._source, self._layout.label)
        where = f"dataset {self.name!r}: what gives its labels"
        with boundary(where, DatasetError, "give one class for each example"):
            labels = self._known_labels()
            if labels is None and self._layout.label is not None:
                key: Any = self._layout.label
                labels = [self._item(index)[key] for index in range(len(self))]
        if labels is None or all(label is None for label in labels):
            return None, names
        array = _label_array(labels)
        if array.dtype.kind in "if" and bool((array == -1).all()):  # how test sets hide them
            return None, names
        return class_labels(self.name, array, len(self), names)

    def _known_labels(self) -> Sequence[Any] | None:
        """Return the labels that can be had without reading images, or None."""
        source, key = self._source, self._layout.label
        if isinstance(key, str) and key in getattr(source, "column_names", ()):
            return list(source[key])
        for attribute in ("targets", "labels"):
            known = getattr(source, attribute, None)
            if known is not None and not callable(known):
                change = getattr(source, "target_transform", None)
                return known if change is None else [change(label) for label in known]
        return None


def _check_map_style(name: str, source: Any) -> None:
    splits = _splits(source)
    if splits:
        raise DatasetError(
            f"{name!r} is a dictionary of the splits {', '.join(splits)}; give one of them, such "
            f"as {splits[0]!r}: module:attribute:{splits[0]} on the command line"
        )
    if not isinstance(source, Sized) or not hasattr(source, "__getitem__"):
        raise DatasetError(
            f"{name!r} is no map-style dataset: expected len > 0 and indexing, got "
            f"{type(source).__name__}"
        )
    try:
        count = len(source)
    except Exception as error:  # it is a stranger's code
        raise DatasetError(
            f"dataset {name!r} raises {type(error).__name__} when its length is asked for: "
            f"{_one_line(error)}"
        ) from error
    if not count:
        raise DatasetError(f"{name!r} is no map-style dataset: expected len > 0, got none")


def _splits(source: Any) -> list[str]:
    """Return the names of the splits in a dictionary of datasets, such as Hugging Face's."""
    if not isinstance(source, Mapping):
        return []
    held = source.items()
    return [key for key, value in held if isinstance(key, str) and hasattr(value, "__getitem__")]


def _class_names(source: Any, key: str | int | None) -> tuple[str, ...]:
    """Return the names that a dataset gives its classes: torchvision's or Hugging Face's."""
    features = getattr(source, "features", None)
    if isinstance(features, Mapping) and key in features:
        names = getattr(features[key], "names", None)
        return tuple(map(str, names or ()))
    names = getattr(source, "classes", ())
    return tuple(map(str, names)) if isinstance(names, list | tuple) else ()


def _label_array(labels: Any) -> NDArray[Any]:
    """Return labels as one array; those of different kinds or lengths make one of objects."""
    if isinstance(labels, torch.Tensor):
        return np.asarray(labels.detach().cpu())
    if isinstance(labels, np.ndarray):
        return labels
    plain = [label.tolist() if hasattr(label, "tolist") else label for label in labels]
    if any(isinstance(label, str | bytes) for label in plain):
        return np.array(plain, dtype=object)
    try:
        return np.asarray(plain)
    except ValueError:
        made = np.empty(len(plain), dtype=object)
        made[:] = plain
        return made


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(image.tobytes()).digest()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "without a reason"


def open_importable(path: str) -> WrappedDataset:
    """Open ``module:attribute``, or one split of a dictionary as ``module:attribute:split``.

    A callable attribute is called without arguments. Importing runs the module's code.

    Raises:
        DatasetError: It cannot be imported, raises, or is no map-style dataset.
    """
    module, _, rest = path.partition(":")
    attribute, _, split = rest.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
        source = found if hasattr(type(found), "__getitem__") else found()
    except (Exception, SystemExit) as error:  # it is a stranger's code
        raise DatasetError(
            f"cannot open dataset {path!r}: {type(error).__name__}: {_one_line(error)}; expected "
            "module:attribute of a map-style dataset, or of a function that returns one"
        ) from error
    if not split:
        return WrappedDataset(path, source)
    splits = _splits(source)
    if split not in splits:
        raise DatasetError(
            f"dataset {module}:{attribute} has no split {split!r}; it has "
            f"{', '.join(splits) or 'none'}"
        )
    return WrappedDataset(path, source[split])
