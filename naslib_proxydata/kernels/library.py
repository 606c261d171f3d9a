"""Loading a compiled library that nobody else wrote, whole as it was compiled."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.private import open_private

FUNCTIONS = (
    "add_rectified",
    "add_rectified_gradient",
    "average",
    "average_gradient",
    "convolution_edge",
    "convolution_edge_gradients",
    "convolve",
    "convolve_few_tiles",
    "dense",
    "dense_by_features",
    "dense_by_weight",
    "dense_places",
    "dense_places_by_features",
    "dense_places_by_weight",
    "dense_workspace",
    "depthwise",
    "depthwise_gradients",
    "depthwise_workspace",
    "descend",
    "edge_workspace",
    "few_tiles_workspace",
    "filters",
    "filters_size",
    "lanes",
    "maximum",
    "maximum_gradient",
    "normalise",
    "normalise_gradient",
    "normalise_twice",
    "places_workspace",
    "pooling_edge",
    "pooling_workspace",
    "statistics",
    "turned_filters",
    "weight_gradient",
    "weight_workspace",
    "workspace",
)
"""All that is called."""
_SECONDS = 60
_TRIAL = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
for name in sys.argv[2:]:
    getattr(library, name).restype = ctypes.c_long
library.lanes()
"""


class LibraryError(ProxyDataError):
    """A library is damaged, or lacks what is called."""


def load(path: Path) -> ctypes.CDLL:
    """Load a library whose name ends with its sha256, through the descriptor that was checked.

    Raises:
        UntrustedError: Somebody else may have written it.
        LibraryError: Its content is not what was compiled, or cannot be loaded.
    """
    with open_private(path) as file:
        if hashlib.sha256(file.read()).hexdigest() != path.stem.rpartition("-")[2]:
            raise LibraryError(f"{path} is damaged: its sha256 is another")
        # Not closed again: the loader tells libraries apart by this name, which must stay its own.
        opened = f"/proc/self/fd/{os.dup(file.fileno())}"
    # Where there is no such path: the folder is this user's alone, so it is the same file.
    place = opened if os.path.exists(opened) else str(path)
    try:
        library = ctypes.CDLL(place)
        for name in FUNCTIONS:
            getattr(library, name)
    except (OSError, AttributeError) as error:
        raise LibraryError(f"{path} cannot be loaded: {error}") from error
    return library


def try_in_child(path: Path) -> None:
    """Load a library in a process of its own, which a bad one may kill, and call it.

    Raises:
        LibraryError: That process failed.
        OSError, subprocess.SubprocessError: It could not be started, or did not end.
    """
    command = [sys.executable, "-I", "-S", "-c", _TRIAL, str(path), *FUNCTIONS]
    trial = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    if trial.returncode:
        said = trial.stderr.decode(errors="replace").strip().splitlines() or ["no word"]
        ended = f"exit code {trial.returncode}" if trial.returncode > 0 else "a crash"
        raise LibraryError(f"what the compiler wrote cannot be used ({ended}: {said[-1]})")
