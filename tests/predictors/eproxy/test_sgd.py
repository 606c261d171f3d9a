"""Eproxy's optimizer against torch's."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from naslib_proxydata.predictors.eproxy.sgd import Sgd, SteadySgd


@pytest.mark.parametrize("kind", [Sgd, SteadySgd])
@pytest.mark.parametrize(("momentum", "decay"), [(0.9, 0.1), (0.0, 0.1), (0.9, 0.0)])
def test_steps_are_torchs(kind, momentum, decay):
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(3, 2, dtype=torch.float64)
    unused = nn.Parameter(torch.ones(2, 2, dtype=torch.float64))
    other, other_unused = copy.deepcopy(layer), copy.deepcopy(unused)
    ours = kind([*layer.parameters(), unused], 0.3, momentum, decay)
    groups = [
        {"params": [other.weight, other_unused], "weight_decay": decay},
        {"params": [other.bias], "weight_decay": 0.0},
    ]
    theirs = torch.optim.SGD(groups, 0.3, momentum)
    for _ in range(4):
        inputs = torch.randn(5, 3, dtype=torch.float64, generator=generator)
        for network in (layer, other):
            (network(inputs) ** 2).sum().backward()
        ours.step()
        theirs.step()
        theirs.zero_grad()
        for one, two in zip(layer.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-12)
            assert one.grad is None
    assert torch.equal(unused, other_unused)


def test_steady_steps_leave_everything_where_it_is():
    weight = nn.Parameter(torch.ones(2, 2))
    optimizer = SteadySgd([weight], 0.1, 0.9, 0.0)
    places = weight.data_ptr(), optimizer._kept[0].data_ptr()
    for _ in range(3):
        weight.sum().backward()
        optimizer.step()
    assert (weight.data_ptr(), optimizer._kept[0].data_ptr()) == places
    assert optimizer._kept[0].tolist() == [[pytest.approx(2.71)] * 2] * 2
