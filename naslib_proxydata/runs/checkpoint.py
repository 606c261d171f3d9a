"""Checkpoints: written whole or not at all, checked when read, the previous one kept."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.sealed import read_sealed, write_sealed

_log = logging.getLogger(__name__)
NAME = "checkpoint.pt"
PREVIOUS = "checkpoint-previous.pt"
ADVICE = "choose another folder, or start anew in this one"


@runtime_checkable
class Stateful(Protocol):
    """A lifecycle plugin with state that a checkpoint must hold."""

    def state_dict(self) -> dict[str, Any]:
        """Return arrays, tensors, numbers, texts, lists and dicts."""

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        """Take over what :meth:`state_dict` returned; arrays come back as CPU tensors.

        Args:
            state: The state.
            example: A tensor on the device of the run.
        """


def save_checkpoint(folder: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint beside the previous one, which is kept where it is whole.

    The file is the sha256 of what follows, then what ``torch.save`` writes.

    Raises:
        RunFolderError: The folder cannot be written.
    """
    stream = io.BytesIO()
    torch.save(_plain(state), stream)
    payload = stream.getvalue()
    current = folder / NAME
    try:
        if current.is_file() and read_sealed(current) is not None:  # else the one before is kept
            os.replace(current, folder / PREVIOUS)
    except OSError as error:
        raise RunFolderError(f"cannot write in {folder}: {error.strerror}") from None
    write_sealed(current, lambda file: file.write(payload), error=RunFolderError)


def load_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Read the newest checkpoint that is whole; None where the folder has none.

    A damaged one is named in a warning and the previous one is used. Its tensors are on the CPU,
    whatever device they were on, so that a run may go on on another.

    Raises:
        RunFolderError: There are checkpoints, all of them damaged.
    """
    damaged: list[str] = []
    for name in (NAME, PREVIOUS):
        path = folder / name
        if not path.exists():
            continue
        state = _read(path)
        if state is None:
            damaged.append(str(path))
            continue
        if damaged:
            _log.warning("%s is damaged; going on from the one before it, %s", damaged[0], path)
        return state
    if damaged:
        raise RunFolderError(
            f"every checkpoint is damaged: {', '.join(damaged)}; --overwrite, or delete them, to "
            "start anew"
        )
    return None


def _read(path: Path) -> dict[str, Any] | None:
    """Return the state in a file, None where its bytes are not those that were written.

    Raises:
        RunFolderError: It cannot be read, or holds what no checkpoint does.
    """
    payload = read_sealed(path, error=RunFolderError, advice=ADVICE)
    if payload is None:
        return None
    with boundary(path, RunFolderError, ADVICE):
        state = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise RunFolderError(f"{path} holds no state of a run; {ADVICE}")
    return state


def _plain(value: Any) -> Any:
    """Turn arrays into tensors, so that reading needs no pickled classes."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
