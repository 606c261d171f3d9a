"""The residual networks for images of CIFAR's size (arXiv 1512.03385, section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut without parameters (option A of the paper).

    Args:
        channels_in: Channels of the input.
        channels: Channels of the output.
        stride: Stride of the first convolution and of the shortcut.
    """

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.stride = stride
        self.new_channels = channels - channels_in

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, channels_in, h, w) to (n, channels, h / stride, w / stride)."""
        hidden = functional.relu(self.norm1(self.conv1(images)))
        hidden = self.norm2(self.conv2(hidden))
        shortcut = images[:, :, :: self.stride, :: self.stride]
        shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.new_channels))
        return functional.relu(hidden + shortcut)


class CifarResNet(nn.Module):
    """A ResNet of 6 n + 2 layers with 16, 32 and 64 channels.

    Args:
        depth: 20, 32, 44, 56 or another 6 n + 2.
        num_classes: Number of classes.
        channels: Channels of the images.

    Raises:
        ValueError: The depth is not 6 n + 2.
    """

    def __init__(self, depth: int, num_classes: int, channels: int = 3) -> None:
        super().__init__()
        blocks, rest = divmod(depth - 2, 6)
        if rest or blocks < 1:
            raise ValueError(f"the depth must be 6 n + 2 with n >= 1, got {depth}")
        layers: list[nn.Module] = [
            nn.Conv2d(channels, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
        ]
        width = 16
        for stage_width in (16, 32, 64):
            for block in range(blocks):
                stride = 2 if block == 0 and stage_width > 16 else 1
                layers.append(BasicBlock(width, stage_width, stride))
                width = stage_width
        self.trunk = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, channels, h, w) to logits of shape (n, num_classes)."""
        logits: Tensor = self.head(self.trunk(images))
        return logits
