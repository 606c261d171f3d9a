"""NASLib's training data as the selectors see them."""

from __future__ import annotations

import copy
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.data.base import evenly_spaced
from naslib_proxydata.data.image_arrays import UnknownBrightnessError
from naslib_proxydata.data.importable import WrappedDataset
from naslib_proxydata.errors import DatasetError, SearchError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


class TrainingData(WrappedDataset):
    """NASLib's training data without their random transforms.

    Args:
        name: NASLib's name of the dataset.
        source: A map-style dataset of (image, label).
    """

    def __init__(self, name: str, source: Any) -> None:
        self._normalised: UnknownBrightnessError | None = None
        try:
            super().__init__(name, untransformed(source))
        except UnknownBrightnessError as error:
            self._normalised = error  # a selector that needs no images can do without
            self.labels, self.class_names = self._find_labels()
        if self.labels is not None:
            self.labels = self.labels + _shift(source, self.labels, name)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Read images, uint8, shape (len(indices), channels, h, w).

        Raises:
            DatasetError: They are stored normalised, so that nobody knows how bright they were.
        """
        if self._normalised is not None:
            raise self._normalised
        return super().pixels(indices)

    @cached_property
    def fingerprint(self) -> str:
        """The usual fingerprint; of the labels alone where images are already normalised."""
        try:
            return super().fingerprint
        except DatasetError:
            labels = self.required_labels("a search in NASLib")
            return hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()


def _shift(source: Any, labels: NDArray[np.int64], name: str) -> int:
    """Return by how much the given labels exceed the listed ones.

    NASLib's ImageNet16 lists its classes from 1 and gives them from 0.

    Raises:
        DatasetError: The difference is not the same for all of a few examples.
    """
    looked_at = evenly_spaced(len(labels), 8)
    shifts = {int(source[int(index)][1]) - int(labels[index]) for index in looked_at}
    if len(shifts) > 1:
        raise DatasetError(
            f"dataset {name!r} gives other labels than its attribute 'targets' or 'labels' lists"
        )
    return shifts.pop()


def untransformed(source: Any) -> Any:
    """Return a view of a dataset of torchvision's kind that leaves the images as they are."""
    if getattr(source, "transform", None) is None:
        return source
    view = copy.copy(source)
    view.transform = None
    if hasattr(view, "transforms"):
        view.transforms = None
    return view


def queue_indices(queue: Any, name: str) -> NDArray[np.int64]:
    """Return the examples that one of NASLib's queues draws from, ascending.

    Raises:
        SearchError: The queue is no DataLoader with a sampler that knows them.
    """
    indices = getattr(getattr(queue, "sampler", None), "indices", None)
    if indices is None or not hasattr(queue, "dataset"):
        raise SearchError(
            f"NASLib's {name} queue must be a DataLoader with a SubsetRandomSampler, got "
            f"{type(queue).__name__}; make build_search_dataloaders return what "
            "naslib.utils.get_train_val_loaders does"
        )
    return np.sort(np.asarray(indices, dtype=np.int64))
