"""What a search in NASLib must keep to go on: more than NASLib's own checkpoints hold."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.files import remove_scratch
from naslib_proxydata.runs.checkpoint import load_checkpoint, save_checkpoint
from naslib_proxydata.runs.lock import FolderLock

SUBFOLDER = "proxy_data"
OPTIMIZERS = ("op_optimizer", "arch_optimizer")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other searches out of a search folder while the block runs.

    Raises:
        RunFolderError: Another search writes there, or somebody took the folder away meanwhile.
    """
    place = _made(folder)
    with FolderLock(place) as lock:
        remove_scratch(place)
        yield
        if not lock.is_in_place():
            raise RunFolderError(
                f"{place} was deleted, moved or replaced while the search was writing to it; "
                "search again, and leave the folder alone until the search ends"
            )


def _made(folder: Path) -> Path:
    place = folder / SUBFOLDER
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(f"cannot make {place}: {error.strerror}") from None
    return place


def save(folder: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint under a search folder, beside the previous one.

    Raises:
        RunFolderError: The folder cannot be written.
    """
    save_checkpoint(_made(folder), state)


def load(folder: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read the newest whole checkpoint under a search folder; None where there is none.

    Args:
        folder: The search folder.
        identity: What must be equal for it to belong to this search.

    Raises:
        RunFolderError: It is damaged, or belongs to another search.
    """
    state = load_checkpoint(folder / SUBFOLDER)
    if state is None:
        return None
    with boundary(folder, RunFolderError, "search in another folder"):
        differing = [key for key in identity if state["identity"].get(key) != identity[key]]
    if differing:
        raise RunFolderError(
            f"{folder} holds another search: {', '.join(differing)} differ; search in another "
            "folder"
        )
    return state


def required(place: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    """Read the checkpoint that a search is to go on from.

    Args:
        place: The search folder, or a file in it, such as NASLib's ``model_0000004.pth``.
        identity: What must be equal for it to belong to this search.

    Raises:
        RunFolderError: There is none, or see :func:`load`.
    """
    folder = place if os.path.isdir(place) else place.parent
    state = load(folder, identity)
    if state is None:
        raise RunFolderError(
            f"no checkpoint in {folder / SUBFOLDER}; ProxyTrainer goes on from its own "
            "checkpoints, since NASLib's lack the architecture parameters"
        )
    return state


def optimizer_state(optimizer: Any) -> dict[str, Any]:
    """Return weights, architecture parameters, both optimizers and loose tensors (GDAS' tau)."""
    return {
        "graph": optimizer.graph.state_dict(),
        "architecture": [one.detach().clone() for one in optimizer.architectural_weights],
        "loose": {name: one.clone() for name, one in _loose(optimizer).items()},
        **{name: getattr(optimizer, name).state_dict() for name in OPTIMIZERS},
    }


@torch.no_grad()
def restore_optimizer(optimizer: Any, state: Mapping[str, Any]) -> None:
    """Take over what :func:`optimizer_state` returned."""
    optimizer.graph.load_state_dict(state["graph"])
    for parameter, value in zip(
        optimizer.architectural_weights, state["architecture"], strict=True
    ):
        parameter.copy_(value)
    for name, tensor in _loose(optimizer).items():
        tensor.copy_(state["loose"][name])
    for name in OPTIMIZERS:
        getattr(optimizer, name).load_state_dict(state[name])


def _loose(optimizer: Any) -> dict[str, torch.Tensor]:
    """Return the tensors that an optimizer of NASLib's keeps as plain attributes."""
    return {name: one for name, one in vars(optimizer).items() if isinstance(one, torch.Tensor)}


def generators() -> dict[str, Any]:
    """Return the states of the global generators, which NASLib and its transforms draw from."""
    _, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002
    version, words, pending = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [np.asarray(keys).tolist(), position, has_gauss, gauss],
        "python": [version, list(words), pending],
    }


def restore_generators(states: Mapping[str, Any]) -> None:
    """Put the global generators into the states that :func:`generators` returned."""
    torch.set_rng_state(states["torch"])
    if len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    keys, position, has_gauss, gauss = states["numpy"]
    state = ("MT19937", np.array(keys, np.uint32), position, has_gauss, gauss)
    np.random.set_state(state)  # noqa: NPY002
    version, words, pending = states["python"]
    random.setstate((version, tuple(words), pending))
