"""One search by several processes, each on a GPU of its own, started by ``torchrun``.

All processes hold the same state and see the same batches. Of every batch each computes the logits
of its share of the images; the logits are gathered, so that the loss, metrics, pruners and whatever
else looks at a batch see all of it, everywhere alike. Gradients are averaged over the processes.
The first process alone writes. Where there is one process, nothing of this happens.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from naslib_proxydata.errors import ConfigError, SearchError, shown
from naslib_proxydata.runs.device import resolved_device
from naslib_proxydata.seeding import torch_generator

if TYPE_CHECKING:
    from torch import nn

    from naslib_proxydata.oneshot.mixture import Mixture

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
            f"{least} on, as torchrun sets it; unset it to search in one process"
        )
    return int(text)


def processes() -> int:
    """Return how many processes share the work of this search."""
    joined = dist.is_available() and dist.is_initialized() and not _ALONE.get()
    return dist.get_world_size() if joined else 1


def is_first() -> bool:
    """Return whether this process is the one that writes."""
    return processes() == 1 or dist.get_rank() == 0


@contextmanager
def joined(device: str) -> Iterator[None]:
    """Work together with the processes that ``torchrun`` has started, in the block.

    CPU tensors go by gloo, those of a GPU by nccl; process k of a machine takes its k-th GPU.
    After a block that ends well all wait for the slowest.

    Args:
        device: The search's device; ``auto`` for a GPU where there is one.

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
            f"several processes search on device 'cpu' or 'cuda', got {device!r}; with 'cuda' each "
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
    with _explained(), _started_whole():
        dist.init_process_group("gloo" if device == "cpu" else "cpu:gloo,cuda:nccl")
    yield  # after an error the process ends, and waits for no other
    with _explained():
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
def _explained() -> Iterator[None]:
    """Say what it means where processes cannot reach each other."""
    try:
        yield
    except RuntimeError as error:
        raise SearchError(
            f"the processes of the search lost each other ({str(error).splitlines()[0]}), mostly "
            "because one of them ended; the same command goes on after the last whole epoch"
        ) from error


@contextmanager
def _started_whole() -> Iterator[None]:
    """Say what it means where a part of what ``torchrun`` sets is missing."""
    try:
        yield
    except ValueError as error:
        raise ConfigError(
            f"WORLD_SIZE says that {_started_processes()} processes search together, but they "
            f"cannot meet ({str(error).splitlines()[0]}); start them with torchrun, or unset "
            "WORLD_SIZE to search in one process"
        ) from error


def from_first(value: Value) -> Value:
    """Return the first process's value in every process."""
    if processes() == 1:
        return value
    held = [value]
    with _explained():
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
        with _explained():
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
        with _explained():
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


class Shares:
    """Forward passes of a batch that the processes share.

    What is drawn for single examples within the network (noise, dropout) comes from a generator of
    the process's own, seeded from the search's and its number, so that the search's own stays the
    same everywhere.
    """

    def __init__(self) -> None:
        self._own: tuple[torch.Generator, torch.Generator] | None = None

    def logits(
        self,
        forward: Callable[[Tensor, Mapping[str, Mixture]], Tensor],
        images: Tensor,
        mixtures: Mapping[str, Mixture],
    ) -> Tensor:
        """Return the logits of the whole batch (n, classes), of which this process computes some.

        Where there are fewer shares than processes, those left over compute the first share too
        and leave their answer out, so that nobody waits for them.

        Args:
            forward: Gives the logits of some images.
            images: The whole batch, shape (n, channels, h, w).
            mixtures: Weights of the candidates.
        """
        if processes() == 1:
            return forward(images, mixtures)
        shares, number = bounds(len(images), processes()), dist.get_rank()
        busy = number < len(shares)
        start, end = shares[number if busy else 0]
        own = {
            kind: replace(one, generator=self._generator(one.generator))
            for kind, one in mixtures.items()
        }
        found = forward(images[start:end], own)
        sizes = [end - start for start, end in shares]
        gathered: Tensor = _Gathered.apply(found if busy else found[:0], sizes)  # type: ignore[no-untyped-call]
        return gathered

    def _generator(self, common: torch.Generator | None) -> torch.Generator | None:
        """Return this process's own in place of one that is the same everywhere."""
        if common is None:
            return None
        if self._own is None or self._own[0] is not common:
            seeds = (common.initial_seed(), "process", dist.get_rank())
            self._own = common, torch_generator(*seeds, device=str(common.device))
        return self._own[1]


class _Gathered(torch.autograd.Function):
    """The rows of all processes; backwards, each gets the gradient of its own, times their number.

    The loss of all rows is then the same number everywhere, and the mean over the processes of its
    gradients is its gradient, with that of what does not depend on the rows.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, rows: Tensor, sizes: list[int]) -> Tensor:
        most, number = max(sizes), dist.get_rank()
        padded = rows.new_zeros(most, *rows.shape[1:])
        padded[: len(rows)] = rows
        every = [torch.empty_like(padded) for _ in range(dist.get_world_size())]
        with _explained():
            dist.all_gather(every, padded)
        start = sum(sizes[:number])
        ctx.own = slice(start, start + len(rows))  # type: ignore[attr-defined]
        # Each process's rows: those left over have none.
        return torch.cat([one[:size] for one, size in zip(every, sizes, strict=False)])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient[ctx.own] * dist.get_world_size(), None  # type: ignore[attr-defined]


def described() -> dict[str, Any]:
    """Return what a result says of the processes: nothing where there is one."""
    return {} if processes() == 1 else {"processes": processes()}
