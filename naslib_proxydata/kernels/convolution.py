"""Convolutions in compiled code, on one thread faster than torch's.

What the compiled code cannot do, and everything where there is none, goes torch's way.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from naslib_proxydata.kernels.compiled import lanes, readable, whole
from naslib_proxydata.kernels.dense import dense
from naslib_proxydata.kernels.depthwise import DepthwiseConvolution, is_depthwise
from naslib_proxydata.kernels.form import FILTERED, Form, form_of
from naslib_proxydata.kernels.maps import recipe_of
from naslib_proxydata.kernels.normalisation import (
    Normalisation,
    normalises,
    room_for_moments,
    with_moments,
)
from naslib_proxydata.kernels.pooling import (
    AveragePooling,
    MaximumPooling,
    averages,
    takes_maxima,
)
from naslib_proxydata.kernels.twice import TwiceConvolution, TwiceNormalisation
from naslib_proxydata.kernels.winograd import Filters, filters_of, has_whole_tiles, winograd


class Convolution(nn.Conv2d):
    """A convolution that :func:`accelerate` has taken over; it can be differentiated once.

    Runs on the calling thread alone, whatever torch's number of threads.

    Attributes:
        form: What it reads.
        rectified: Whether it reads the positive part, for a ReLU that was taken out before it.
        normalised: Whether a normalisation comes behind it, whose statistics are then worked out
            while the outputs are at hand.
    """

    form: Form
    rectified = False
    normalised = False
    _frozen: Filters | None = None

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to (n, out_channels, h, w), divided by the stride."""
        if not self.takes(features):
            return super().forward(features.relu() if self.rectified else features)
        counted = self.normalised and self.training and self.bias is None
        moments = room_for_moments(self.out_channels) if counted else None
        if self.form == FILTERED and possible(features):
            settings = self._filters(), self.rectified
            outputs = winograd(features, self.weight, *settings, moments)
        else:
            recipe = recipe_of(features, "convolved depthwise")
            outputs = dense(features, self.weight, self.form, self.rectified, recipe, moments)
        if self.bias is not None:
            return outputs + self.bias.view(-1, 1, 1)
        return with_moments(outputs, moments)

    def takes(self, features: Tensor) -> bool:
        """Return whether features (n, in_channels, h, w) are convolved in compiled code."""
        return readable(features) and min(self.form.sizes(features.shape)) > 0

    def _filters(self) -> Filters | None:
        """Transform weights that never learn once and for all."""
        if self.weight.requires_grad:
            return None
        if self._frozen is None:
            self._frozen = filters_of(self.weight)
        return self._frozen


def accelerate(network: nn.Module, *, hooks: bool = False, twice: bool = False) -> None:
    """Let convolutions of a network, and other layers that can, run in compiled code.

    Nothing changes where there is none, nor on another device. Afterwards what is computed can
    be differentiated once (but see :func:`~naslib_proxydata.kernels.compiled.paused`); weights
    that do not require a gradient must be final. Weights get their channels last in memory, as
    the compiled code wants them and torch's convolutions like them: then no map is copied
    between the two.

    Args:
        network: It is changed in place.
        hooks: Whether hooks must go on running at every layer. Else those inside of a
            :class:`Compilable` layer do not, and ReLUs that others do on the way are gone.
        twice: Whether it must be possible to differentiate twice. Then wide convolutions run in
            compiled code, and normalisations whose scale and shift do not learn; running
            statistics stay as they are.
    """
    if not lanes() or any(weight.device.type != "cpu" for weight in network.parameters()):
        return
    if twice:
        for module in network.modules():
            _take_over_twice(module)
        return
    for module in network.modules():
        if isinstance(module, Compilable) and not hooks:
            module.compiled = True
        _take_over(module)
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            _count_for_normalisations(module)
            if not hooks:
                _join_rectifiers(module)


def _take_over(layer: nn.Module) -> None:
    """Let a layer that the compiled code can do run there."""
    if isinstance(layer, nn.Conv2d):
        layer.weight.data = layer.weight.data.contiguous(memory_format=torch.channels_last)
        form = form_of(layer)
        if type(layer) is not nn.Conv2d or form is None:
            return
        if is_depthwise(layer):
            layer.__class__ = DepthwiseConvolution
        elif _is_wide(layer):
            layer.__class__ = Convolution
        else:
            return
        assert isinstance(layer, Convolution | DepthwiseConvolution)
        layer.form = form
    elif normalises(layer):
        layer.__class__ = Normalisation
    elif averages(layer):
        layer.__class__ = AveragePooling
    elif takes_maxima(layer):
        layer.__class__ = MaximumPooling


def _take_over_twice(layer: nn.Module) -> None:
    """Let a layer run in compiled code that can be differentiated twice, if it can."""
    if type(layer) is nn.Conv2d:
        form = form_of(layer)
        if form is not None and layer.bias is None and _is_wide(layer):
            layer.__class__ = TwiceConvolution
            assert isinstance(layer, TwiceConvolution)
            layer.form = form
    elif normalises(layer):
        layer.__class__ = TwiceNormalisation


def _count_for_normalisations(layers: nn.Sequential) -> None:
    """Let convolutions work out the statistics of normalisations right behind them."""
    for layer, behind in pairwise(layers):
        if isinstance(layer, Convolution) and isinstance(behind, Normalisation):
            layer.normalised = True


def _join_rectifiers(layers: nn.Sequential) -> None:
    """Let normalisations before and convolutions behind a ReLU do what it does."""
    for position, rectifier in enumerate(layers):
        if type(rectifier) is not nn.ReLU:
            continue
        before = layers[position - 1] if position > 0 else None
        behind = layers[position + 1] if position + 1 < len(layers) else None
        if isinstance(before, Normalisation):
            before.rectified = True
        elif isinstance(behind, Convolution | DepthwiseConvolution):
            behind.rectified = True
        else:
            continue
        layers[position] = nn.Identity()


class Compilable(nn.Module):
    """A layer that has a way through compiled code of its own.

    Attributes:
        compiled: Whether it may take it; it still asks whether that is :func:`possible`.
    """

    compiled = False


def possible(features: Tensor) -> bool:
    """Return whether features (n, channels, h, w) can be filtered by Winograd's way."""
    return readable(features) and has_whole_tiles(features.shape)


def whole_cells(features: Tensor) -> bool:
    """Return whether cells of features (n, channels, h, w) can run in compiled code."""
    return possible(features) and features.shape[1] == whole(features.shape[1])


def _is_wide(layer: nn.Conv2d) -> bool:
    """Return whether a layer has one group, of channels that fill a register both ways."""
    return layer.groups == 1 and min(layer.in_channels, layer.out_channels) >= lanes()
