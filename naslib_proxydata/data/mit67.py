"""MIT67: indoor scenes of 67 categories."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import numpy as np

from naslib_proxydata.data.folder_tree import is_hidden
from naslib_proxydata.data.listed import listed_images
from naslib_proxydata.data.paths import folder_with, folders_in, is_file, is_folder, required_path
from naslib_proxydata.errors import DatasetError, shown
from naslib_proxydata.text_table import read_text

if TYPE_CHECKING:
    from naslib_proxydata.data.folder import FolderDataset

TRAINING: Final = "TrainImages.txt"
IMAGES: Final = "Images"
SOURCE: Final = "http://web.mit.edu/torralba/www/indoor.html"


def open_mit67(path: str = "") -> FolderDataset:
    """Open the training images of MIT67 (Quattoni and Torralba 2009).

    Classes are counted in the order of their names.

    Args:
        path: The folder that holds ``TrainImages.txt`` and ``Images`` with one folder a class (or
            the one that holds it), or another list, such as ``TestImages.txt``, beside them.

    Raises:
        DatasetError: There is no path, or a file is absent or not of the published layout.
    """
    place = required_path(path, "mit67")
    folder = folder_with(place, [TRAINING])
    listed = place if folder is None else folder / TRAINING
    images = listed.parent / IMAGES
    if not is_file(listed) or not is_folder(images):
        raise DatasetError(
            f"no mit67 in {place}: expected {TRAINING} and the folder {IMAGES} of {SOURCE}"
        )
    names = [_listed(line, listed) for line in _lines(listed)]
    classes = [entry.name for entry in folders_in(images) if not is_hidden(entry.name)]
    place_of = {name: number for number, name in enumerate(classes)}
    unknown = sorted({name.parts[0] for name in names} - set(classes))
    if unknown:
        raise DatasetError(f"{listed} names the class {shown(unknown[0])}, which {images} lacks")
    labels = np.array([place_of[name.parts[0]] for name in names], np.int64)
    return listed_images("mit67", [images / name for name in names], labels, classes)


def _lines(listed: Path) -> list[str]:
    text = read_text(listed, error=DatasetError, what="the list of images")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _listed(line: str, listed: Path) -> PurePosixPath:
    name = PurePosixPath(line)
    if len(name.parts) != 2 or ".." in name.parts or name.is_absolute():
        raise DatasetError(f"{listed}: expected lines such as 'bakery/one.jpg', got {shown(line)}")
    return name
