"""Networks of the MobileNet-like space (arXiv 1812.00332, section 4.1, and its release)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from naslib_proxydata.spaces.common.combining import Combining
from naslib_proxydata.spaces.common.networks import SequentialTrunk, conv
from naslib_proxydata.spaces.mobilenet.layers import BLOCKS, SKIP, Layer, Widths

FIRST_KERNEL = 3


def inverted_residual(
    layer: Layer,
    kernel: int,
    expansion: int,
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
    activation: Callable[[], nn.Module] = nn.ReLU6,
) -> nn.Sequential:
    """Return expansion, depthwise convolution and linear projection, without the shortcut.

    An expansion of 1 is no convolution at all.

    Args:
        layer: Channels and stride.
        kernel: Kernel of the depthwise convolution.
        expansion: Channels between the convolutions, over those of the input.
        norm: Makes a normalisation of so many channels.
        activation: Makes what follows it, but for the projection.
    """
    inner = expansion * layer.inputs
    expand = [] if expansion == 1 else [conv(layer.inputs, inner, 1), norm(inner), activation()]
    return nn.Sequential(
        *expand,
        conv(inner, inner, kernel, layer.stride, groups=inner),
        norm(inner),
        activation(),
        conv(inner, layer.outputs, 1),
        norm(layer.outputs),
    )


class ChosenLayer(Combining):
    """A block, and the shortcut beside it where the layer keeps the shape."""

    def __init__(
        self,
        layer: Layer,
        kernel: int,
        expansion: int,
        activation: Callable[[], nn.Module] = nn.ReLU6,
    ) -> None:
        super().__init__()
        self.block = inverted_residual(layer, kernel, expansion, activation=activation)
        self.shortcut = layer.shortcut

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        result: Tensor = self.block(features)
        return self.sum(result, features) if self.shortcut else result


class ChainTrunk(SequentialTrunk):
    """Stem, fixed first block, layers, 1x1 convolution.

    Taps are the last convolution's output, and the inputs of the last two layers that halve the
    image.

    Args:
        chain: The operation of each layer.
        layers: Where the layers stand.
        widths: Channels of the fixed parts.
        in_channels: Number of channels of the images.
        stem_stride: 2 in published networks.
    """

    def __init__(
        self,
        chain: Sequence[str],
        layers: Sequence[Layer],
        widths: Widths,
        in_channels: int,
        stem_stride: int,
    ) -> None:
        first = Layer(widths.stem, widths.first, 1)
        made: list[nn.Module] = [
            _conv_norm(in_channels, widths.stem, 3, stem_stride),
            inverted_residual(first, FIRST_KERNEL, 1),
        ]
        before_halving = []
        for name, layer in zip(chain, layers, strict=True):
            if layer.stride == 2:
                before_halving.append((len(made) - 1, layer.inputs))
            made.append(nn.Identity() if name == SKIP else ChosenLayer(layer, *BLOCKS[name]))
        made.append(_conv_norm(layers[-1].outputs, widths.last, 1, 1))
        taps = [*before_halving[-2:], (len(made) - 1, widths.last)]
        super().__init__(made, [place for place, _ in taps], [channels for _, channels in taps])


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(conv(inputs, outputs, kernel, stride), nn.BatchNorm2d(outputs), nn.ReLU6())
