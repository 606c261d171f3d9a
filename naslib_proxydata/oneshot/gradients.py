"""Gradients with respect to a list of parameters, without accumulating into others."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from naslib_proxydata.runs.processes import averaged


def gradients_of(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return d loss / d parameter; zeros where the loss does not depend on a parameter.

    Only what leads to these parameters is computed: asked for alpha, no convolution computes
    the gradient of its weights. Where several processes share a batch, these are their means.
    """
    gradients = torch.autograd.grad(loss, list(parameters), allow_unused=True)
    return averaged(
        [
            torch.zeros_like(parameter) if gradient is None else gradient
            for parameter, gradient in zip(parameters, gradients, strict=True)
        ]
    )


def set_gradients(parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    """Store gradients where optimizers look for them."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
