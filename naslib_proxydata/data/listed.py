"""Images whose files and classes a list says, not the folders they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.data.file_list import FileList
from naslib_proxydata.data.folder import FolderDataset
from naslib_proxydata.data.paths import is_file
from naslib_proxydata.errors import DatasetError, printable


def listed_images(
    name: str,
    files: Sequence[Path],
    labels: NDArray[np.int64],
    class_names: Sequence[str] = (),
    source_index: NDArray[np.int64] | None = None,
) -> FolderDataset:
    """Return the images of some files, read when they are asked for.

    Args:
        name: What reports call them.
        files: The files, in the order of the examples.
        labels: Classes counted from 0, shape (len(files),).
        class_names: Names of the classes.
        source_index: Positions in the larger dataset these are a part of, or None.

    Raises:
        DatasetError: There are none, or one is absent.
    """
    absent = [file for file in files if not is_file(file)]
    if absent or not files:
        first = printable(str(absent[0])) if absent else ""
        what = f"{len(absent)} of {len(files)} images, {first} among them" if absent else "all"
        raise DatasetError(f"dataset {name!r} lacks {what}; unpack its archive again")
    held = FileList()
    for folder, of_folder in groupby(files, key=lambda file: file.parent):
        held.add(str(folder), (file.name for file in of_folder))
    dataset = FolderDataset(name, held, labels, tuple(class_names))
    dataset.source_index = source_index
    return dataset
