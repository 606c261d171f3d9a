"""zero-label: a fixed sum of four cheap signals, for every space, without labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from pydantic import Field, field_validator

from naslib_proxydata.errors import unknown_name
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.az_nas import entropy
from naslib_proxydata.predictors.zero_cost.meco import meco
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    place,
)
from naslib_proxydata.predictors.zero_label.structure import shortest_trained_path
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from naslib_proxydata.spaces.common.trunk import Trunk

WEIGHTS: Mapping[str, float] = {"size": 1.0, "features": 1.0, "channels": 1.0, "path": -0.3}
"""Weight of each signal in the sum."""


class ZeroLabelSettings(BatchSettings):
    """Options of zero-label.

    Attributes:
        batch_size: Number of images.
        without: Signals that are left out, of ``size``, ``features``, ``channels`` and ``path``.
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


def weighted_sum(signals: Mapping[str, float]) -> float:
    """Return sum_s w_s x_s over the signals that there are, w of :data:`WEIGHTS`."""
    return math.fsum(WEIGHTS[name] * value for name, value in signals.items())


class ZeroLabel(UntrainedNetworkPredictor[Architecture]):
    """log MACs + H + log(1 + M) - .3 s, of the canonical architecture.

    MACs are those of the published network, for one image. H is the entropy of the principal
    components of the untrained trunk's last feature map, in nats
    (:func:`~naslib_proxydata.predictors.zero_cost.az_nas.entropy`), M is
    :func:`~naslib_proxydata.predictors.zero_cost.meco.meco` of the trunk, and s counts the trained
    operations of a cell's shortest path without pooling (:mod:`structure`), 0 in spaces without
    cells. Two forward passes in train mode; no labels, and no other architectures.

    No paper has this sum: it is this package's own. Its signals are known: MACs, AZ-NAS'
    expressivity (arXiv 2403.19232), MeCo (NeurIPS 2023), paths by operation as GRAF has them
    (arXiv 2404.16551). Form and weights were chosen by Spearman's rho on cells of NAS-Bench-201
    CIFAR-10 (test accuracy) and NAS-Bench-101; the documentation says which tables were looked at
    before and after.
    """

    name = "zero-label"
    settings_type = ZeroLabelSettings
    options: ZeroLabelSettings

    @torch.no_grad()
    def signals(self, architecture: Architecture) -> dict[str, float]:
        """Return the signals that are not left out."""
        wanted = [name for name in WEIGHTS if name not in self.options.without]
        needs_trunk = {"features", "channels"}.intersection(wanted)
        trunk = self.trunk(architecture) if needs_trunk else None
        found = {}
        if "size" in wanted:
            found["size"] = self.log_macs(architecture)
        if trunk is not None and "features" in wanted:
            found["features"] = entropy(trunk(self.inputs)[0])
        if trunk is not None and "channels" in wanted:
            found["channels"] = self.log_channels(trunk)
        if "path" in wanted:
            view = self.task.space.graph_view(architecture)
            found["path"] = shortest_trained_path(view)
        return found

    def log_macs(self, architecture: Architecture) -> float:
        """Return the logarithm of the published network's multiply-accumulates."""
        macs = self.task.space.macs(architecture, num_classes=self.task.num_classes)
        return math.log(max(macs, 1))

    def trunk(self, architecture: Architecture) -> Trunk:
        """Return the untrained trunk, in train mode, on the device."""
        trunk = self.task.space.trunk(
            architecture, self.generator("weights"), in_channels=self.inputs.shape[1]
        )
        place(trunk, self.task.device)
        return trunk.train()

    def log_channels(self, trunk: Trunk) -> float:
        """Return log(1 + M) with M the MeCo of the trunk on one Gaussian image."""
        image = torch.randn(self.one_image_shape(), generator=self.generator("image"))
        return math.log1p(max(meco(trunk, self.on_device(image)), 0.0))

    def measure(self, architecture: Architecture) -> Score:
        """Return the sum, with the signals as details."""
        signals = self.signals(architecture)
        return Score(weighted_sum(signals), details=signals)
