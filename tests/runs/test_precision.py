from __future__ import annotations

import pytest
import torch

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import make_learner, random_batch


def stepped(precision: str) -> Learner:
    learner = make_learner(darts(), precision=precision)
    batch, moment = random_batch(16, 0), Moment(1, 3, torch_generator(0))
    learner.architecture_step(batch, batch, moment)
    learner.weights_step(batch, moment)
    return learner


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_the_network_computes_in_16_bits_and_all_that_is_learnt_stays_in_32(precision: str) -> None:
    learner, exact = stepped(precision), stepped("float32")
    for mixed, single in zip(
        [*learner.weights, *learner.architecture_parameters],
        [*exact.weights, *exact.architecture_parameters],
        strict=True,
    ):
        assert mixed.dtype == torch.float32
        torch.testing.assert_close(mixed, single, atol=0.02, rtol=0.1)
    moved = [
        not torch.equal(mixed, single)
        for mixed, single in zip(learner.weights, exact.weights, strict=True)
    ]
    assert any(moved), "16 bits round"


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_gradients_are_those_of_the_loss_whatever_the_scale(precision: str) -> None:
    learner = stepped(precision)
    largest = max(float(one.grad.abs().max()) for one in learner.weights)  # type: ignore[union-attr]
    assert 0 < largest <= learner.settings.clip


def test_a_step_whose_gradients_overflow_is_left_out() -> None:
    learner = make_learner(darts(), precision="float16")
    before = [one.detach().clone() for one in learner.weights]
    batch = random_batch(16, 0)._replace(weights=torch.full((16,), 1e38))
    learner.weights_step(batch, Moment(1, 3, torch_generator(0)))
    for one, old in zip(learner.weights, before, strict=True):
        assert torch.equal(one, old)


def test_the_scale_is_part_of_a_checkpoint() -> None:
    learner = stepped("float16")
    state = learner.state_dict()
    state["precision"]["scale"] = 128.0
    learner.load_state_dict(state)
    assert learner.state_dict()["precision"]["scale"] == 128.0
    del state["precision"]  # as up to version 0.1
    learner.load_state_dict(state)


def test_float16_is_refused_where_gradients_are_not_scaled() -> None:
    with pytest.raises(ConfigError, match="use bfloat16"):
        make_learner(darts(order=2), precision="float16")
    make_learner(darts(order=2), precision="bfloat16")
