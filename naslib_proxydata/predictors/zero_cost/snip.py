"""SNIP: how much the loss would change if connections were removed."""

from __future__ import annotations

from naslib_proxydata.predictors.zero_cost.loss_gradients import SENSITIVITY, OfLossGradients
from naslib_proxydata.spaces.base import Architecture


class Snip(OfLossGradients[Architecture]):
    """The summed connection sensitivities of the canonical network (arXiv 1810.02340, section 4).

    See :func:`~naslib_proxydata.predictors.zero_cost.loss_gradients.loss_gradients`.
    """

    name = "snip"
    detail = SENSITIVITY
