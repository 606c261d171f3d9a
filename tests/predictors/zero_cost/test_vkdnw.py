from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.zero_cost.vkdnw import (
    Vkdnw,
    decile_entropy,
    first_slopes,
    fisher_information,
)
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import (
    numeric_gradient,
    random_images,
    tiny_batch,
    tiny_network,
)


class Twice(nn.Module):
    """Uses one strided, grouped convolution twice, and has a head with a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped = nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2)
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.head = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        features = self.grouped(self.grouped(self.stem(images)).relu())
        logits: Tensor = self.head(features.mean((2, 3)))
        return logits


class Branches(nn.Module):
    """Passes a list of features through a module that returns a list, as NAS-Bench-MR does."""

    class Both(nn.Module):
        def forward(self, branches: list[Tensor]) -> list[Tensor]:
            return [branch.relu() for branch in branches]

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 3)
        self.both, self.head = self.Both(), nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        one, other = self.both([self.first(images), self.second(images)])
        logits: Tensor = self.head(one.mean((2, 3)) + other.mean((2, 3)))
        return logits


def frozen(network: nn.Module) -> nn.Module:
    return network.double().eval().requires_grad_(False)


@pytest.mark.parametrize("make", [tiny_network, Twice, Branches])
def test_slopes_are_those_of_central_differences(make: type[nn.Module]) -> None:
    torch.manual_seed(0)
    network, images = frozen(make()), tiny_batch(3)[0]
    logits, slopes = first_slopes(network, images.clone(), 128)
    torch.testing.assert_close(logits, network(images))
    parameters = list(network.parameters())
    assert slopes.shape == (3, 3, len(parameters))
    for column, parameter in enumerate(parameters):
        first = parameter.view(-1)[:1]
        for image in range(3):
            for label in range(3):
                one = images[image : image + 1]
                expected = numeric_gradient(lambda: network(one)[0, label], first)  # noqa: B023
                assert float(slopes[image, label, column]) == pytest.approx(
                    float(expected), rel=1e-5, abs=1e-8
                )


def test_only_the_first_tensors_are_looked_at() -> None:
    network, images = frozen(tiny_network()), tiny_batch(3)[0]
    every, few = (first_slopes(network, images.clone(), count)[1] for count in (128, 4))
    torch.testing.assert_close(few, every[:, :, :4])


def test_fisher_is_the_expected_outer_product_of_the_log_probabilities_slopes() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 4, generator=generator).double()
    slopes = torch.randn(5, 4, 3, generator=generator).double()
    expected = np.zeros((3, 3))
    for z, j in zip(logits.numpy(), slopes.numpy(), strict=True):
        p = 0.95 * np.exp(z) / np.exp(z).sum() + 0.05 / 4
        expected += j.T @ (np.diag(p) - np.outer(p, p)) @ j / 5
    np.testing.assert_allclose(fisher_information(logits, slopes).numpy(), expected)


def test_entropy_of_known_spectra() -> None:
    assert decile_entropy(torch.full((20,), 3.0)) == pytest.approx(math.log(9), rel=1e-6)
    assert decile_entropy(torch.zeros(20)) == 0
    # Of eleven numbers the deciles are the inner nine.
    spectrum = torch.tensor([-1e-9, 0, 0, 0, 0, 0, 0, 0, 1, 3, 50.0]).double()
    expected = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert decile_entropy(spectrum) == pytest.approx(expected, rel=1e-9)


def test_the_score_is_layers_plus_entropy() -> None:
    space = NasBench201(channels=2, cells_per_stage=1)
    predictor = Vkdnw(batch_size=4)
    predictor.prepare(ScoringTask(space, random_images()))
    cell = space.parse(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
    )
    found = predictor.evaluate(cell)
    assert isinstance(found, Score)
    # The stem, the head, two reductions of three; node 1 leads nowhere: two convolutions a cell.
    assert found.details["layers"] == 1 + 1 + 2 * 3 + 3 * 3
    assert 0 < found.details["entropy"] < math.log(9)
    assert found.value == found.details["layers"] + found.details["entropy"]
