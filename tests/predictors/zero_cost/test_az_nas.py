from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.az_nas import (
    COMPONENTS,
    AzNas,
    block_trainability,
    entropy,
    feature_components,
    primary_blocks,
    rank_sum,
)
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.nb201.space import NasBench201


class Scale(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, features: Tensor) -> Tensor:
        return features * self.factor


def signs() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_entropy_of_independent_and_of_equal_channels() -> None:
    independent = torch.zeros(4, 4, 1, 1)
    for i in range(4):
        independent[i, i] = 1.0  # centred one-hot rows: three equal directions
    assert entropy(independent) == pytest.approx(math.log(3), rel=1e-9)
    one = torch.randn(5, 1, 3, 3, generator=signs()).repeat(1, 6, 1, 1)
    assert entropy(one) == pytest.approx(0, abs=1e-4)  # single precision
    assert entropy(torch.ones(2, 3, 4, 4)) == 0


def test_entropy_equals_numpy_on_random_features() -> None:
    features = torch.randn(6, 5, 3, 3, generator=signs()).double().cumsum(1)
    rows = features.numpy().transpose(0, 2, 3, 1).reshape(-1, 5)
    share = np.linalg.svd(rows - rows.mean(0), compute_uv=False) ** 2
    share /= share.sum()
    assert entropy(features) == pytest.approx(-(share * np.log(share)).sum(), rel=1e-9)


@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_trainability_of_a_scaling_is_known(factor: float) -> None:
    # One channel: g_in = factor * g_out, the mean of g_in g_out is factor.
    before = torch.randn(3, 1, 4, 4, requires_grad=True)
    found = block_trainability(before, before * factor, signs())
    assert found == pytest.approx(-factor - 1 / factor + 2, rel=1e-6)


def test_the_identity_is_not_trainable_and_minus_one_is_perfect() -> None:
    before = torch.randn(3, 1, 4, 4, requires_grad=True)
    assert block_trainability(before, before * 1.0, signs()) == -math.inf
    assert block_trainability(before, before * -1.0, signs()) == pytest.approx(0, abs=1e-6)


def test_a_strided_block_is_unshuffled() -> None:
    # y = sum of each 2x2 patch: every one of the four positions has slope g, so the matrix is a
    # column of four ones and sigma is 2.
    before = torch.randn(3, 1, 8, 8, requires_grad=True)
    after = 4 * nn.functional.avg_pool2d(before, 2)
    assert block_trainability(before, after, signs()) == pytest.approx(-2 - 0.5 + 2, rel=1e-6)


def test_components_of_a_chain_of_scalings() -> None:
    chain = nn.Sequential(Scale(2.0), Scale(3.0), Scale(0.5))
    inputs = torch.randn(8, 1, 4, 4, generator=signs())
    found = feature_components(chain, inputs, signs())
    assert found["expressivity"] == pytest.approx(0, abs=1e-6)  # one channel has no entropy
    assert found["progressivity"] == pytest.approx(0, abs=1e-6)
    expected = np.mean([-3 - 1 / 3 + 2, -0.5 - 2 + 2])
    assert found["trainability"] == pytest.approx(expected, rel=1e-6)


def test_one_block_is_too_few() -> None:
    with pytest.raises(ValueError, match="at least two blocks, the trunk has 1"):
        feature_components(nn.Sequential(Scale(2.0)), torch.randn(2, 1, 4, 4), signs())


def test_blocks_of_nb201_are_its_cells_and_reductions() -> None:
    space = NasBench201(channels=2, cells_per_stage=5)
    cell = space.sample(np.random.default_rng(0))
    trunk = build(lambda: space.trunk(cell, signs()), signs())
    assert len(primary_blocks(trunk)) == 3 * 5 + 2


def test_rank_sum_equals_loops_and_ties_share() -> None:
    values = [(1.0, 5.0, -math.inf, 2.0), (2.0, 4.0, -1.0, 2.0), (3.0, 6.0, -0.5, 1.0)]
    parts = [dict(zip(COMPONENTS, one, strict=True)) for one in values]
    expected = [
        math.log(1 / 3) + math.log(2 / 3) + math.log(1 / 3) + math.log(2.5 / 3),
        math.log(2 / 3) + math.log(1 / 3) + math.log(2 / 3) + math.log(2.5 / 3),
        math.log(1 / 3),
    ]
    np.testing.assert_allclose(rank_sum(parts), expected)


def test_aggregate_ranks_the_finite_scores_only() -> None:
    parts = dict.fromkeys(COMPONENTS, 1.0)
    better = dict.fromkeys(COMPONENTS, 2.0)
    scores = [
        Score(0.3, details=parts),
        Score(math.nan, "broke"),
        Score(-math.inf, "no signal"),
        Score(0.1, details=better),
    ]
    found = AzNas().aggregate(scores)
    np.testing.assert_allclose(found, [4 * math.log(1 / 2), math.nan, -math.inf, 0.0])
    assert AzNas().aggregate([]).shape == (0,)
