from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from naslib_proxydata import plugins
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.zero_cost.meco import meco, smallest_correlation_eigenvalue
from naslib_proxydata.predictors.zero_cost.untrained import layer_values
from tests.predictors.zero_cost.references import random_images, tiny_batch, tiny_network


def test_the_eigenvalue_is_numpys() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 40)).cumsum(0)
    expected = np.linalg.eigvalsh(np.corrcoef(rows))[0]
    found = smallest_correlation_eigenvalue(torch.tensor(rows))
    assert found == pytest.approx(expected, rel=1e-9)


def test_eigenvalues_of_known_channels() -> None:
    wave = torch.tensor([1.0, -1.0, 1.0, -1.0])
    other = torch.tensor([1.0, 1.0, -1.0, -1.0])
    # Uncorrelated channels, whatever their size and mean: the identity.
    assert smallest_correlation_eigenvalue(torch.stack([wave, 9 * other + 4])) == pytest.approx(1)
    # [[1, r], [r, 1]] has eigenvalues 1 - |r| and 1 + |r|; here r = -1 / sqrt(2).
    tilted = torch.stack([wave, -wave - other])
    assert smallest_correlation_eigenvalue(tilted) == pytest.approx(1 - 0.5**0.5)
    assert smallest_correlation_eigenvalue(torch.stack([wave, 2 * wave])) == pytest.approx(0)
    constant = torch.stack([wave, other, torch.full((4,), 3.0)])
    assert smallest_correlation_eigenvalue(constant) == 0


def test_the_score_sums_over_the_layers_of_the_first_image() -> None:
    network, images = tiny_network(), tiny_batch(1)[0]
    features, expected = images, 0.0
    for layer in network[:6]:  # the others give one position
        features = layer(features)
        correlations = np.corrcoef(features[0].flatten(1).detach().numpy())
        expected += float(np.linalg.eigvalsh(correlations)[0])
    assert meco(tiny_network(), images) == pytest.approx(expected, rel=1e-9)


def test_containers_and_single_positions_are_no_layers() -> None:
    network = nn.Sequential(nn.Sequential(nn.Identity(), nn.ReLU()), nn.AdaptiveAvgPool2d(1))
    shapes: list[torch.Size] = []

    def measure(rows: torch.Tensor) -> float:
        shapes.append(rows.shape)
        return 1.0

    assert layer_values(network, torch.zeros(3, 2, 4, 5), measure) == [1.0, 1.0]
    assert shapes == [torch.Size([2, 20])] * 2


@pytest.mark.parametrize("name", ["meco", "dextr"])
def test_one_image_is_enough_where_32_pixels_shrink_to_one(name: str) -> None:
    found = plugins.load()
    space = found.create("spaces", "transnas-micro")
    cell = space.sample(np.random.default_rng(0))
    predictor = found.create("predictors", name)
    predictor.prepare(ScoringTask(space, random_images(1)))
    score = predictor.score_one(cell)
    assert math.isfinite(score.value), score.reason
