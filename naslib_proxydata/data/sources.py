"""From the text a user writes, such as ``cifar10:PATH``, to a dataset."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ConfigError, DatasetError, unknown_name
from naslib_proxydata.files import expanded

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.plugins import Plugins


def open_dataset(source: str, plugins: Plugins | None = None) -> Dataset:
    """Open a dataset by what a user writes.

    Args:
        source: ``NAME`` or ``NAME:PATH`` of a registered format, such as ``digits`` or
            ``cifar10:PATH``; the path of an ``.npz`` file or of a folder; or
            ``module:attribute`` of a map-style dataset, or ``module:attribute:split`` of one of
            several in a dictionary.
        plugins: Where formats are registered; the built-in and installed ones where None.

    Raises:
        DatasetError: The source is unknown, absent or damaged.
        PluginError: The format of a plugin raised, or returned something else.
    """
    plugins = plugins if plugins is not None else _installed_plugins()
    name, _, path = source.partition(":")
    if _is_format(name, plugins):
        return plugins.create("datasets", name, path=path)
    if Path(source).suffix == ".npz":
        return plugins.create("datasets", "npz", path=source)
    if expanded(source).is_dir():
        return plugins.create("datasets", "folder", path=source)
    if path and _importable(name):
        from naslib_proxydata.data.importable import open_importable

        return open_importable(source)
    raise DatasetError(
        unknown_name("dataset", name, plugins.names("datasets"))
        + " An existing folder, an .npz file and module:attribute of an importable dataset are "
        "understood, too."
    )


def _installed_plugins() -> Plugins:
    from naslib_proxydata import plugins as room

    return room.load()


def _is_format(name: str, plugins: Plugins) -> bool:
    """Return whether a format has this name, or this alias."""
    try:
        plugins.registration("datasets", name)
    except ConfigError:
        return False
    return True


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
    except Exception:  # its package raises when it is imported: whoever opens it says how
        return True
