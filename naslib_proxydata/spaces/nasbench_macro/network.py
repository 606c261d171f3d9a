"""Networks of NAS-Bench-Macro (github.com/xiusu/NAS-Bench-Macro, ``train/model.py``)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from naslib_proxydata.spaces.common.networks import SequentialTrunk, conv, conv_norm_relu
from naslib_proxydata.spaces.mobilenet.layers import Layer
from naslib_proxydata.spaces.mobilenet.network import ChosenLayer
from naslib_proxydata.spaces.nasbench_macro.layers import BLOCKS, LAST, STEM


class MacroTrunk(SequentialTrunk):
    """Stem, layers, 1x1 convolution.

    Taps are the last convolution's output, and the inputs of the last two stages.

    Args:
        chain: The code of each layer.
        layers: Where the layers stand.
        in_channels: Number of channels of the images.
    """

    def __init__(self, chain: Sequence[int], layers: Sequence[Layer], in_channels: int) -> None:
        made: list[nn.Module] = [conv_norm_relu(in_channels, STEM, 3)]
        before_halving = []
        for code, layer in zip(chain, layers, strict=True):
            if layer.stride == 2:
                before_halving.append((len(made) - 1, layer.inputs))
            made.append(_layer(code, layer))
        made.append(conv_norm_relu(layers[-1].outputs, LAST, 1))
        taps = [*before_halving[-2:], (len(made) - 1, LAST)]
        super().__init__(made, [place for place, _ in taps], [channels for _, channels in taps])


def _layer(code: int, layer: Layer) -> nn.Module:
    if code:
        return ChosenLayer(layer, *BLOCKS[code], activation=nn.ReLU)
    if layer.shortcut:
        return nn.Identity()
    shrink = conv(layer.inputs, layer.outputs, 1, layer.stride)
    return nn.Sequential(shrink, nn.BatchNorm2d(layer.outputs))
