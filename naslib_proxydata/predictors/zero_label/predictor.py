"""zero-label: a fixed sum of four cheap signals, for every space, without labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from pydantic import Field, field_validator

from naslib_proxydata.errors import unknown_name
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.az_nas import entropy
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    place,
)
from naslib_proxydata.predictors.zero_label.structure import (
    pools_on_a_path,
    shortest_trained_path,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

WEIGHTS: Mapping[str, float] = {"size": 1.0, "features": 7.0, "pools": -0.7, "path": -0.4}
"""Weight of each signal. Chosen by Spearman's rho on 200 clean cells of NAS-Bench-201 CIFAR-10
(test accuracy) and 120 cells of NAS-Bench-101, and frozen before any other table was looked at;
between half and twice of each, rho there changes by less than .02."""


class ZeroLabelSettings(BatchSettings):
    """Options of zero-label.

    Attributes:
        batch_size: Number of images.
        without: Signals that are left out, of ``size``, ``features``, ``pools`` and ``path``.
    """

    batch_size: int = Field(32, ge=2)
    without: tuple[str, ...] = ()

    @field_validator("without")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in WEIGHTS:
                raise ValueError(unknown_name("signal", name, WEIGHTS))
        if set(names) >= set(WEIGHTS):
            raise ValueError("without must leave at least one signal")
        return names


def used_dimensions(features: Tensor) -> float:
    """Return which share of the logarithm of its dimensions a feature map uses.

    H / log(min(c, n h w - 1)) with H the entropy of its principal components
    (:func:`~naslib_proxydata.predictors.zero_cost.az_nas.entropy`), which is at most the
    denominator: 1 where all directions vary alike, 0 where one alone does.

    Args:
        features: Shape (n, c, h, w).
    """
    channels = features.shape[1]
    most = min(channels, features.numel() // channels - 1)
    return entropy(features) / math.log(most) if most > 1 else 0.0


def weighted_sum(signals: Mapping[str, float], without: tuple[str, ...] = ()) -> float:
    """Return sum_s w_s x_s over the signals that are not left out, w of :data:`WEIGHTS`."""
    return math.fsum(
        weight * signals[name] for name, weight in WEIGHTS.items() if name not in without
    )


class ZeroLabel(UntrainedNetworkPredictor[Architecture]):
    """log MACs + 7 u - .7 p - .4 s, of the canonical architecture.

    MACs are those of the published network. u is the share of its dimensions that the untrained
    trunk's last feature map uses (:func:`used_dimensions`), p the poolings on a path of a cell
    and s the trained operations of its shortest path without pooling (:mod:`structure`); p and s
    are 0 in spaces without cells. One forward pass in train mode; no labels, and no other
    architectures.

    No paper has this sum: it is this package's own. The signals are known (MACs; AZ-NAS'
    expressivity, arXiv 2403.19232; paths by operation, GRAF, arXiv 2404.16551).
    """

    name = "zero-label"
    settings_type = ZeroLabelSettings
    options: ZeroLabelSettings

    def signals(self, architecture: Architecture) -> dict[str, float]:
        """Return the four signals; those that are left out are not computed, and 0."""
        space, without = self.task.space, self.options.without
        found = dict.fromkeys(WEIGHTS, 0.0)
        if "size" not in without:
            macs = space.macs(architecture, num_classes=self.task.num_classes)
            found["size"] = math.log(max(macs, 1))
        if "features" not in without:
            found["features"] = used_dimensions(self.last_features(architecture))
        view = space.graph_view(architecture)
        if "pools" not in without:
            found["pools"] = pools_on_a_path(view)
        if "path" not in without:
            found["path"] = shortest_trained_path(view)
        return found

    @torch.no_grad()
    def last_features(self, architecture: Architecture) -> Tensor:
        """Return the last feature map of the untrained trunk, shape (n, c, h, w)."""
        trunk = self.task.space.trunk(
            architecture, self.generator("weights"), in_channels=self.inputs.shape[1]
        )
        features: Tensor = place(trunk, self.task.device).train()(self.inputs)[0]
        return features

    def measure(self, architecture: Architecture) -> Score:
        """Return the sum, with the signals as details."""
        signals = self.signals(architecture)
        return Score(weighted_sum(signals, self.options.without), details=signals)
