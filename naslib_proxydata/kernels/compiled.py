"""Compile the C files of this folder with the machine's own compiler, once, and call them.

The library lies in ``kernels`` of the cache folder, under a name that changes with the source, the
compiler and the processor, and has the sha256 of its content. Where anything is missing
:func:`lanes` is 0, callers take torch's way, and :func:`why_off` says why.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import multiprocessing
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from naslib_proxydata.cache import CACHE_VARIABLE, cache_folder
from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.files import write_atomically
from naslib_proxydata.kernels.library import LibraryError, load, try_in_child
from naslib_proxydata.kernels.maps import empty_map
from naslib_proxydata.private import check_private_folder, make_private_folder, take_back

SWITCH = "NASLIB_PROXYDATA_COMPILE"
"""Environment variable: 0 keeps the package from compiling anything."""
_FOLDER = Path(__file__).parent
_FLAGS = ("-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")
_SECONDS = 60
_COMPILER_SECONDS = 600  # it takes some ten, and longer where others want the processor
_log = logging.getLogger(__name__)
_of_thread = threading.local()


@dataclass(frozen=True)
class Off:
    """Why there is no compiled code.

    Attributes:
        reason: In a few words, with what to do where something can be done.
        unexpected: Whether a user would expect that there is.
    """

    reason: str
    unexpected: bool = True


@cache
def lanes() -> int:
    """Return what numbers of channels must divide by; 0 where there is no compiled code."""
    return 0 if isinstance(_library(), Off) else call("lanes")


def why_off() -> str | None:
    """Return why there is no compiled code; None where there is."""
    found = _library()
    if isinstance(found, Off):
        return found.reason
    return None if lanes() else "they need a processor with AVX2"


def call(name: str, *values: Tensor | float) -> int:
    """Call a C function with numbers and with tensors, contiguous as it expects them."""
    result: int = _function(name)(*map(_argument, values))
    return result


def _argument(value: Tensor | float) -> Any:
    if isinstance(value, Tensor):
        return ctypes.c_void_p(value.data_ptr())
    return ctypes.c_long(value) if isinstance(value, int) else ctypes.c_float(value)


def workspace(size: int) -> Tensor:
    """Return at least ``size`` floats that belong to this thread until its next call."""
    buffer: Tensor | None = getattr(_of_thread, "buffer", None)
    if buffer is None or buffer.numel() < size:
        buffer = _of_thread.buffer = torch.empty(size)
    return buffer


@contextmanager
def paused() -> Iterator[None]:
    """Let layers that were accelerated take torch's way inside the block, in this thread.

    What is computed there can be differentiated as often as one likes.
    """
    before = is_paused()
    _of_thread.paused = True
    try:
        yield
    finally:
        _of_thread.paused = before


def is_paused() -> bool:
    """Return whether this thread is inside of :func:`paused`."""
    return getattr(_of_thread, "paused", False)


def readable(features: Tensor) -> bool:
    """Return whether compiled code may and can read features (n, channels, h, w)."""
    return not is_paused() and features.dtype == torch.float32 and features.device.type == "cpu"


def whole(channels: int) -> int:
    """Return the next multiple of :func:`lanes`, which weights are padded to."""
    return -channels % lanes() + channels


def padded(weight: Tensor) -> Tensor:
    """Return a weight (outputs, inputs, h, w) with channels last, and whole numbers of them."""
    outputs, inputs, height, width = weight.shape
    if (outputs, inputs) == (whole(outputs), whole(inputs)):
        return weight.contiguous(memory_format=torch.channels_last)
    result = empty_map(whole(outputs), whole(inputs), height, width).zero_()
    result[:outputs, :inputs] = weight
    return result


@cache
def _function(name: str) -> Any:
    function = getattr(_library(), name)
    function.restype = ctypes.c_long
    return function


@cache
def _library() -> ctypes.CDLL | Off:
    """Return the library, or why there is none, which is logged."""
    found = _found()
    if isinstance(found, Off):
        # Workers would only repeat what the process that started them says.
        warn = found.unexpected and multiprocessing.parent_process() is None
        _log.log(
            logging.WARNING if warn else logging.INFO,
            "compiled kernels are off, torch's slower way is taken: %s",
            found.reason,
        )
    return found


def _found() -> ctypes.CDLL | Off:
    """Load the library, from the cache where it was compiled before."""
    if os.environ.get(SWITCH) == "0":
        return Off(f"{SWITCH} is 0", unexpected=False)
    if os.name != "posix":
        return Off(f"not on {platform.system()}", unexpected=False)
    try:
        compiler = _compiler()
        if compiler is None:
            named = os.environ.get("CC")
            return Off(f"there is no C compiler {named or 'cc'}", unexpected=bool(named))
        folder = cache_folder() / "kernels"
        key = _key(compiler)
        for path in sorted(folder.glob(f"{key}-*.so")):
            try:
                return load(path)
            except LibraryError as error:
                _log.warning("%s; it is compiled anew", error)
                path.unlink(missing_ok=True)
        return load(_compile(compiler, folder, key))
    except (OSError, ValueError, ProxyDataError, subprocess.SubprocessError) as error:
        return Off(_said(error))


def _compiler() -> list[str] | None:
    """Return the command of the compiler, which may have several words: ``ccache gcc``.

    Raises:
        ValueError: A quotation in ``CC`` is not closed.
    """
    words = shlex.split(os.environ.get("CC") or "cc") or ["cc"]
    return words if shutil.which(words[0]) else None


def _key(compiler: Sequence[str]) -> str:
    """Hash the source and the compiler's own macros, which tell its version and the processor."""
    digest = hashlib.sha256(" ".join(_FLAGS).encode())
    for source in sorted(_FOLDER.glob("*.[ch]")):
        digest.update(source.read_bytes())
    command = [*compiler, *_FLAGS, "-dM", "-E", "-x", "c", os.devnull]
    macros = subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS).stdout
    digest.update(macros)
    return digest.hexdigest()[:16]


def _compile(compiler: Sequence[str], folder: Path, key: str) -> Path:
    """Compile, try the library in another process, and put it into the cache; return its path.

    Raises:
        UntrustedError: Somebody else can write in the folder.
        LibraryError: Libraries cannot be used there, or what the compiler wrote is none.
        OSError, subprocess.SubprocessError: It cannot be compiled or written.
    """
    make_private_folder(folder)
    take_back(folder)
    check_private_folder(folder)
    if os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0):
        raise LibraryError(
            f"{folder} lies on a disk that is mounted noexec; name a folder on another one with "
            f"{CACHE_VARIABLE}"
        )
    sources = [str(source) for source in sorted(_FOLDER.glob("*.c"))]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        fresh = Path(scratch) / "fresh.so"
        command = [*compiler, *_FLAGS, *sources, "-lm", "-o", str(fresh)]
        # Scratch files of the compiler lie there too: $TMPDIR may be full or absent.
        environment = {**os.environ, "TMPDIR": scratch}
        subprocess.run(
            command, capture_output=True, check=True, timeout=_COMPILER_SECONDS, env=environment
        )
        content = fresh.read_bytes()
        path = folder / f"{key}-{hashlib.sha256(content).hexdigest()}.so"
        try_in_child(fresh)
        write_atomically(path, lambda file: file.write(content), private=True)
    return path


def _said(error: Exception) -> str:
    """Return an error as a line, with the end of what a compiler said."""
    output = getattr(error, "stderr", None) or b""
    said = " ".join(output.decode(errors="replace").split())[-300:]
    told = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        told = f"{error.filename}: {error.strerror}"
    return f"{told}: {said}" if said else told
