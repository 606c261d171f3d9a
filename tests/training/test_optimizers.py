from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from naslib_proxydata.training.optimizers import make_optimizer, parameter_groups
from naslib_proxydata.training.rmsprop import RmsProp
from tests.training.fakes import settings_of


def test_rmsprop_is_tensorflows() -> None:
    """By the formula of ``tf.train.RMSPropOptimizer``'s documentation, in float64 numpy."""
    generator = np.random.default_rng(0)
    start, gradients = generator.normal(size=5), generator.normal(size=(6, 5))
    rates = [0.2, 0.2, 0.1, 0.1, 0.05, 0.05]
    decay, momentum, eps, weight_decay = 0.9, 0.8, 1.0, 0.01
    expected, square, moved = start.copy(), np.ones(5), np.zeros(5)
    weight = nn.Parameter(torch.from_numpy(start.copy()))
    ours = RmsProp(
        [weight], lr=1.0, decay=decay, momentum=momentum, eps=eps, weight_decay=weight_decay
    )
    for rate, given in zip(rates, gradients, strict=True):
        slope = given + weight_decay * expected
        square = decay * square + (1 - decay) * slope**2
        moved = momentum * moved + rate * slope / np.sqrt(square + eps)
        expected = expected - moved
        weight.grad = torch.from_numpy(given.copy())
        ours.param_groups[0]["lr"] = rate
        ours.step()
    np.testing.assert_allclose(weight.detach().numpy(), expected, rtol=1e-12)


def test_rmsprop_goes_on_from_its_state() -> None:
    def stepped(times: int, weight: nn.Parameter, state: dict[str, object] | None) -> RmsProp:
        optimizer = RmsProp([weight], lr=0.1)
        if state is not None:
            optimizer.load_state_dict(state)
        for _ in range(times):
            weight.grad = weight.detach().clone()
            optimizer.step()
        return optimizer

    once, twice = (nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    stepped(4, once, None)
    stepped(2, twice, stepped(2, twice, None).state_dict())
    assert torch.equal(once, twice)


@pytest.mark.parametrize(
    ("name", "kind"), [("sgd", torch.optim.SGD), ("rmsprop", RmsProp), ("adam", torch.optim.AdamW)]
)
def test_settings_name_the_optimizer(name: str, kind: type[torch.optim.Optimizer]) -> None:
    made = make_optimizer(nn.Linear(2, 2), settings_of(optimizer=name, weight_decay=0.25))
    assert type(made) is kind
    assert [group["weight_decay"] for group in made.param_groups] == [0.25]


def test_biases_and_normalisations_may_be_spared_from_decay() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    weights, others = parameter_groups(network, settings_of(decay_norms=False, weight_decay=0.5))
    assert [one.ndim for one in weights["params"]] == [4]
    assert (weights["weight_decay"], others["weight_decay"]) == (0.5, 0.0)
    assert len(others["params"]) == 3
