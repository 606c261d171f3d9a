"""The students of many architectures of one skeleton as one network.

Each row of it is what ``student.assemble`` makes for one architecture, with its initial weights,
and trains as that does: errors are summed over architectures, so that no gradient knows of another.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from naslib_proxydata.predictors.eproxy.config import EproxyConfig
from naslib_proxydata.predictors.eproxy.student import Student, initial_transforms
from naslib_proxydata.spaces.common.stacked import Builder, Convolution, Norm
from naslib_proxydata.spaces.common.trunk import Trunk


class StackedStudent(Student):
    """Trunk of G architectures, then per branch: resize, transform layer, the shared barrier."""

    def __init__(
        self,
        trunk: Trunk,
        transforms: Sequence[nn.Module],
        barriers: Sequence[nn.Module],
        size: tuple[int, int],
        resize: str,
        count: int,
    ) -> None:
        super().__init__(trunk, transforms, barriers, size, resize)
        self.count = count

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map images (n, channels, h, w) to (G, n, out_channels, *size) a branch."""
        shared = images.contiguous().transpose(0, 1).expand(self.count, -1, -1, -1, -1)
        outputs = []
        for tap, transform, barrier in zip(
            self.trunk(shared), self.transforms, self.barriers, strict=False
        ):
            if tap.shape[3:] != self.size:
                resized = F.interpolate(tap.flatten(0, 1), self.size, mode=self.resize)
                tap = resized.view(*tap.shape[:3], *self.size)
            hidden = transform(tap).transpose(1, 2).flatten(0, 1)  # G n x mid x h x w
            outputs.append(barrier(hidden).unflatten(0, (self.count, -1)))
        return outputs


def assemble_stacked(
    trunk: Trunk,
    barriers: Sequence[nn.Module],
    config: EproxyConfig,
    size: tuple[int, int],
    seed: int,
    builder: Builder,
) -> StackedStudent:
    """Put a stacked trunk between the images and the barriers; see ``student.assemble``."""
    transforms = [
        _stacked(transform, builder) for transform in initial_transforms(trunk, config, seed)
    ]
    return StackedStudent(trunk, transforms, barriers, size, config.resize, len(builder.every))


def _stacked(transform: nn.Module, builder: Builder) -> nn.Module:
    """Return a transform layer that all architectures begin with: convolution, ReLU, norm."""
    if isinstance(transform, nn.Identity):
        return transform
    count, device = len(builder.every), builder.device
    conv, _, norm = transform.children()
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert conv.bias is not None
    weight = conv.weight.detach().to(device, builder.dtype).expand(count, -1, -1, -1, -1)
    bias = conv.bias.detach().to(device, builder.dtype).repeat(count)
    scale = torch.ones(count * norm.num_features, dtype=builder.dtype, device=device)
    return nn.Sequential(
        Convolution(weight.clone(memory_format=torch.contiguous_format), 1, builder.way, bias),
        nn.ReLU(),
        Norm(scale),
    )
