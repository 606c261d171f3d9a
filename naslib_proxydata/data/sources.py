"""From the text a user writes, such as ``cifar10:PATH``, to a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from naslib_proxydata.errors import DatasetError, unknown_name

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset

FORMATS = ("digits", "npz")


def open_dataset(source: str) -> Dataset:
    """Open a dataset by what a user writes.

    Args:
        source: ``digits``, ``npz:FILE`` or the path of an ``.npz`` file.

    Raises:
        DatasetError: The source is unknown, absent or damaged.
    """
    name, _, path = source.partition(":")
    if source == "digits":
        from naslib_proxydata.data.digits import open_digits

        return open_digits()
    if name == "npz" or Path(source).suffix == ".npz":
        from naslib_proxydata.data.npz import open_npz

        return open_npz(path or source)
    raise DatasetError(unknown_name("dataset", name, FORMATS))
