"""Fisher: how much the loss would change if channels were removed."""

from __future__ import annotations

from typing import Any, Literal

from naslib_proxydata.predictors.zero_cost.loss_gradients import SALIENCIES, OfLossGradients
from naslib_proxydata.predictors.zero_cost.untrained import BatchSettings
from naslib_proxydata.spaces.base import Architecture


class FisherSettings(BatchSettings):
    """Options of fisher.

    Attributes:
        per: Sum the saliencies once per ``weight`` that feeds the channel, as the program of
            arXiv 2101.08134 (and with it NASLib) does, or once per ``channel``.
    """

    per: Literal["weight", "channel"] = "weight"


class Fisher(OfLossGradients[Architecture]):
    """The summed channel saliencies of the canonical network (arXiv 1906.04113).

    See :func:`~naslib_proxydata.predictors.zero_cost.loss_gradients.loss_gradients`.
    """

    name = "fisher"
    settings_type = FisherSettings
    options: FisherSettings

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.detail = SALIENCIES[self.options.per]
