"""Multi-resolution networks: parallel branches that fuse with their neighbours.

arXiv 2103.13253, section 3.1, and the authors' program, whose fusions hear neighbours only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from naslib_proxydata.spaces.common.combining import Combining
from naslib_proxydata.spaces.common.networks import conv, conv_norm_relu
from naslib_proxydata.spaces.common.trunk import Trunk
from naslib_proxydata.spaces.nasbench_mr.architecture import (
    SCORED_BRANCH,
    MrNetwork,
    MrStage,
    fused_pairs,
)


class ResidualUnit(Combining):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_norm_relu(channels, channels, 3)
        self.second = nn.Sequential(conv(channels, channels, 3), nn.BatchNorm2d(channels))
        self.relu = nn.ReLU()

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape (n, channels, h, w)."""
        return self.rectified_sum(features, self.second(self.first(features)), self.relu)


class MrModule(Combining):
    """One module: a fusion to its branches, then each branch's residual units.

    Args:
        before: Channels of the branches that come in.
        stage: Units and channels of the module's branches.
    """

    def __init__(self, before: tuple[int, ...], stage: MrStage) -> None:
        super().__init__()
        after = stage.channels
        self.branches_in, self.branches = len(before), len(after)
        self.fusions = nn.ModuleDict()
        for source, target in fused_pairs(len(before), len(after)):
            inputs = before[source] if target < len(before) else after[source]
            kernel, stride = (1 if source > target else 3), (2 if source < target else 1)
            fusion = conv_norm_relu(inputs, after[target], kernel, stride)
            self.fusions[f"{source}-{target}"] = fusion
        self.units = nn.ModuleList(
            nn.Sequential(*(ResidualUnit(width) for _ in range(units)))
            for units, width in zip(stage.units, after, strict=True)
        )

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """Map the branches before to this module's, each half as large as the one above it."""
        fused: list[Tensor] = []
        for target in range(self.branches):
            if target < self.branches_in:
                fused.append(self._fuse(branches, target))
            else:
                fused.append(self.fusions[f"{target - 1}-{target}"](fused[target - 1]))
        return [units(features) for units, features in zip(self.units, fused, strict=True)]

    def _fuse(self, branches: list[Tensor], target: int) -> Tensor:
        """Sum a branch and its neighbours; what comes from a smaller one is enlarged."""
        total: Tensor | None = None
        for source in range(max(0, target - 1), min(self.branches_in, target + 2)):
            term = self.fusions[f"{source}-{target}"](branches[source])
            if source > target:
                term = interpolate(term, scale_factor=2.0, mode="nearest")
            total = term if total is None else self.sum(total, resized(term, total.shape[2:]))
        assert total is not None
        return total.relu()


def resized(features: Tensor, size: torch.Size) -> Tensor:
    """Return features at a height and width, by bilinear interpolation where they differ."""
    if features.shape[2:] == size:
        return features
    return interpolate(features, tuple(size), mode="bilinear", align_corners=False)


class MrBody(Combining):
    """Stem, modules and last layer.

    Args:
        net: The network.
        in_channels: Number of channels of the images.
        stem_stride: Stride of both stem layers.
    """

    def __init__(self, net: MrNetwork, in_channels: int, stem_stride: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            conv_norm_relu(in_channels, net.stem[0], 3, stem_stride),
            conv_norm_relu(net.stem[0], net.stem[1], 3, stem_stride),
        )
        self.stages = nn.ModuleList()
        before: tuple[int, ...] = (net.stem[1],)
        for stage in net.modules():
            self.stages.append(MrModule(before, stage))
            before = stage.channels
        self.last = conv_norm_relu(sum(before), net.last, 1)

    def modules_outputs(self, images: Tensor) -> list[list[Tensor]]:
        """Return the branches after each module."""
        branches = [self.stem(images)]
        outputs = []
        for module in self.stages:
            branches = module(branches)
            outputs.append(branches)
        return outputs

    def joined(self, branches: list[Tensor], size: torch.Size) -> Tensor:
        """Return all branches at one size, side by side in the channels."""
        return self.concatenation([resized(branch, size) for branch in branches])


class MrClassifier(nn.Module):
    """The published network for classification."""

    def __init__(self, net: MrNetwork, num_classes: int, in_channels: int) -> None:
        super().__init__()
        self.body = MrBody(net, in_channels, stem_stride=2)
        self.head = nn.Linear(net.last, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to logits (n, num_classes)."""
        branches = self.body.modules_outputs(images)[-1]
        features = self.body.last(self.body.joined(branches, branches[-1].shape[2:]))
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits


class MrTrunk(Trunk):
    """The scored trunk (arXiv 2210.09459, release): a stem of stride 1, taps at one size.

    The final tap is the last layer's output on the joined branches of the last module, the
    others are the joined branches of the two modules before; all at the third branch's size.
    """

    def __init__(self, net: MrNetwork, in_channels: int) -> None:
        super().__init__()
        self.body = MrBody(net, in_channels, stem_stride=1)
        modules = net.modules()
        self.channels = (net.last, sum(modules[-2].channels), sum(modules[-3].channels))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map (n, in_channels, h, w) to taps of size (h/4, w/4)."""
        outputs = self.body.modules_outputs(images)
        size = outputs[-1][SCORED_BRANCH].shape[2:]
        final = self.body.last(self.body.joined(outputs[-1], size))
        return [final, *(self.body.joined(one, size) for one in (outputs[-2], outputs[-3]))]
