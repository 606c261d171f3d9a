"""The folder of what is made once a machine: examples' scores, models, compiled kernels."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "NASLIB_PROXYDATA_CACHE"
"""Environment variable that names the folder."""


def cache_folder() -> Path:
    """Return ``$NASLIB_PROXYDATA_CACHE``, or a folder in the user's cache."""
    named = os.environ.get(CACHE_VARIABLE)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(base) / "naslib-proxydata"
