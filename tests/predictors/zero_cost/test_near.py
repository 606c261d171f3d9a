from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.zero_cost.near import (
    Near,
    activation_matrix,
    effective_rank,
    near,
)
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import random_images, tiny_batch, tiny_network


def draws(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.5, 0.99])
def test_effective_rank_of_a_circulant_matrix_is_known(rho: float) -> None:
    # Roy and Vetterli (2007): the shares are those of two independent coins of (1 +- |rho|) / 2.
    row = [1, rho, rho**2, rho]
    matrix = torch.tensor([row[-i:] + row[:-i] if i else row for i in range(4)])
    shares = [(1 + abs(rho)) / 2, (1 - abs(rho)) / 2]
    entropy = -2 * sum(share * math.log(share) for share in shares)
    assert effective_rank(matrix) == pytest.approx(math.exp(entropy), rel=1e-6)


def test_effective_rank_of_simple_matrices() -> None:
    assert effective_rank(torch.eye(7)) == pytest.approx(7)
    assert effective_rank(torch.ones(5, 3)) == pytest.approx(1)
    assert effective_rank(torch.zeros(4, 4)) == 0
    matrix = torch.randn(6, 9, generator=draws())
    values = np.linalg.svd(matrix.double().numpy(), compute_uv=False)
    shares = values / values.sum()
    assert effective_rank(matrix) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))
    assert effective_rank(100 * matrix) == pytest.approx(effective_rank(matrix))


def test_rows_are_contiguous_pixels_from_the_top_of_a_column_on() -> None:
    # Figure A.3 of the paper: four 3x3 maps; pixel and channel can be read off each number.
    pixels = torch.arange(9).view(1, 1, 3, 3) * 10
    maps = pixels + torch.arange(4).view(1, 4, 1, 1)
    generator, seen = draws(), set()
    for _ in range(40):
        matrix = activation_matrix(maps, generator)
        assert (matrix - matrix[:, :1]).tolist() == [[0, 1, 2, 3]] * 4
        seen.add(tuple(int(number) // 10 for number in matrix[:, 0]))
    # Columns of pixels are 0 3 6, 1 4 7 and 2 5 8; from the last, four rows would not be left.
    assert seen == {(0, 3, 6, 1), (1, 4, 7, 2)}


def test_so_many_images_are_taken_as_the_channels_need() -> None:
    maps = torch.arange(5).view(5, 1, 1, 1).expand(5, 6, 2, 1)
    matrix = activation_matrix(maps, draws())
    assert matrix.shape == (6, 6)
    assert matrix[:, 0].tolist() == [0, 0, 1, 1, 2, 2]
    assert activation_matrix(maps[:2], draws()).shape == (4, 6)  # there are no more
    assert activation_matrix(torch.ones(8, 3), draws()).shape == (3, 3)
    assert activation_matrix(torch.ones(2, 3), draws()).shape == (2, 3)


def near_by_hand(network: nn.Sequential, images: Tensor, generator: torch.Generator) -> float:
    """Gather the rows pixel by pixel, layer by layer."""
    total = 0.0
    features = images
    for layer in network:
        features = layer(features)
        if isinstance(layer, nn.AdaptiveAvgPool2d | nn.Flatten):
            continue
        values = features.detach().numpy()
        if values.ndim == 2:
            rows = [list(row) for row in values][: values.shape[1]]
        else:
            n, channels, height, width = values.shape
            n = math.ceil(channels / (height * width))
            rows = [
                [values[image, c, y, x] for c in range(channels)]
                for image in range(n)
                for x in range(width)
                for y in range(height)
            ]
            starts = range(0, max(1, len(rows) - channels + 1), height)
            start = starts[int(torch.randint(len(starts), (1,), generator=generator))]
            rows = rows[start : start + channels]
        values = np.linalg.svd(np.array(rows), compute_uv=False)
        shares = values[values > 0] / values.sum()
        total += float(np.exp(-(shares * np.log(shares)).sum()))
    return total


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_ranks_are_summed_over_all_layers(memory_format: torch.memory_format) -> None:
    images = tiny_batch(6)[0].contiguous(memory_format=memory_format)
    expected = near_by_hand(tiny_network(), images, draws())
    assert near(tiny_network(), images, draws()) == pytest.approx(expected, rel=1e-9)


def test_repeats_average_over_draws_and_begin_with_the_same() -> None:
    space = NasBench201(channels=2, cells_per_stage=1)
    cell = space.sample(np.random.default_rng(1))
    values = []
    for repeats in (1, 2, 3):
        predictor = Near(batch_size=4, repeats=repeats)
        predictor.prepare(ScoringTask(space, random_images(4)))
        values.append(predictor.score_one(cell).value)
    first, second, third = values[0], 2 * values[1] - values[0], 3 * values[2] - 2 * values[1]
    assert first != pytest.approx(second)
    assert second != pytest.approx(third)
    assert second == pytest.approx(first, rel=0.3)
