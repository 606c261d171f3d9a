"""Dextr: how well conditioned the features are, and how curved the output (arXiv 2508.12977)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.untrained import (
    UntrainedNetworkPredictor,
    layer_values,
)
from naslib_proxydata.schema import Settings
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from torch import Tensor, nn


class DextrSettings(Settings):
    """Dextr has no options: the paper uses one image."""


def inverse_condition_number(rows: Tensor) -> float:
    """Return the smallest singular value divided by the largest; 0 where all are 0.

    Args:
        rows: Shape (channels, positions).
    """
    values = torch.linalg.svdvals(rows.double())
    return float(values[-1] / values[0]) if values[0] > 0 else 0.0


def great_circle(shape: tuple[int, ...], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw two orthonormal images: cos(t) times the one plus sin(t) times the other is a circle."""
    plane = torch.randn(math.prod(shape), 2, generator=generator, dtype=torch.float64)
    first, second = torch.linalg.qr(plane).Q.float().T
    return first.reshape(shape), second.reshape(shape)


def extrinsic_curvature(velocity: Tensor, acceleration: Tensor) -> float:
    """Return the curvature of a curve at a point; nan where it stands still.

    kappa = sqrt(|v|^2 |a|^2 - (v . a)^2) / |v|^3 (arXiv 2508.12977, section 3).

    Args:
        velocity: First derivative of the curve, shape (dimensions,).
        acceleration: Second derivative, shape (dimensions,).
    """
    v, a = velocity.double(), acceleration.double()
    speed = float(v.norm())
    area = float((v @ v) * (a @ a) - (v @ a).square())
    return math.sqrt(max(area, 0.0)) / speed**3 if speed > 0 else math.nan


def output_curvature(network: nn.Module, circle: tuple[Tensor, Tensor]) -> float:
    """Return the curvature of the logits at the start of a circle through the images.

    The derivatives of all logits y take one backward pass each: those of u . y by the angle are
    linear in u, and their derivatives by u are those of y. The authors' program looks at ten
    logits, drawn with replacement.

    Args:
        network: In train mode, from inputs to logits.
        circle: Two orthonormal images, shape (1, channels, h, w) each.
    """
    angle = torch.zeros((), requires_grad=True, device=circle[0].device)
    logits = network(angle.cos() * circle[0] + angle.sin() * circle[1])[0]
    u = torch.ones_like(logits, requires_grad=True)
    (slope,) = torch.autograd.grad(logits @ u, angle, create_graph=True)
    (bend,) = torch.autograd.grad(slope, angle, create_graph=True)
    (velocity,) = torch.autograd.grad(slope, u, retain_graph=True)
    (acceleration,) = torch.autograd.grad(bend, u)
    return extrinsic_curvature(velocity, acceleration)


def dextr(conditioning: float, curvature: float) -> float:
    """Combine conditioning and curvature by half the harmonic mean of their logarithms.

    S = C K / (C + K) with C = log(1 + sum_l sigma_min(f_l) / sigma_max(f_l)) and
    K = log(1 + kappa) (arXiv 2508.12977, section 3); C alone where there is no curvature, as in
    the authors' program.

    Args:
        conditioning: Sum, over layers, of the features' inverse condition numbers.
        curvature: Extrinsic curvature of the output, or nan.
    """
    c, k = math.log1p(conditioning), math.log1p(curvature)
    if not math.isfinite(k):
        return c
    return c * k / (c + k) if c + k > 0 else 0.0


class Dextr(UntrainedNetworkPredictor[Architecture]):
    """Dextr of the canonical network, of one image and one circle.

    Both are of the space's ``single_image_size``, 64 pixels on NAS-Bench-201. The
    authors' program has circles of 64 and images of 32 pixels there.
    """

    name = "dextr"
    settings_type = DextrSettings

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.images_needed = 1

    def measure(self, architecture: Architecture) -> Score:
        """Return the combination, with its two parts as details."""
        network = self.network(architecture).requires_grad_(False)
        shape = self.one_image_shape()
        image = functional.interpolate(self.inputs, shape[2:], mode="bilinear")
        conditioning = ordered_sum(layer_values(network, image, inverse_condition_number))
        first, second = great_circle(shape, self.generator("circle"))
        curvature = output_curvature(network, (self.on_device(first), self.on_device(second)))
        details = {"conditioning": conditioning, "curvature": curvature}
        return Score(dextr(conditioning, curvature), details=details)
