"""Where plugins come from: the package's own rooms, installed distributions, and files."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from naslib_proxydata.errors import PluginError, shown
from naslib_proxydata.hookspecs import PROJECT
from naslib_proxydata.version import DISTRIBUTION, installed_version


@dataclass(frozen=True)
class Provider:
    """Who provides a plugin.

    Attributes:
        plugin: Name of the plugin: its entry point, its module, or its file.
        distribution: Name of the distribution that it came with, or the path of its file.
        version: Version of the distribution, empty for a file.
        is_file: Whether it is a file of the project's own.
    """

    plugin: str
    distribution: str
    version: str = ""
    is_file: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """What a user may call it: by its plugin's name, or its distribution's."""
        return self.plugin, self.distribution

    def __str__(self) -> str:
        """Return what error messages call the plugin."""
        source = f"{self.distribution} {self.version}".strip()
        return f"plugin {self.plugin!r} ({source})"


class Source(NamedTuple):
    """A plugin before it is imported.

    Attributes:
        provider: Who provides it.
        load: Imports it.
    """

    provider: Provider
    load: Callable[[], object]


def builtins() -> Iterator[Source]:
    """Find ``plugin.py`` in every room of the package, without importing the rooms."""
    package = Path(__file__).parents[1]
    for path in sorted(package.glob("*/plugin.py")):
        name = f"{PROJECT}.{path.parent.name}.plugin"
        provider = Provider(name, DISTRIBUTION, installed_version())
        yield Source(provider, partial(importlib.import_module, name))


def installed() -> Iterator[Source]:
    """Find the entry points of installed distributions, in the order of their names."""
    for entry in sorted(metadata.entry_points(group=PROJECT), key=lambda entry: entry.name):
        distribution = entry.dist
        name, version = (
            (distribution.name, distribution.version) if distribution else (entry.value, "")
        )
        yield Source(Provider(entry.name, name, version), entry.load)


BROUGHT: dict[str, Path] = {}
"""Where files lie that came from another machine, by their path there."""


def files(paths: Sequence[Path]) -> Iterator[Source]:
    """Turn a project's own files into sources; a file that is named twice counts once."""
    # Unlike Path.resolve, realpath takes links that lead to themselves and names of any length.
    here = [BROUGHT.get(str(path), path) for path in paths]
    for path in dict.fromkeys(Path(os.path.realpath(_named(path))) for path in here):
        yield Source(Provider(path.stem, str(path), is_file=True), partial(_import_file, path))


def _named(path: Path) -> Path:
    """Return a path, unless no file can have it."""
    if "\0" in str(path):
        raise PluginError(f"--plugin {shown(str(path))} is no path: it holds a NUL")
    return path


def _import_file(path: Path) -> object:
    """Import a file as a module of its own name."""
    if not os.path.isfile(path):
        raise FileNotFoundError("no such file; give the path of a Python file with --plugin")
    name = f"{PROJECT}_file_{path.stem}"
    # Last, so that a file's neighbours can be imported by it but hide nothing that is installed.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("expected a Python file whose name ends with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
