"""The network that Eproxy trains: a trunk, transform layers, and barriers that never learn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.predictors.eproxy.config import Branch, EproxyConfig, Initialisation
from naslib_proxydata.predictors.eproxy.spectral import SpectralConv2d
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.common.trunk import Trunk


class Student(nn.Module):
    """Trunk, then per branch: resize, transform layer (conv, ReLU, BN), barrier."""

    def __init__(
        self,
        trunk: Trunk,
        transforms: Sequence[nn.Module],
        barriers: Sequence[nn.Module],
        size: tuple[int, int],
        resize: str,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.transforms = nn.ModuleList(transforms)
        self.barriers = nn.ModuleList(barriers)
        self.size = size
        self.resize = resize

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map images (n, channels, h, w) to one output (n, out_channels, *size) a branch."""
        taps = self.trunk(images)
        outputs = []
        for tap, transform, barrier in zip(taps, self.transforms, self.barriers, strict=False):
            if tap.shape[2:] != self.size:
                tap = F.interpolate(tap, self.size, mode=self.resize)
            outputs.append(barrier(transform(tap)))
        return outputs


def assemble(
    trunk: Trunk,
    barriers: Sequence[nn.Module],
    config: EproxyConfig,
    size: tuple[int, int],
    seed: int,
    drawn: torch.Generator | None = None,
) -> Student:
    """Put a freshly built trunk between the images and the barriers, in compiled code if there is.

    Args:
        trunk: The trunk.
        barriers: One a branch.
        config: The settings.
        size: Height and width of the targets.
        seed: Seed of the initial weights.
        drawn: Where the trunk has its initial weights already, the generator in the state that
            drawing them has left it in.

    Raises:
        ConfigError: The config has more branches than the trunk has taps.
    """
    transforms = initial_transforms(trunk, config, seed)
    student = Student(trunk, transforms, barriers, size, config.resize)
    generator = drawn or initial_trunk(trunk, config.network_init, seed)
    initialise(student.transforms, config.network_init, generator)
    accelerate(student)
    return student


def initial_transforms(trunk: Trunk, config: EproxyConfig, seed: int) -> list[nn.Module]:
    """Build the transform layers with torch's default weights, one a branch.

    Where the config has none they are identities.

    Raises:
        ConfigError: The config has more branches than the trunk has taps.
    """
    if len(trunk.channels) < len(config.branches):
        raise ConfigError(
            f"predictor 'eproxy': {len(config.branches)} branches were asked for, this space's "
            f"trunk has {len(trunk.channels)} taps; give it fewer branches, or preset 'release'"
        )
    if not config.transform:
        return [nn.Identity() for _ in config.branches]
    return [
        build(
            partial(_transform, channels, branch, config.barrier),
            torch_generator(seed, "eproxy", "transform", index),
        )
        for index, (channels, branch) in enumerate(
            zip(trunk.channels, config.branches, strict=False)
        )
    ]


def initial_trunk(trunk: Trunk, kind: Initialisation, seed: int) -> torch.Generator:
    """Draw a trunk's initial weights and return the generator that the transforms go on with."""
    generator = torch_generator(seed, "eproxy", "network_init")
    initialise(trunk, kind, generator)
    return generator


def make_barriers(
    config: EproxyConfig, seed: int, channels: Sequence[int] | None = None
) -> list[nn.Module]:
    """Make the frozen layers, one a branch, the same for all architectures.

    Args:
        config: The settings.
        seed: Of the weights.
        channels: Channels of the trunk's taps, which the barriers read where there is no
            transform layer.
    """
    if not config.barrier:
        return [nn.Identity() for _ in config.branches]
    widths = channels or [branch.mid_channels for branch in config.branches]
    barriers: list[nn.Module] = []
    shared: dict[tuple[int, int, int], nn.Module] = {}
    for index, (branch, width) in enumerate(zip(config.branches, widths, strict=False)):
        shape = (width, branch.out_channels, branch.barrier_kernel)
        if config.shared_barrier and shape in shared:
            barriers.append(shared[shape])
            continue
        generator = torch_generator(seed, "eproxy", "barrier", index)
        barrier = build(partial(_barrier, *shape), generator)
        initialise(barrier, config.barrier_init, generator)
        shared[shape] = barrier.requires_grad_(False)
        barriers.append(barrier)
    return barriers


def _transform(in_channels: int, branch: Branch, barrier: bool) -> nn.Module:
    """Convolution, ReLU, normalisation, in this order; without barrier it makes the output."""
    channels = branch.mid_channels if barrier else branch.out_channels
    kernel = branch.transform_kernel
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2),
        nn.ReLU(),
        nn.BatchNorm2d(channels, track_running_stats=False),
    )


def _barrier(in_channels: int, out_channels: int, kernel: int) -> nn.Module:
    layer = SpectralConv2d if kernel == 7 else nn.Conv2d
    return layer(in_channels, out_channels, kernel, padding=kernel // 2)


@torch.no_grad()
def initialise(network: nn.Module, kind: Initialisation, generator: torch.Generator) -> None:
    """Draw the weights of every convolution and linear layer anew.

    Xavier: bias 0.01. Kaiming: by the fan out, for ReLU, bias 0. ``"default"`` keeps what is
    there. Normalisation layers keep scale 1 and shift 0.
    """
    for module in network.modules():
        if kind == "default" or not isinstance(module, nn.Conv2d | nn.Linear):
            continue
        if kind == "xavier_uniform":
            nn.init.xavier_uniform_(module.weight, generator=generator)
        elif kind == "xavier_normal":
            nn.init.xavier_normal_(module.weight, generator=generator)
        elif kind == "kaiming_uniform":
            nn.init.kaiming_uniform_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        else:
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        if module.bias is not None:
            nn.init.constant_(module.bias, 0.01 if kind.startswith("xavier") else 0.0)
