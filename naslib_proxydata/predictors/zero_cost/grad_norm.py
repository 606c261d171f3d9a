"""Gradient norm: how much one batch wants to move the initial weights."""

from __future__ import annotations

from naslib_proxydata.predictors.zero_cost.loss_gradients import GRADIENT_NORM, OfLossGradients
from naslib_proxydata.spaces.base import Architecture


class GradNorm(OfLossGradients[Architecture]):
    """The sum of the Euclidean norms of the loss gradients, layer by layer.

    Of the canonical network (arXiv 2101.08134, section 3.2); see
    :func:`~naslib_proxydata.predictors.zero_cost.loss_gradients.loss_gradients`.
    """

    name = "grad-norm"
    detail = GRADIENT_NORM
