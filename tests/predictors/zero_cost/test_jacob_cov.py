from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from naslib_proxydata.predictors.zero_cost.jacob_cov import input_jacobian, jacob_cov
from tests.predictors.zero_cost.references import numeric_gradient, tiny_batch, tiny_network


def test_the_jacobian_and_the_score_follow_the_formula() -> None:
    network, images = tiny_network(), tiny_batch(4)[0]
    slopes = numeric_gradient(lambda: network(images).sum(), images).flatten(1).numpy()
    np.testing.assert_allclose(input_jacobian(network, images), slopes, rtol=1e-4, atol=1e-8)
    centred = slopes - slopes.mean(axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    values = np.linalg.eigvals(unit @ unit.T).real
    expected = -sum(math.log(value + 1e-5) + 1 / (value + 1e-5) for value in values)
    assert jacob_cov(tiny_network(), images) == pytest.approx(expected, rel=1e-4)


def test_a_linear_network_has_equal_slopes_everywhere() -> None:
    # All rows are perfectly correlated: one eigenvalue n, the others 0.
    linear = nn.Sequential(nn.Flatten(), nn.Linear(108, 3)).double()
    expected = -(math.log(4 + 1e-5) + 1 / (4 + 1e-5)) - 3 * (math.log(1e-5) + 1e5)
    assert jacob_cov(linear, tiny_batch(4)[0]) == pytest.approx(expected, rel=1e-6)


def test_a_constant_slope_has_no_correlation() -> None:
    assert math.isnan(jacob_cov(nn.Flatten(), torch.randn(4, 3, 6, 6)))
