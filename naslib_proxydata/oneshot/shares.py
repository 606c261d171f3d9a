"""Forward passes of a supernet that several processes share.

All processes see the same batches. Of every batch each computes the logits of its share of the
images; the logits are gathered, so that the loss, metrics, pruners and whatever else looks at a
batch see all of it, everywhere alike. Gradients are averaged over the processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import Tensor

from naslib_proxydata.runs.processes import bounds, explained, processes
from naslib_proxydata.seeding import torch_generator

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.mixture import Mixture


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
        with explained():
            dist.all_gather(every, padded)
        start = sum(sizes[:number])
        ctx.own = slice(start, start + len(rows))  # type: ignore[attr-defined]
        # Each process's rows: those left over have none.
        return torch.cat([one[:size] for one, size in zip(every, sizes, strict=False)])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient[ctx.own] * dist.get_world_size(), None  # type: ignore[attr-defined]
