"""From the text a user writes, such as ``cifar10:PATH``, to a dataset."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from naslib_proxydata.errors import DatasetError, unknown_name

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset

FORMATS = ("cifar10", "cifar100", "digits", "fashion-mnist", "folder", "npz")


def open_dataset(source: str) -> Dataset:
    """Open a dataset by what a user writes.

    Args:
        source: One of ``digits``; ``fashion-mnist`` or ``fashion-mnist:FOLDER``; ``cifar10:PATH``
            or ``cifar100:PATH``; ``npz:FILE`` or the path of an ``.npz`` file; ``folder:FOLDER``
            or the path of a folder; ``module:attribute`` of a map-style dataset.

    Raises:
        DatasetError: The source is unknown, absent or damaged.
    """
    name, _, path = source.partition(":")
    if name in ("cifar10", "cifar100", "folder", "npz") and not path:
        raise DatasetError(f"dataset {name!r} needs a path: write {name}:PATH")
    if name in FORMATS:
        return _open_format(name, path)
    if Path(source).suffix == ".npz":
        return _open_format("npz", source)
    if Path(source).expanduser().is_dir():
        return _open_format("folder", source)
    if path and _importable(name):
        from naslib_proxydata.data.importable import open_importable

        return open_importable(source)
    raise DatasetError(
        unknown_name("dataset", name, FORMATS)
        + " An existing folder, an .npz file and module:attribute of an importable dataset are "
        "understood, too."
    )


def _open_format(name: str, path: str) -> Dataset:
    """Open a dataset of a known format, importing only what this format needs."""
    if name == "digits":
        from naslib_proxydata.data.digits import open_digits

        return open_digits()
    if name == "fashion-mnist":
        from naslib_proxydata.data.idx import open_fashion_mnist

        return open_fashion_mnist(path)
    if name == "npz":
        from naslib_proxydata.data.npz import open_npz

        return open_npz(path)
    if name == "folder":
        from naslib_proxydata.data.folder import open_folder

        return open_folder(path)
    from naslib_proxydata.data.cifar import open_cifar

    return open_cifar(name, path)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
