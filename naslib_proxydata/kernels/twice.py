"""Convolutions and normalisations in compiled code that can be differentiated twice.

A convolution is linear in its features and in its weight, and so is each of its gradients: their
own gradients are convolutions again.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels import dense, winograd
from naslib_proxydata.kernels.compiled import call, readable
from naslib_proxydata.kernels.form import FILTERED, Form
from naslib_proxydata.kernels.maps import empty_map
from naslib_proxydata.kernels.normalisation import normalised, size_of, statistics_of


class TwiceConvolution(nn.Conv2d):
    """A convolution of one group, without bias, of wide features; see ``accelerate``.

    Attributes:
        form: What it reads.
    """

    form: Form

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, in_channels, h, w) to (n, out_channels, h, w), divided by the stride."""
        if not readable(features) or min(self.form.sizes(features.shape)) < 1:
            return super().forward(features)
        return _outputs(features, self.weight, self.form)


class TwiceNormalisation(nn.BatchNorm2d):
    """A normalisation by the batch's statistics whose scale and shift are constants.

    Its running statistics stay as they are.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (n, channels, h, w), or do as torch does."""
        learns = self.weight.requires_grad or self.bias.requires_grad
        count = features.numel() // self.num_features
        if not self.training or not readable(features) or learns or count < 2:
            return super().forward(features)
        arguments = _channels_last(features), self.weight, self.bias
        result: Tensor = _Normalised.apply(*arguments)  # type: ignore[no-untyped-call]
        return result


def _filtered(form: Form, features: torch.Size) -> bool:
    return form == FILTERED and winograd.has_whole_tiles(features)


def _channels_last(tensor: Tensor) -> Tensor:
    """Lay a tensor out as the compiled code reads it; done where derivatives see it."""
    return tensor.contiguous(memory_format=torch.channels_last)


def _outputs(features: Tensor, weight: Tensor, form: Form) -> Tensor:
    arguments = _channels_last(features), _channels_last(weight), form
    result: Tensor = _Outputs.apply(*arguments)  # type: ignore[no-untyped-call]
    return result


def _by_features(upstream: Tensor, weight: Tensor, form: Form, shape: torch.Size) -> Tensor:
    arguments = _channels_last(upstream), _channels_last(weight), form, shape
    result: Tensor = _ByFeatures.apply(*arguments)  # type: ignore[no-untyped-call]
    return result


def _by_weight(features: Tensor, upstream: Tensor, form: Form, shape: torch.Size) -> Tensor:
    arguments = _channels_last(features), _channels_last(upstream), form, shape
    result: Tensor = _ByWeight.apply(*arguments)  # type: ignore[no-untyped-call]
    return result


class _Outputs(torch.autograd.Function):
    """The outputs, of features and weight."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, form: Form) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.form = form
        if _filtered(form, features.shape):
            return winograd.convolve(features, weight)
        return dense.outputs_of(features, weight, form)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        by_features = by_weight = None
        if ctx.needs_input_grad[0]:
            by_features = _by_features(gradients[0], weight, ctx.form, features.shape)
        if ctx.needs_input_grad[1]:
            by_weight = _by_weight(features, gradients[0], ctx.form, weight.shape)
        return by_features, by_weight, None


class _ByFeatures(torch.autograd.Function):
    """The gradient by features of a shape, of the outputs' gradient and the weight."""

    @staticmethod
    def forward(
        ctx: Any, upstream: Tensor, weight: Tensor, form: Form, shape: torch.Size
    ) -> Tensor:
        ctx.save_for_backward(upstream, weight)
        ctx.form = form
        if _filtered(form, shape):
            return winograd.convolve(upstream, weight, turned=True)
        return dense.gradient_by_features(upstream, weight, form, shape)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        upstream, weight = ctx.saved_tensors
        by_upstream = by_weight = None
        if ctx.needs_input_grad[0]:
            by_upstream = _outputs(gradients[0], weight, ctx.form)
        if ctx.needs_input_grad[1]:
            by_weight = _by_weight(gradients[0], upstream, ctx.form, weight.shape)
        return by_upstream, by_weight, None, None


class _ByWeight(torch.autograd.Function):
    """The gradient by a weight of a shape, of the features and the outputs' gradient."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, upstream: Tensor, form: Form, shape: torch.Size
    ) -> Tensor:
        ctx.save_for_backward(features, upstream)
        ctx.form = form
        if _filtered(form, features.shape):
            return winograd.gradient_by_weight(features, upstream)
        return dense.gradient_by_weight(features, upstream, form, shape)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, upstream = ctx.saved_tensors
        by_features = by_upstream = None
        if ctx.needs_input_grad[0]:
            by_features = _by_features(upstream, gradients[0], ctx.form, features.shape)
        if ctx.needs_input_grad[1]:
            by_upstream = _outputs(features, gradients[0], ctx.form)
        return by_features, by_upstream, None, None


class _Normalised(torch.autograd.Function):
    """The normalised features, by constants weight and bias."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        moments = statistics_of(features)
        ctx.save_for_backward(features, moments, weight, bias)
        return normalised(features, moments, weight, bias, rectified=False)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        arguments = _channels_last(gradients[0]), *ctx.saved_tensors
        return _NormalisedGradient.apply(*arguments), None, None  # type: ignore[no-untyped-call]


class _NormalisedGradient(torch.autograd.Function):
    """The gradient by the features, of the outputs' gradient and the features."""

    @staticmethod
    def forward(
        ctx: Any, upstream: Tensor, features: Tensor, moments: Tensor, weight: Tensor, bias: Tensor
    ) -> Tensor:
        result, sums = empty_map(*features.shape), torch.empty_like(moments)
        given = upstream, features, moments, moments[1], weight, bias, 0
        call("normalise_gradient", *given, result, sums, sums[1], *size_of(features))
        ctx.save_for_backward(upstream, features, moments, weight, sums)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        upstream, features, moments, weight, sums = ctx.saved_tensors
        outer = _channels_last(gradients[0])
        by_upstream, by_features = (empty_map(*features.shape) for _ in range(2))
        given = outer, upstream, features, moments, moments[1], weight, sums, sums[1]
        results = by_upstream, by_features
        call("normalise_twice", *given, *results, *size_of(features))
        return by_upstream, by_features, None, None, None
