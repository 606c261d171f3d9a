"""The feature trunk that every space builds: images in, feature maps out."""

from __future__ import annotations

from torch import Tensor, nn


class Trunk(nn.Module):
    """The fully convolutional part of a network, with taps.

    Attributes:
        channels: Number of channels of each map that :meth:`forward` returns.
    """

    channels: tuple[int, ...]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Compute the taps.

        Args:
            images: Shape (n, in_channels, h, w).

        Returns:
            Feature maps (n, channels[i], h_i, w_i): the final one first, then the one before
            the second downsampling, then the one before the first.
        """
        raise NotImplementedError
