"""The folder of what is made once a machine: examples' scores, models, compiled kernels."""

from __future__ import annotations

import os
from pathlib import Path

from naslib_proxydata.errors import FileError
from naslib_proxydata.files import expanded

CACHE_VARIABLE = "NASLIB_PROXYDATA_CACHE"
"""Environment variable that names the folder."""


def cache_folder() -> Path:
    """Return ``$NASLIB_PROXYDATA_CACHE``, or a folder in the user's cache, as an absolute path.

    The variable may begin with ``~``, or be relative to the working folder.

    Raises:
        FileError: No variable names a folder, and this user has no home folder.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return expanded(named).absolute()
    # A relative path there is to be ignored, by the XDG Base Directory Specification.
    base = Path(os.environ.get("XDG_CACHE_HOME") or "")
    return (base if base.is_absolute() else _home() / ".cache") / "naslib-proxydata"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:  # neither $HOME nor an entry among the users, as in containers
        raise FileError(
            f"this user has no home folder for the cache; set {CACHE_VARIABLE} to a folder that "
            "can be written"
        ) from error
