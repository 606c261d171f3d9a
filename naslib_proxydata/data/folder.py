"""Image files in folders, read when they are asked for."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.file_list import FileList
from naslib_proxydata.data.folder_tree import (
    SUFFIXES,
    Skipped,
    class_names,
    image_names,
    images_below,
    training_folder,
)
from naslib_proxydata.data.image_file import check_decodes, read_rgb
from naslib_proxydata.data.paths import is_folder, required_path
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

CHECKED_AT_ONCE = 64


class FolderDataset(Dataset):
    """Images on disk; only their names are kept in memory, and all are read as RGB.

    Args:
        name: What reports call it.
        files: The image files.
        labels: Classes, shape (len(files),), or None.
        class_names: Names of the classes.
    """

    def __init__(
        self,
        name: str,
        files: FileList,
        labels: NDArray[np.int64] | None,
        class_names: tuple[str, ...],
    ) -> None:
        self.name = name
        self.labels = labels
        self.class_names = class_names
        self.files = files
        self.readers = 1
        self._crop: int | None = None
        self._unreadable: frozenset[int] = frozenset()

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.files)

    def reading(
        self, *, image_size: int | None = None, readers: int = 1, unreadable: tuple[int, ...] = ()
    ) -> FolderDataset:
        """Return the same images, read in another way.

        Args:
            image_size: Side of the squares that images become, resized and cropped; where None,
                images of another size than the first are squashed to its size.
            readers: Threads that read ahead.
            unreadable: Indices of images that are not read; their pixels are black.

        Raises:
            DatasetError: The size or the number of readers is below 1.
        """
        if (image_size is not None and image_size < 1) or readers < 1:
            raise DatasetError(
                f"image size and readers must be at least 1, got {image_size} and {readers}"
            )
        other = FolderDataset(self.name, self.files, self.labels, self.class_names)
        other.source_index = self.source_index
        other.readers, other._crop = readers, image_size
        other._unreadable = frozenset(unreadable)
        return other

    @property
    def readable(self) -> NDArray[np.int64]:
        """Indices of the images that can be read, as far as it is known which cannot."""
        return np.delete(np.arange(len(self)), np.array(sorted(self._unreadable), np.int64))

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Read images, uint8, shape (len(indices), 3, h, w)."""
        height, width = self._size
        images = np.zeros((len(indices), height, width, 3), np.uint8)
        for place, index in enumerate(indices.tolist()):
            if index not in self._unreadable:
                images[place] = read_rgb(self.files[index], self._size, self._crop)
        return torch.from_numpy(images).permute(0, 3, 1, 2)

    def find_unreadable(
        self, progress: Callable[[str, int, int], None] | None = None
    ) -> dict[int, str]:
        """Decode every image, and return for each that cannot be read why that is.

        Args:
            progress: Told how many images are checked, and of how many.
        """
        found: dict[int, str] = {}
        done = 0
        starts = range(0, len(self), CHECKED_AT_ONCE)
        for faults in self.ahead(self._faults, (np.arange(s, s + CHECKED_AT_ONCE) for s in starts)):
            found |= faults
            done = min(done + CHECKED_AT_ONCE, len(self))
            if progress is not None:
                progress("checking images", done, len(self))
        return found

    def _faults(self, indices: NDArray[np.int64]) -> dict[int, str]:
        whys = {int(i): check_decodes(self.files[int(i)]) for i in indices if i < len(self)}
        return {index: why for index, why in whys.items() if why}

    @cached_property
    def _size(self) -> tuple[int, int]:
        """Height and width of all images: those of the first, where none is asked for."""
        if self._crop is not None:
            return self._crop, self._crop
        first = next((i for i in range(len(self)) if i not in self._unreadable), None)
        if first is None:
            raise DatasetError(f"none of the {len(self)} images of {self.name!r} can be read")
        height, width, _ = read_rgb(self.files[first]).shape
        return height, width


def open_folder(path: str = "", name: str = "") -> FolderDataset:
    """Open a folder of images: labelled with one folder a class, unlabelled if they lie flat.

    Images, classes and their order are those of torchvision's ``ImageFolder``, folders within
    classes among them, but for hidden files and folders and ``__MACOSX``, which are left out. A
    folder that holds ``train`` is entered, unless ``train`` is a class among others.

    Raises:
        DatasetError: There is no path, the folder is absent or holds no images, a class folder
            is empty, or a link leads back to a folder above it.
    """
    given = required_path(path, "folder")
    if not is_folder(given):
        raise DatasetError(f"no folder {given}; check the path")
    root = training_folder(str(given))
    name = name or os.path.basename(os.path.realpath(root))
    files, skipped = FileList(), Skipped()
    classes = class_names(root, skipped)
    counts = []
    loose, _ = image_names(root, Skipped() if classes else skipped)
    if not classes:
        files.add(root, loose)
    for one_class in classes:
        before = len(files)
        for folder, names in images_below(os.path.join(root, one_class), skipped):
            files.add(folder, names)
        counts.append(len(files) - before)
    skipped.loose = len(loose) if classes else 0
    skipped.tell(root)
    if 0 in counts:
        empty = classes[counts.index(0)]
        raise DatasetError(f"{root}: class folder {empty!r} holds no images; remove or fill it")
    if not len(files):
        raise DatasetError(f"{root} holds no images ({', '.join(sorted(SUFFIXES))})")
    labels = np.repeat(np.arange(len(classes)), counts) if classes else None
    return FolderDataset(name, files, labels, tuple(classes))
