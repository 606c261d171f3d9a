"""Depthwise convolutions in compiled code, for their gradients, of which torch's CPU code is slow.

Outputs take as long as torch's. The result is the convolution's to rounding in single precision
(``depthwise.c`` says how), of any number of channels and maps of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, is_paused, workspace
from naslib_proxydata.kernels.form import Form
from naslib_proxydata.kernels.maps import Recipe, empty_map, keep, kept, recipe_of, remember

KERNELS = (3, 5, 7)


class DepthwiseConvolution(nn.Conv2d):
    """A depthwise convolution in compiled code; it can be differentiated once.

    Runs on the calling thread alone, whatever torch's number of threads.

    Attributes:
        form: What it reads.
        rectified: Whether it reads the positive part, for a ReLU that was taken out before it.
    """

    form: Form
    rectified = False

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, channels, h', w') as :class:`torch.nn.Conv2d` does."""
        if not self.takes(features):
            return super().forward(features.relu() if self.rectified else features)
        recipe = recipe_of(features, "normalised")
        arguments = self.weight, self.form, self.rectified, recipe
        outputs: Tensor = _Depthwise.apply(features, *arguments)  # type: ignore[no-untyped-call]
        if self.bias is not None:
            return outputs + self.bias.view(-1, 1, 1)
        make = partial(_again, form=self.form, rectify=self.rectified, make=recipe and recipe.make)
        tensors = recipe.tensors if recipe else (features.detach(),)
        anew = Recipe(make, (self.weight.detach(), *tensors))
        return remember(outputs, "convolved depthwise", anew)

    def takes(self, features: Tensor) -> bool:
        """Return whether features (n, channels, h, w) are convolved in compiled code."""
        return (
            not is_paused()
            and features.dtype == self.weight.dtype == torch.float32
            and features.device.type == self.weight.device.type == "cpu"
            and features.dim() == 4
            and features.shape[1] == self.in_channels
            and min(features.shape[0], *self.form.sizes(features.shape)) > 0
        )


def is_depthwise(layer: nn.Conv2d) -> bool:
    """Return whether a convolution of a form is depthwise and one that compiled code can do."""
    return (
        layer.in_channels == layer.out_channels == layer.groups and layer.kernel_size[0] in KERNELS
    )


class _Depthwise(torch.autograd.Function):
    """The convolution and its gradients by features and weight.

    Features that have a recipe are made again on the way back.
    """

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor,
        form: Form,
        rectify: bool,
        recipe: Recipe | None,
    ) -> Tensor:
        features = features.contiguous(memory_format=torch.channels_last)
        weight = weight.contiguous()
        keep(ctx, features, weight, recipe)
        ctx.form, ctx.rectify = form, rectify
        return _convolve(features, weight, form, rectify)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = kept(ctx)
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        by_features = empty_map(*features.shape) if ctx.needs_input_grad[0] else None
        by_weight = torch.empty_like(weight) if ctx.needs_input_grad[1] else None
        wanted = (0 if one is None else one for one in (by_features, by_weight))
        arguments = _arguments(features, ctx.form, ctx.rectify)
        call("depthwise_gradients", features, weight, upstream, *wanted, *arguments)
        return by_features, by_weight, None, None, None


def _again(
    weight: Tensor,
    *tensors: Tensor,
    form: Form,
    rectify: bool,
    make: Callable[..., Tensor] | None,
) -> Tensor:
    """Convolve as before what is made of tensors, or the one that there is."""
    features = make(*tensors) if make else tensors[0]
    features = features.contiguous(memory_format=torch.channels_last)
    return _convolve(features, weight.contiguous(), form, rectify)


def _convolve(features: Tensor, weight: Tensor, form: Form, rectify: bool) -> Tensor:
    result = empty_map(*features.shape[:2], *form.sizes(features.shape))
    call("depthwise", features, weight, result, *_arguments(features, form, rectify))
    return result


def _arguments(features: Tensor, form: Form, rectify: bool) -> tuple[Tensor | int, ...]:
    """Return what the C functions take after the tensors."""
    n, channels, height, width = features.shape
    work = workspace(call("depthwise_workspace", height, width, channels, *form.read()))
    return n, height, width, channels, *form.read(), int(rectify), work
