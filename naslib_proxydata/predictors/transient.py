"""Failures that may pass: the same score, computed again, may well succeed."""

from __future__ import annotations

import builtins

KINDS = frozenset(
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, OSError | MemoryError)
) | {"OutOfMemoryError", "AcceleratorError", "_ArrayMemoryError"}
"""Names of exceptions of memory, files and devices; the last three are torch's and numpy's."""

WORDS = (
    *("out of memory", "not enough memory", "allocate memory", "bad_alloc"),
    *("cuda error", "hip error", "cudnn_status", "cublas_status", "cusolver_status"),
    *("cufft error", "nccl error", "no cuda gpus are available", "unspecified launch failure"),
    *("can't start new thread", "resource temporarily unavailable", "no space left on device"),
    *("too many open files", "items of ancdata", "shared memory object", "killed by signal"),
    *("disk is full", "input/output error", "failed to map segment"),
)
"""What torch says in a plain RuntimeError of memory and devices, in small letters."""


def is_transient(error: BaseException) -> bool:
    """Return whether memory, a device or a file failed, not the computation itself.

    What it was raised from counts as well. Time limits and workers that died are transient too;
    see :mod:`naslib_proxydata.runs.workers`.
    """
    seen: set[int] = set()  # ``raise error from error`` makes an error its own cause
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, OSError | MemoryError) or tells_of_transient(reason_of(cause)):
            return True
        seen.add(id(cause))
        cause = cause.__cause__
    return False


def reason_of(error: BaseException) -> str:
    """Return the reason that a failed score is given for an exception, a stranger's too."""
    try:
        said = str(error)
    except Exception as problem:
        said = f"its text cannot be told ({type(problem).__name__})"
    return f"{type(error).__name__}: {said}"


def tells_of_transient(reason: str) -> bool:
    """Return whether a failed score's reason, see :func:`reason_of`, is of a transient failure."""
    small = reason.lower()
    return reason.partition(":")[0] in KINDS or any(words in small for words in WORDS)
