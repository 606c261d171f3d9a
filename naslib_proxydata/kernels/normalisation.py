"""Batch normalisation while training, and the ReLU behind it, in compiled code.

Memory is read once for the statistics and once for the outputs; a ReLU has no pass of its own.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from naslib_proxydata.kernels.compiled import call, readable
from naslib_proxydata.kernels.maps import Recipe, empty_map, remember

_EPSILON: Final = 1e-5  # that of the compiled code, and torch's default


class Normalisation(nn.BatchNorm2d):
    """A normalisation that ``accelerate`` has taken over; it can be differentiated once.

    Attributes:
        rectified: Whether the positive part is returned, for a ReLU that was taken out behind it.
    """

    rectified = False

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (n, channels, h, w) by the batch's statistics, or as torch does."""
        count = features.numel() // max(1, self.num_features)
        if not self.training or not readable(features) or count < 2:
            outputs = super().forward(features)
            return outputs.relu() if self.rectified else outputs
        moments = _moments_of(features)
        features = features.contiguous(memory_format=torch.channels_last)
        if moments is None:
            moments = statistics_of(features)
        affine = self.weight, self.bias, self.rectified
        result = _Normalisation.apply(features, moments, *affine)  # type: ignore[no-untyped-call]
        if self.track_running_stats:
            self._follow(moments, count)
        make = partial(normalised, rectified=self.rectified)
        tensors = features.detach(), moments, self.weight.detach(), self.bias.detach()
        return remember(result, "normalised", Recipe(make, tensors))

    @torch.no_grad()
    def _follow(self, moments: Tensor, count: int) -> None:
        """Let the running statistics follow those of a batch of so many values."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = self.momentum
        if share is None:  # the mean of all batches
            share = 1 / int(self.num_batches_tracked)
        variance = (moments[1] ** -2 - _EPSILON) * (count / (count - 1))
        self.running_mean.lerp_(moments[0], share)
        self.running_var.lerp_(variance, share)


def normalises(layer: nn.Module) -> bool:
    """Return whether the compiled code can take a layer's place."""
    return type(layer) is nn.BatchNorm2d and layer.eps == _EPSILON and layer.weight is not None


def room_for_moments(channels: int) -> Tensor:
    """Return room for the mean of each channel, and for one over its standard deviation."""
    return torch.empty(2, channels)


def statistics_of(features: Tensor) -> Tensor:
    """Return mean and one over the standard deviation of each channel, channels last in memory."""
    moments = room_for_moments(features.shape[1])
    call("statistics", features, *size_of(features), moments, moments[1])
    return moments


def with_moments(features: Tensor, moments: Tensor | None) -> Tensor:
    """Attach their moments to features, if there are any, for a normalisation of them."""
    if moments is not None:
        features.moments = moments, features._version  # type: ignore[attr-defined]
    return features


def _moments_of(features: Tensor) -> Tensor | None:
    """Return the moments attached to features that were not written to since."""
    moments, version = getattr(features, "moments", (None, None))
    return moments if version == features._version else None


def normalised(
    features: Tensor, moments: Tensor, weight: Tensor, bias: Tensor, rectified: bool
) -> Tensor:
    """Normalise features (n, channels, h, w), channels last, by mean and scale (2, channels)."""
    result = empty_map(*features.shape)
    tensors = features, moments, moments[1], weight, bias, result
    call("normalise", *tensors, *size_of(features), int(rectified), 0)
    return result


def size_of(features: Tensor) -> tuple[int, int]:
    """Return how many positions and channels features have."""
    return features.numel() // features.shape[1], features.shape[1]


class _Normalisation(torch.autograd.Function):
    """The positive part or all of what is normalised by mean and scale (2, channels)."""

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        moments: Tensor,
        weight: Tensor,
        bias: Tensor,
        rectified: bool,
    ) -> Tensor:
        ctx.save_for_backward(features, moments, weight, bias)
        ctx.rectified = rectified
        return normalised(features, moments, weight, bias, rectified)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, moments, weight, bias = ctx.saved_tensors
        upstream = gradients[0].contiguous(memory_format=torch.channels_last)
        by_features, sums = empty_map(*features.shape), torch.empty_like(moments)
        affine = moments, moments[1], weight, bias, int(ctx.rectified)
        results = by_features, sums, sums[1]
        call("normalise_gradient", upstream, features, *affine, *results, *size_of(features))
        return by_features, None, sums[1], sums[0], None
