"""Operations that see more channels, with the weights that they had (arXiv 2006.10355)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from naslib_proxydata.errors import SearchError

if TYPE_CHECKING:
    from naslib_proxydata.oneshot.supernets.base import Supernet


@dataclass(frozen=True)
class Copied:
    """Which old channels the channels of a convolution are copied from.

    Attributes:
        outputs: For each output the old one, int64.
        inputs: The same of inputs; of a depthwise convolution just 0.
    """

    outputs: Tensor
    inputs: Tensor

    def of(self, old: Tensor) -> Tensor:
        """Return the wider weight, or its momentum: outputs x inputs x h x w."""
        outputs, inputs = self.outputs.to(old.device), self.inputs.to(old.device)
        return old.index_select(0, outputs).index_select(1, inputs).clone()


def copied_channels(old: Supernet, new: Supernet, generator: torch.Generator) -> dict[str, Copied]:
    """Return what the weights of convolutions that have grown are copied from, by their name.

    Old channels stay, and each further one is a copy of a random old one (release,
    xiangning-chen/DrNAS, net2wider.py). What a depthwise convolution copies, the pointwise one
    after it copies too; all other inputs and outputs are drawn by themselves. Of convolutions of
    several edges that are computed as one, each has outputs of its own, and the inputs are common.

    Args:
        old: The supernet that has been trained.
        new: The same with more channels in its operations.
        generator: A CPU generator for the copies.

    Raises:
        SearchError: Something else than convolutions has grown.
    """
    modules, grown = dict(old.named_modules()), _grown(old, new)
    result: dict[str, Copied] = {}
    depthwise: tuple[str, Tensor] | None = None  # the last one's parent and outputs
    for name, wide in new.named_modules():
        if f"{name}.weight" not in grown:
            continue
        narrow = modules[name]
        if not isinstance(wide, nn.Conv2d) or not isinstance(narrow, nn.Conv2d):
            raise SearchError(f"{name} has more channels and is no convolution; it cannot be wider")
        parent = name.rpartition(".")[0]
        blocks = 1 if narrow.groups > 1 else max(1, narrow.out_channels // narrow.in_channels)
        outputs = _copies(narrow.out_channels, wide.out_channels, blocks, generator)
        if wide.groups > 1:
            result[f"{name}.weight"] = Copied(outputs, torch.tensor([0]))
            depthwise = parent, outputs
            continue
        if depthwise is not None and depthwise[0] == parent:
            inputs = depthwise[1]
        else:
            inputs = _copies(narrow.in_channels, wide.in_channels, 1, generator)
        result[f"{name}.weight"] = Copied(outputs, inputs)
        depthwise = None
    if set(result) != grown:
        raise SearchError(f"{', '.join(sorted(grown - set(result)))} cannot be made wider")
    return result


def _grown(old: Supernet, new: Supernet) -> set[str]:
    """Return the names of parameters of another shape."""
    shapes = {name: one.shape for name, one in old.named_parameters()}
    return {name for name, one in new.named_parameters() if one.shape != shapes[name]}


def _copies(old: int, new: int, blocks: int, generator: torch.Generator) -> Tensor:
    """Return for each channel the old one, block by block: first all old, then random ones."""
    each, more = old // blocks, (new - old) // blocks
    parts = []
    for start in range(0, old, each):
        drawn = torch.randint(each, (more,), generator=generator)
        parts += [torch.arange(start, start + each), start + drawn]
    return torch.cat(parts)


@torch.no_grad()
def take_over(old: Supernet, new: Supernet, copied: dict[str, Copied]) -> None:
    """Give a wider supernet the weights and buffers of the one before.

    Args:
        old: The supernet that has been trained.
        new: The wider one.
        copied: What :func:`copied_channels` returned.
    """
    before = old.state_dict()
    for name, one in new.state_dict().items():
        one.copy_(copied[name].of(before[name]) if name in copied else before[name])
