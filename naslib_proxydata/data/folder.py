"""Image files in folders, read when they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.paths import required_path
from naslib_proxydata.errors import DatasetError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".ppm"})


class FolderDataset(Dataset):
    """Images on disk in the order of their paths; only paths are kept in memory.

    Images of another size than the first are resized to it, and all are read as RGB.

    Args:
        name: What reports call it.
        files: The image files.
        labels: Classes, shape (len(files),), or None.
        class_names: Names of the classes.
        size: Height and width; those of the first image where None.
    """

    def __init__(
        self,
        name: str,
        files: list[Path],
        labels: NDArray[np.int64] | None,
        class_names: tuple[str, ...],
        size: tuple[int, int] | None = None,
    ) -> None:
        self.name = name
        self.labels = labels
        self.class_names = class_names
        self._files = files
        self._size = size or self._read(0).shape[:2]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._files)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Read images, uint8, shape (len(indices), 3, h, w)."""
        images = np.stack([self._read(int(index)) for index in indices])
        return torch.from_numpy(images).permute(0, 3, 1, 2)

    def _read(self, index: int) -> NDArray[np.uint8]:
        """Read one image as (h, w, 3)."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(self._files[index]) as opened:
                image = opened.convert("RGB")
        except (OSError, UnidentifiedImageError) as error:
            raise DatasetError(f"{self._files[index]} is not a readable image: {error}") from None
        size = getattr(self, "_size", None)
        if size is not None and (image.height, image.width) != size:
            image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        return np.asarray(image, dtype=np.uint8)


def open_folder(path: str = "", name: str = "") -> FolderDataset:
    """Open a folder of images: labelled with one folder a class, unlabelled if they lie flat.

    A folder that holds ``train`` is entered. Classes are counted in the order of their names.

    Raises:
        DatasetError: There is no path, the folder is absent or holds no images, or a class folder
            is empty.
    """
    root = required_path(path, "folder")
    if not root.is_dir():
        raise DatasetError(f"no folder {root}; check the path")
    root = root / "train" if (root / "train").is_dir() else root
    name = name or root.resolve().name
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir())
    if not folders:
        flat = _images_in(root)
        if not flat:
            raise DatasetError(f"{root} holds no images ({', '.join(sorted(SUFFIXES))})")
        return FolderDataset(name, flat, None, ())
    by_class = [_images_in(folder) for folder in folders]
    empty = [folder.name for folder, files in zip(folders, by_class, strict=True) if not files]
    if empty:
        raise DatasetError(f"{root}: class folder {empty[0]!r} holds no images; remove or fill it")
    labels = np.repeat(np.arange(len(folders)), [len(files) for files in by_class])
    files = [file for held in by_class for file in held]
    return FolderDataset(name, files, labels, tuple(folder.name for folder in folders))


def _images_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
