"""Convolutions in compiled code, on one thread faster than torch's.

What the compiled code cannot do, and everything where there is none, goes torch's way.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from naslib_proxydata.kernels.compiled import lanes, readable, whole
from naslib_proxydata.kernels.dense import Form, dense
from naslib_proxydata.kernels.depthwise import DepthwiseConvolution, is_depthwise
from naslib_proxydata.kernels.normalisation import Normalisation, normalises
from naslib_proxydata.kernels.winograd import TILE, Filters, filters_of, winograd

_FILTERED: Final = Form(kernel=3, stride=1, padding=1, dilation=1)


class Convolution(nn.Conv2d):
    """A convolution that :func:`accelerate` has taken over; it can be differentiated once.

    Runs on the calling thread alone, whatever torch's number of threads.
    """

    _frozen: Filters | None = None

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to (n, out_channels, h, w), divided by the stride."""
        form = _form(self)
        if form is None or not readable(features) or min(map(form.size, features.shape[2:])) < 1:
            return super().forward(features)
        if form == _FILTERED and possible(features):
            outputs = winograd(features, self.weight, self._filters())
        else:
            outputs = dense(features, self.weight, form)
        return outputs if self.bias is None else outputs + self.bias.view(-1, 1, 1)

    def _filters(self) -> Filters | None:
        """Transform weights that never learn once and for all."""
        if self.weight.requires_grad:
            return None
        if self._frozen is None:
            self._frozen = filters_of(self.weight)
        return self._frozen


def accelerate(network: nn.Module, *, hooks: bool = False) -> None:
    """Let convolutions of a network, and other layers that can, run in compiled code.

    Nothing changes where there is none, nor on another device. Afterwards what is computed can
    be differentiated once (but see :func:`~naslib_proxydata.kernels.compiled.paused`); weights
    that do not require a gradient must be final. Weights get their channels last in memory, as
    the compiled code wants them and torch's convolutions like them: then no map is copied
    between the two.

    Args:
        network: It is changed in place.
        hooks: Whether hooks must go on running at every layer. Else those inside of a
            :class:`Compilable` layer do not, and ReLUs behind normalisations are gone.
    """
    if not lanes() or any(weight.device.type != "cpu" for weight in network.parameters()):
        return
    for module in network.modules():
        if isinstance(module, Compilable) and not hooks:
            module.compiled = True
        elif isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
            if type(module) is nn.Conv2d and _form(module) is not None:
                module.__class__ = Convolution
            elif type(module) is nn.Conv2d and is_depthwise(module):
                module.__class__ = DepthwiseConvolution
        elif normalises(module):
            module.__class__ = Normalisation
        elif isinstance(module, nn.Sequential) and not hooks:
            _join_rectifiers(module)


def _join_rectifiers(layers: nn.Sequential) -> None:
    """Let normalisations do what the ReLUs behind them do."""
    for position in range(len(layers) - 1):
        norm, rectifier = layers[position], layers[position + 1]
        if normalises(norm) and type(rectifier) is nn.ReLU:
            norm.__class__ = Normalisation
            assert isinstance(norm, Normalisation)
            norm.rectified = True
            layers[position + 1] = nn.Identity()


class Compilable(nn.Module):
    """A layer that has a way through compiled code of its own.

    Attributes:
        compiled: Whether it may take it; it still asks whether that is :func:`possible`.
    """

    compiled = False


def possible(features: Tensor) -> bool:
    """Return whether features (n, channels, h, w) can be filtered by Winograd's way."""
    _, _, height, width = features.shape
    return readable(features) and height % TILE == width % TILE == 0


def whole_cells(features: Tensor) -> bool:
    """Return whether cells of features (n, channels, h, w) can run in compiled code."""
    return possible(features) and features.shape[1] == whole(features.shape[1])


def _form(layer: nn.Conv2d) -> Form | None:
    """Return what a layer reads; None where the compiled code cannot do it."""
    pairs = layer.kernel_size, layer.stride, layer.padding, layer.dilation
    square = all(isinstance(pair, tuple) and pair[0] == pair[1] for pair in pairs)
    few = min(layer.in_channels, layer.out_channels) < lanes()  # most of a register would be empty
    if not square or few or layer.groups > 1 or layer.padding_mode != "zeros":
        return None
    return Form(*(int(pair[0]) for pair in pairs))
