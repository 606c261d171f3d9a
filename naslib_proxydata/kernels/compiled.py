"""Compile the C files of this folder with the machine's own compiler, once, and call them.

The library lies in ``kernels`` of the cache folder, under a name that changes with the source, the
compiler and the processor. Where anything is missing :func:`lanes` is 0 and callers take torch's
way.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from naslib_proxydata.cache import cache_folder

SWITCH = "NASLIB_PROXYDATA_COMPILE"
"""Environment variable: 0 keeps the package from compiling anything."""
_FOLDER = Path(__file__).parent
_FLAGS = ("-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")
_SECONDS = 60
_log = logging.getLogger(__name__)
_of_thread = threading.local()


@cache
def lanes() -> int:
    """Return what numbers of channels must divide by; 0 where there is no compiled code."""
    return call("lanes") if _library() else 0


def call(name: str, *values: Tensor | int) -> int:
    """Call a C function with integers and with tensors, contiguous as it expects them."""
    arguments = [
        ctypes.c_long(value) if isinstance(value, int) else ctypes.c_void_p(value.data_ptr())
        for value in values
    ]
    result: int = _function(name)(*arguments)
    return result


def workspace(size: int) -> Tensor:
    """Return at least ``size`` floats that belong to this thread until its next call."""
    buffer: Tensor | None = getattr(_of_thread, "buffer", None)
    if buffer is None or buffer.numel() < size:
        buffer = _of_thread.buffer = torch.empty(size)
    return buffer


@cache
def _function(name: str) -> Any:
    function = getattr(_library(), name)
    function.restype = ctypes.c_long
    return function


@cache
def _library() -> ctypes.CDLL | None:
    """Load the library, from the cache where it was compiled before."""
    compiler = shutil.which(os.environ.get("CC") or "cc")
    if os.environ.get(SWITCH) == "0" or compiler is None or os.name != "posix":
        return None
    try:
        path = cache_folder() / "kernels" / f"{_key(compiler)}.so"
        if not path.exists():
            _compile(compiler, path)
        if path.stat().st_uid != os.getuid():
            raise PermissionError(f"{path} belongs to someone else")
        return ctypes.CDLL(str(path))
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        _log.info("kernels are not compiled, torch's way is taken: %s", error)
        return None


def _key(compiler: str) -> str:
    """Hash the source and the compiler's own macros, which tell its version and the processor."""
    digest = hashlib.sha256(" ".join(_FLAGS).encode())
    for source in sorted(_FOLDER.glob("*.[ch]")):
        digest.update(source.read_bytes())
    command = [compiler, *_FLAGS, "-dM", "-E", "-x", "c", os.devnull]
    macros = subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS).stdout
    digest.update(macros)
    return digest.hexdigest()[:16]


def _compile(compiler: str, path: Path) -> None:
    """Write the library in one step, so that another process never loads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sources = [str(source) for source in sorted(_FOLDER.glob("*.c"))]
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        command = [compiler, *_FLAGS, *sources, "-lm", "-o", str(fresh)]
        subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS)
        fresh.replace(path)
