"""Compiled steps of gradient descent against torch's optimizer in double precision."""

from __future__ import annotations

import pytest
import torch

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.descent import descend
from naslib_proxydata.seeding import torch_generator

pytestmark = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")
FACTORS = {"learning_rate": 0.3, "momentum": 0.9, "weight_decay": 0.05}


def random(*shape, draw=0):
    return torch.randn(shape, generator=torch_generator(draw, "test", *shape))


def channels_last(tensor):
    return tensor.contiguous(memory_format=torch.channels_last)


def cut(tensor):
    """The same values as a part of a tensor with more channels, as padded gradients have them."""
    outputs, inputs, *size = tensor.shape
    wide = channels_last(torch.full((outputs + 3, inputs + 5, *size), torch.nan))
    part = wide[:outputs, :inputs]
    return part.copy_(tensor)


def compare(weight, lay_out):
    exact = weight.detach().double().requires_grad_()
    options = {"lr" if name == "learning_rate" else name: value for name, value in FACTORS.items()}
    optimizer = torch.optim.SGD([exact], **options)
    velocity = None
    for step in range(3):
        gradient = random(*weight.shape, draw=step)
        exact.grad = gradient.double()
        optimizer.step()
        velocity = descend(weight, lay_out(gradient), velocity, **FACTORS)
        assert velocity is not None
        torch.testing.assert_close(weight.double(), exact.detach(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(7,), (40, 3), (24, 1, 3, 3), (5, 16, 1, 1)], ids=str)
def test_of_what_lies_in_one_piece(shape):
    compare(random(*shape), lambda gradient: gradient)


@pytest.mark.parametrize("shape", [(16, 32, 3, 3), (5, 43, 3, 3), (26, 25, 1, 1)], ids=str)
@pytest.mark.parametrize("lay_out", [channels_last, cut])
def test_of_convolutions(shape, lay_out):
    compare(channels_last(random(*shape)), lay_out)


@pytest.mark.parametrize(
    ("weight", "gradient"),
    [
        (random(4, 4).double(), random(4, 4).double()),
        (random(4, 6), random(6, 4).T),
        (random(4, 6).T, random(4, 6).T),
        (random(4, 6, 3, 3), channels_last(random(4, 6, 3, 3))),
        (random(4), random(3)),
    ],
    ids=["double", "turned", "both turned", "first and last", "another shape"],
)
def test_anything_else_is_left_alone(weight, gradient):
    before = weight.clone(), gradient.clone()
    assert descend(weight, gradient, None, **FACTORS) is None
    assert torch.equal(weight, before[0])
    assert torch.equal(gradient, before[1])
