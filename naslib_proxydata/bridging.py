"""What every bridge to another package does: names that load when used, or what to install."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from naslib_proxydata.errors import BridgeError

NONE: Final[Mapping[str, str]] = MappingProxyType({})


def lazy_names(
    room: str, homes: Mapping[str, str], packages: Mapping[str, str] = NONE, advice: str = ""
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a room, which imports what is asked for (PEP 562).

    Args:
        room: Name of the room's package.
        homes: File of the room that holds each name.
        packages: What the room imports of others, by the name of the import: the name on PyPI.
            Empty where the room says by itself what is missing.
        advice: The command that installs them.
    """

    def found(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        try:
            module = import_module(f"{room}.{homes[name]}")
        except ImportError as error:
            package = (error.name or "").partition(".")[0]
            if package not in packages:
                raise
            raise BridgeError(
                f"{name} needs the package {packages[package]}, which does not import here "
                f"({error}); install it with: {advice}"
            ) from error
        return getattr(module, name)

    return found
