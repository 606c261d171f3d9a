"""The synthetic targets, against slow references and the numbers in the paper."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from scipy.signal import periodogram

from naslib_proxydata.predictors.eproxy import labels as eproxy_labels
from naslib_proxydata.predictors.eproxy.config import Branch
from naslib_proxydata.predictors.eproxy.labels import feature, target

SEED = 3


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["net", "sine_low", "sine_mid", "sine_high", "dot"])
def test_features_have_the_papers_shape_and_depend_on_the_seed(name, images):
    values = feature(name, images, SEED)
    assert values.shape == (4, 512, 8, 8)
    assert values.dtype == torch.float32
    assert torch.equal(values, feature(name, images, SEED))
    assert not torch.equal(values, feature(name, images, SEED + 1))
    assert not torch.allclose(values[0], values[1])  # drawn for each sample


def test_only_the_net_feature_depends_on_the_images(images):
    for name in ("sine_low", "sine_mid", "sine_high", "dot"):
        assert torch.equal(feature(name, images, SEED), feature(name, images * 2, SEED))
    assert not torch.allclose(feature("net", images, SEED), feature("net", images[:, [1, 0, 2]], 3))


def test_dot_is_plus_and_minus_one_in_equal_parts(images):
    values = feature("dot", images, SEED)
    assert set(values.unique().tolist()) == {-1.0, 1.0}
    standard_error = 1 / math.sqrt(values.numel())
    assert abs(values.mean().item()) < 4 * standard_error


@pytest.mark.parametrize(
    ("name", "betas"),
    [
        ("sine_low", [0.0125 * i for i in range(10)]),
        ("sine_mid", [0.125 + 0.025 * i for i in range(10)]),
        ("sine_high", [0.375 + 0.0125 * i for i in range(10)]),
    ],
)
def test_every_sine_map_is_one_of_the_papers_frequencies_along_one_axis(name, betas, images):
    """Fit each map's line by least squares to each frequency: one fits exactly, amplitude 1."""
    values = feature(name, images, SEED).double()
    position = torch.arange(1, 9, dtype=torch.float64)
    constant_down = (values - values[:, :, :1, :]).abs().amax(dim=(2, 3)) == 0
    constant_across = (values - values[:, :, :, :1]).abs().amax(dim=(2, 3)) == 0
    assert (constant_down | constant_across).all()
    # Half of the 640 maps lie along either axis, and 512 of them are kept at random.
    only_down = (constant_down & ~constant_across).double().mean().item()
    assert only_down == pytest.approx(0.5, abs=0.1)
    lines = torch.where(constant_down[:, :, None], values[:, :, 0, :], values[:, :, :, 0])
    lines = lines.flatten(0, 1)
    best = torch.full((len(lines),), math.inf, dtype=torch.float64)
    amplitude = torch.zeros(len(lines), dtype=torch.float64)
    for beta in betas:
        angle = 2 * math.pi * beta * position
        basis = torch.stack([angle.sin(), angle.cos()], dim=1)
        solution = torch.linalg.pinv(basis) @ lines.T
        error = (basis @ solution - lines.T).abs().amax(dim=0)
        closer = error < best
        best = torch.where(closer, error, best)
        size = solution.norm(dim=0)
        amplitude = torch.where(closer, size, amplitude)
    assert best.max() < 1e-5
    if name != "sine_low":  # frequency 0 has an arbitrary constant
        assert torch.allclose(amplitude, torch.ones_like(amplitude), atol=1e-3)


def test_high_is_higher_than_mid_is_higher_than_low(images):
    def mean_frequency(name):
        maps = feature(name, images, SEED).flatten(0, 1)
        rows = maps[(maps[:, :1, :] == maps).all(dim=(1, 2))][:, 0].numpy()
        frequencies, power = periodogram(rows, detrend=False)
        return (power * frequencies).sum() / power.sum()

    low, mid, high = map(mean_frequency, ("sine_low", "sine_mid", "sine_high"))
    assert low < 0.15 < mid < 0.3 < high


def test_no_map_is_drawn_twice():
    """Phases are continuous, so two equal maps would mean one map kept twice."""
    values = eproxy_labels.waves([0.4, 0.45], 2, (8, 8), torch.Generator().manual_seed(1))
    assert values.shape[1] == 128  # 2 frequencies, 32 phases, 2 axes: fewer than 512
    assert len(values[0].flatten(1).unique(dim=0)) == 128


def test_label_net_is_the_papers(images):
    """3-64-128-256-512-1024-512, 3x3 with bias; scale and shift on the first five."""
    channels = [3, 64, 128, 256, 512, 1024, 512]
    weights = sum(9 * a * b + b for a, b in pairwise(channels))
    network = eproxy_labels._label_net(3)
    assert sum(p.numel() for p in network.parameters()) == weights + 2 * sum(channels[1:6])
    assert network(images).shape == (4, 512, 8, 8)


def test_net_feature_has_the_published_spread():
    """Its standard deviation is about 0.38 on natural images; noise is close enough to tell."""
    images = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    values = feature("net", images, 0)
    assert 0.25 < values.std().item() < 0.5
    assert not values.requires_grad


def test_target_is_the_cut_sum_times_level(images):
    branch = Branch(features=("dot", "sine_mid"), level=1.5, out_channels=20)
    expected = 1.5 * (feature("dot", images, SEED) + feature("sine_mid", images, SEED))[:, :20]
    assert torch.allclose(target(branch, images, SEED), expected)


def test_a_target_without_features_is_zero(images):
    assert torch.equal(
        target(Branch(features=(), out_channels=16), images, SEED), torch.zeros(4, 16, 8, 8)
    )


def test_a_branch_has_a_last_label_convolution_of_its_own(images):
    first, again = feature("net", images, 3), feature("net", images, 3, 0)
    second = feature("net", images, 3, 1)
    assert torch.equal(first, again)
    assert first.shape == second.shape
    assert abs(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]) < 0.1
    assert second.std().item() == pytest.approx(first.std().item(), rel=0.1)
    assert torch.equal(feature("dot", images, 3, 1), feature("dot", images, 3))
