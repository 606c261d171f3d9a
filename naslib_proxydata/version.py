"""The version of the installed package.

It is made from the tags of the repository when the package is installed (setuptools-scm), and
kept nowhere but in the metadata of the installation.
"""

from __future__ import annotations

from functools import cache
from typing import Final

DISTRIBUTION: Final = "naslib-proxydata"
UNKNOWN: Final = "0+unknown"
"""The version of a source folder that was never installed."""


@cache
def installed_version() -> str:
    """Return the version of the installed distribution, ``UNKNOWN`` where there is none."""
    from importlib import metadata  # 15 ms, which an import of the package does not need

    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return UNKNOWN
