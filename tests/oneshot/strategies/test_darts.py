"""Gradients of the architecture parameters against finite differences in float64."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from naslib_proxydata.data.loader import Batch
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.first_order import FirstOrder
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.beta_darts import BetaDecay
from naslib_proxydata.oneshot.strategies.darts import SecondOrder, darts
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import make_learner, random_batch


def double_batch(count: int, seed: int) -> Batch:
    batch = random_batch(count, seed)
    return Batch(batch.images.double(), batch.labels, batch.indices)


def double_learner(strategy: Strategy) -> Learner:
    learner = make_learner(strategy, weights_lr=0.2, weight_decay=0.01)
    learner.supernet.double()
    learner.architecture.double()
    with torch.no_grad():
        alpha = learner.architecture.alpha["cell"]
        alpha.copy_(torch.randn(alpha.shape, generator=torch_generator(5)))
    moment = Moment(2, 3, torch_generator(0))
    for seed in (11, 12):  # gives the weights a momentum buffer
        learner.weights_step(double_batch(12, seed), moment)
    return learner


def loss_at(learner: Learner, alpha: torch.Tensor, batch: Batch) -> torch.Tensor:
    weights = F.softmax(alpha, -1)
    from naslib_proxydata.oneshot.mixture import Mixture

    mixture = Mixture(weights, ((1, 2, 3, 4),) * 6)
    return F.cross_entropy(learner.supernet(batch.images, {"cell": mixture}), batch.labels)


def unrolled(learner: Learner, alpha: torch.Tensor, train: Batch, valid: Batch) -> float:
    """L_val(w'(alpha), alpha), with w' computed from its definition."""
    saved = [one.detach().clone() for one in learner.weights]
    gradients = torch.autograd.grad(loss_at(learner, alpha, train), learner.weights)
    lr = learner.weights_optimizer.param_groups[0]["lr"]
    with torch.no_grad():
        for one, gradient in zip(learner.weights, gradients, strict=True):
            buffer = learner.weights_optimizer.state[one]["momentum_buffer"]
            one.copy_(one - lr * (0.9 * buffer + gradient + 0.01 * one))
        value = float(loss_at(learner, alpha, valid))
        for one, start in zip(learner.weights, saved, strict=True):
            one.copy_(start)
    return value


def finite_differences(function, alpha: torch.Tensor, step: float) -> torch.Tensor:
    result = torch.zeros_like(alpha)
    for row in range(alpha.shape[0]):
        for column in range(alpha.shape[1]):
            ends = []
            for sign in (1, -1):
                moved = alpha.clone()
                moved[row, column] += sign * step
                ends.append(function(moved))
            result[row, column] = (ends[0] - ends[1]) / (2 * step)
    return result


def test_the_second_order_gradient_is_that_of_the_unrolled_loss() -> None:
    learner = double_learner(darts(order=2))
    train, valid = double_batch(12, 1), double_batch(12, 2)
    alpha = learner.architecture.alpha["cell"]
    moment = Moment(2, 3, torch_generator(0))
    expected = finite_differences(
        lambda one: unrolled(learner, one, train, valid), alpha.detach(), 1e-6
    )

    def error(step: FirstOrder | SecondOrder) -> float:
        step.gradients(learner, train, valid, moment)
        return float((alpha.grad - expected).norm() / expected.norm())

    # Small enough that no ReLU of this narrow network switches between the two sides.
    assert error(SecondOrder(radius=1e-6)) < 1e-3
    assert error(FirstOrder()) > 0.1, "this case cannot tell first from second order"


def test_the_second_order_step_restores_the_weights_bit_by_bit() -> None:
    learner = double_learner(darts(order=2))
    before = [one.detach().clone() for one in learner.weights]
    learner.architecture_step(
        double_batch(12, 1), double_batch(12, 2), Moment(2, 3, torch_generator(0))
    )
    assert all(torch.equal(a, b) for a, b in zip(before, learner.weights, strict=True))


def test_the_weights_are_restored_when_a_step_fails() -> None:
    learner = double_learner(darts(order=2))
    before = [one.detach().clone() for one in learner.weights]
    wrong = random_batch(12, 2)
    with pytest.raises(IndexError):
        SecondOrder().gradients(
            learner,
            double_batch(12, 1),
            Batch(wrong.images.double(), wrong.labels + 100, wrong.indices),
            Moment(2, 3, torch_generator(0)),
        )
    assert all(torch.equal(a, b) for a, b in zip(before, learner.weights, strict=True))


@pytest.mark.parametrize("regularised", [False, True])
def test_the_first_order_gradient(regularised: bool) -> None:
    strategy = Strategy("x", regularisers=(BetaDecay(0.5),) if regularised else ())
    learner = double_learner(strategy)
    train, valid = double_batch(12, 1), double_batch(12, 2)
    moment = Moment(3, 3, torch_generator(0))

    def total(alpha: torch.Tensor) -> float:
        value = float(loss_at(learner, alpha, valid).detach())
        if regularised:
            edges = [float(row.exp().sum().log()) for row in alpha]
            value += 0.5 * 2 * sum(edges) / 6
        return value

    alpha = learner.architecture.alpha["cell"]
    expected = finite_differences(total, alpha.detach(), 1e-7)  # a larger step crosses a ReLU
    FirstOrder().gradients(learner, train, valid, moment)
    torch.testing.assert_close(alpha.grad, expected, atol=1e-7, rtol=1e-5)


def test_alpha_stays_while_warming_up() -> None:
    learner = make_learner(darts(), warm_up=1)
    before = learner.architecture.alpha["cell"].detach().clone()
    batch = random_batch(8, 0)
    learner.architecture_step(batch, batch, Moment(1, 3, torch_generator(0)))
    assert torch.equal(before, learner.architecture.alpha["cell"])
    learner.architecture_step(batch, batch, Moment(2, 3, torch_generator(0)))
    assert not torch.equal(before, learner.architecture.alpha["cell"])


def test_another_order_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"order must be .* at most 2; got 3"):
        darts(order=3)
