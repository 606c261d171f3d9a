from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.zero_cost.zen import draw_gaussian, zen
from naslib_proxydata.spaces.common.trunk import Trunk


class OneTap(Trunk):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers).double()

    def forward(self, images: Tensor) -> list[Tensor]:
        return [self.layers(images)]


def gaussian(count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 4, 4, generator=generator, dtype=torch.float64)


def test_without_batch_norm_it_is_the_log_distance() -> None:
    trunk = OneTap(nn.Conv2d(3, 2, 1))
    draw_gaussian(trunk, torch.Generator().manual_seed(0))
    weight = trunk.layers[0].weight.detach().numpy()[:, :, 0, 0]
    noise = gaussian(5, 1)
    moved = np.einsum("oc,nchw->nohw", weight, 0.01 * noise.numpy())
    distance = np.sqrt((moved**2).sum((1, 2, 3))).mean()
    assert zen(trunk, gaussian(5, 2), noise, 0.01) == pytest.approx(math.log(distance), rel=1e-9)


def test_batch_norm_is_compensated() -> None:
    # Scaling the weights before a batch norm by 10 leaves the normalised features alone, and
    # the compensation must add log 10.
    layers = nn.Conv2d(3, 2, 3, bias=False), nn.BatchNorm2d(2, eps=1e-30)
    trunk = OneTap(*layers)
    draw_gaussian(trunk, torch.Generator().manual_seed(0))
    inputs, noise = gaussian(5, 1), gaussian(5, 2)
    before = zen(trunk, inputs, noise, 0.01)
    with torch.no_grad():
        layers[0].weight *= 10
    assert zen(trunk, inputs, noise, 0.01) == pytest.approx(before + math.log(10), rel=1e-9)
    features = nn.functional.conv2d(inputs, layers[0].weight).detach()
    variances = [features[:, c].numpy().var() for c in range(2)]
    normal = [(trunk(one)[0]).detach() for one in (inputs, inputs + 0.01 * noise)]
    distance = np.mean([float((a - b).square().sum().sqrt()) for a, b in zip(*normal, strict=True)])
    expected = math.log(distance) + math.log(math.sqrt(np.mean(variances)))
    assert zen(trunk, inputs, noise, 0.01) == pytest.approx(expected, rel=1e-9)


def test_features_that_do_not_move_have_no_logarithm() -> None:
    trunk = OneTap(nn.Conv2d(3, 2, 1))
    nn.init.zeros_(trunk.layers[0].weight)
    assert zen(trunk, gaussian(3, 1), gaussian(3, 2), 0.01) == -math.inf
