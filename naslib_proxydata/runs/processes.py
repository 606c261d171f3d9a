"""One run by several processes, each on a GPU of its own, started by ``torchrun``.

All processes hold the same state. The first alone writes. Where there is one process, nothing of
this happens.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from naslib_proxydata.errors import ConfigError, SearchError, shown
from naslib_proxydata.runs.device import resolved_device

if TYPE_CHECKING:
    from torch import nn

Value = TypeVar("Value")

_ALONE: ContextVar[bool] = ContextVar("alone", default=False)


def started_number() -> int:
    """Return the number that ``torchrun`` gave this process, 0 where it did not start it.

    Raises:
        ConfigError: The environment says something else than ``torchrun`` does.
    """
    return _told("RANK", 0) if _started_processes() > 1 else 0


def _started_processes() -> int:
    """Return how many processes ``torchrun`` started."""
    return _told("WORLD_SIZE", 1, least=1)


def _told(name: str, otherwise: int, least: int = 0) -> int:
    """Return a number that ``torchrun`` keeps in the environment."""
    text = os.environ.get(name) or str(otherwise)
    if not text.isdecimal() or int(text) < least:
        raise ConfigError(
            f"the environment variable {name} is {shown(text)}, expected a whole number from "
            f"{least} on, as torchrun sets it; unset it to run in one process"
        )
    return int(text)


def processes() -> int:
    """Return how many processes share the work of this run."""
    joined = dist.is_available() and dist.is_initialized() and not _ALONE.get()
    return dist.get_world_size() if joined else 1


def process_number() -> int:
    """Return the number of this process among those that share the work, from 0."""
    return dist.get_rank() if processes() > 1 else 0


def is_first() -> bool:
    """Return whether this process is the one that writes."""
    return process_number() == 0


@contextmanager
def joined(device: str) -> Iterator[None]:
    """Work together with the processes that ``torchrun`` has started, in the block.

    CPU tensors go by gloo, those of a GPU by nccl; process k of a machine takes its k-th GPU.
    After a block that ends well all wait for the slowest.

    Args:
        device: The run's device; ``auto`` for a GPU where there is one.

    Raises:
        ConfigError: One GPU was named, there are fewer than processes, or the environment is not
            the one that ``torchrun`` makes.
    """
    if _started_processes() == 1 or dist.is_initialized():
        yield
        return
    if device == "auto":
        device = resolved_device(device)
    if device not in ("cpu", "cuda"):
        raise ConfigError(
            f"several processes run on device 'cpu' or 'cuda', got {device!r}; with 'cuda' each "
            "takes a GPU of its own, and CUDA_VISIBLE_DEVICES says which there are"
        )
    if device == "cuda":
        place = _told("LOCAL_RANK", 0)
        if place >= torch.cuda.device_count():
            raise ConfigError(
                f"there are more processes on this machine than its {torch.cuda.device_count()} "
                "GPUs; start as many as there are (torchrun --nproc-per-node)"
            )
        torch.cuda.set_device(place)
    with explained(), _started_whole():
        dist.init_process_group("gloo" if device == "cpu" else "cpu:gloo,cuda:nccl")
    yield  # after an error the process ends, and waits for no other
    with explained():
        dist.barrier()
        dist.destroy_process_group()


@contextmanager
def alone() -> Iterator[None]:
    """Let every process compute all of it by itself in the block."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


@contextmanager
def explained() -> Iterator[None]:
    """Say what it means where processes cannot reach each other.

    Raises:
        SearchError: One of them is gone.
    """
    try:
        yield
    except RuntimeError as error:
        raise SearchError(
            f"the processes of the run lost each other ({str(error).splitlines()[0]}), mostly "
            "because one of them ended; the same command goes on after the last whole epoch"
        ) from error


@contextmanager
def _started_whole() -> Iterator[None]:
    """Say what it means where a part of what ``torchrun`` sets is missing."""
    try:
        yield
    except ValueError as error:
        raise ConfigError(
            f"WORLD_SIZE says that {_started_processes()} processes run together, but they "
            f"cannot meet ({str(error).splitlines()[0]}); start them with torchrun, or unset "
            "WORLD_SIZE to run in one process"
        ) from error


def from_first(value: Value) -> Value:
    """Return the first process's value in every process."""
    if processes() == 1:
        return value
    held = [value]
    with explained():
        dist.broadcast_object_list(held, src=0, device=torch.device("cpu"))
    return held[0]


def averaged(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the means over all processes, by one exchange for all tensors of a kind."""
    if processes() == 1:
        return list(tensors)
    kinds: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for place, one in enumerate(tensors):
        kinds.setdefault((one.device, one.dtype), []).append(place)
    result = list(tensors)
    for places in kinds.values():
        flat = torch.cat([tensors[place].detach().flatten() for place in places])
        with explained():
            dist.all_reduce(flat)
        parts = torch.split(flat / processes(), [tensors[place].numel() for place in places])
        for place, part in zip(places, parts, strict=True):
            result[place] = torch.empty_like(tensors[place]).copy_(part.view_as(tensors[place]))
    return result


def keep_buffers_alike(network: nn.Module) -> None:
    """Give every process the running averages of the first."""
    if processes() == 1:
        return
    for buffer in network.buffers():
        with explained():
            dist.broadcast(buffer, src=0)


def bounds(count: int, parts: int) -> list[tuple[int, int]]:
    """Return the first and past-the-last place of each process's share of a batch.

    Shares differ by one example at most, and none is a single example where there are two or
    more, which batch normalisation cannot train on: a small batch has fewer shares than there are
    processes.

    Args:
        count: Examples in the batch.
        parts: Number of processes.
    """
    shares = max(1, min(parts, count // 2))
    ends = [count * share // shares for share in range(shares + 1)]
    return list(pairwise(ends))


def described() -> dict[str, Any]:
    """Return what a result says of the processes: nothing where there is one."""
    return {} if processes() == 1 else {"processes": processes()}
