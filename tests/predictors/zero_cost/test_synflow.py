from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from naslib_proxydata.predictors.zero_cost.synflow import synflow
from tests.predictors.zero_cost.references import tiny_network, weights_of


def test_a_linear_chain_has_a_closed_form() -> None:
    # R = 1^T |W3| |W2| |W1| 1, and by Euler's theorem every layer's flow is R.
    generator = torch.Generator().manual_seed(0)
    sizes = (12, 5, 7, 4)
    matrices = [
        torch.randn(b, a, generator=generator, dtype=torch.float64) for a, b in pairwise(sizes)
    ]
    chain = nn.Sequential(nn.Flatten())
    for matrix in matrices:
        layer = nn.Linear(*reversed(matrix.shape), bias=False).double()
        layer.weight.data = matrix
        chain.extend([layer, nn.ReLU()])
    output = torch.ones(12, dtype=torch.float64)
    for matrix in matrices:
        output = matrix.abs() @ output
    expected = math.log(len(matrices) * output.sum().item())
    assert synflow(chain, (3, 2, 2)) == pytest.approx(expected, rel=1e-12)


def test_it_equals_weights_times_their_gradients_without_batch_norm() -> None:
    reference = tiny_network()
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.abs_()
    image = torch.ones(1, 3, 6, 6, dtype=torch.float64)
    for layer in reference:
        if not isinstance(layer, nn.BatchNorm2d):
            image = layer(image)
    weights = weights_of(reference)
    gradients = torch.autograd.grad(image.sum(), weights)
    flow = sum((w * g).sum().item() for w, g in zip(weights, gradients, strict=True))
    assert synflow(tiny_network(), (3, 6, 6)) == pytest.approx(math.log(flow), rel=1e-12)


def test_a_flow_beyond_single_precision_is_finite() -> None:
    deep = nn.Sequential(*(nn.Linear(64, 64, bias=False) for _ in range(40))).double()
    with torch.no_grad():
        for parameter in deep.parameters():
            parameter.fill_(-1.0)
    logarithm = synflow(deep, (1, 1, 64))
    assert logarithm == pytest.approx(math.log(40) + 41 * math.log(64), rel=1e-12)
    assert logarithm > math.log(torch.finfo(torch.float32).max)


def test_no_flow_has_no_logarithm() -> None:
    dead = nn.Sequential(nn.Flatten(), nn.Linear(12, 2, bias=False)).double()
    nn.init.zeros_(dead[1].weight)
    assert synflow(dead, (3, 2, 2)) == -math.inf
