"""Images whose files and classes a list says, not the folders they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.data.folder import FolderDataset
from naslib_proxydata.errors import DatasetError


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
    absent = [file for file in files if not file.is_file()]
    if absent or not files:
        what = f"{len(absent)} of {len(files)} images, {absent[0]} among them" if absent else "all"
        raise DatasetError(f"dataset {name!r} lacks {what}; unpack its archive again")
    dataset = FolderDataset(name, list(files), labels, tuple(class_names))
    dataset.source_index = source_index
    return dataset
