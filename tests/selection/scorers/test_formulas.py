from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import entropy

from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers import formulas
from naslib_proxydata.selection.scorers.forgetting import ForgettingCounter
from naslib_proxydata.selection.scorers.models import build_model
from naslib_proxydata.selection.scorers.recipe import PAPER, QUICK
from naslib_proxydata.selection.scorers.reconstruction import Autoencoder, reconstruction_loss

LOGITS = np.random.default_rng(0).normal(0, 4, (40, 7))
LABELS = np.random.default_rng(1).integers(0, 7, 40)


def test_entropy_is_scipys_in_nats() -> None:
    found = formulas.entropy(torch.from_numpy(LOGITS)).numpy()
    np.testing.assert_allclose(found, entropy(softmax(LOGITS, 1), axis=1), rtol=1e-9)


def test_entropy_of_a_confident_model_is_tiny_and_not_zero() -> None:
    found = float(formulas.entropy(torch.tensor([[50.0, 0.0]])))
    assert 0 < found == pytest.approx(np.exp(-50) * 51, rel=0.01)


def test_error_norm_margin_and_loss() -> None:
    logits, labels = torch.from_numpy(LOGITS), torch.from_numpy(LABELS)
    probabilities = softmax(LOGITS, 1)
    one_hot = np.eye(7)[LABELS]
    expected = np.sqrt(((probabilities - one_hot) ** 2).sum(1))
    np.testing.assert_allclose(formulas.error_norm(logits, labels), expected, rtol=1e-9)
    ordered = np.sort(probabilities, 1)
    expected = ordered[:, -1] - ordered[:, -2]
    np.testing.assert_allclose(formulas.margin(logits), expected, rtol=1e-9, atol=1e-12)
    expected = -np.log(probabilities[np.arange(40), LABELS])
    np.testing.assert_allclose(formulas.cross_entropy(logits, labels), expected, rtol=1e-9)


def test_forgetting_events_of_a_known_history() -> None:
    histories = ["1111", "1010", "0000", "0110", "0001", "1000"]
    events = [0, 2, 4, 1, 0, 1]  # never right: the number of presentations
    counter = ForgettingCounter(6)
    for epoch in range(4):
        order = torch.randperm(6, generator=torch_generator(epoch))
        for part in order.split(4):
            right = [histories[one][epoch] == "1" for one in part.tolist()]
            counter.update(part, torch.tensor(right))
    assert counter.scores().tolist() == events
    other = ForgettingCounter(6)
    other.load_state_dict(counter.state_dict())
    assert other.scores().tolist() == events


@pytest.mark.parametrize(("name", "millions"), [("resnet20", 0.27), ("resnet56", 0.85)])
def test_published_parameter_counts(name: str, millions: float) -> None:
    model = build_model(name, 10, 3, torch_generator(0))
    count = sum(parameter.numel() for parameter in model.parameters())
    assert round(count / 1e6, 2) == millions
    assert model.eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_weights_come_from_the_generator() -> None:
    def first(seed: int) -> torch.Tensor:
        return next(build_model("resnet20", 10, 3, torch_generator(seed)).parameters())

    state = torch.get_rng_state()
    assert torch.equal(first(0), first(0))
    assert not torch.equal(first(0), first(1))
    torch.rand(1)
    assert torch.equal(first(0), first(0))
    assert not torch.equal(state, torch.get_rng_state())


def test_reconstruction_loss_is_cross_entropy_of_pixels_given_the_restored() -> None:
    generator = np.random.default_rng(0)
    pixels = generator.random((3, 1, 4, 4))
    restored = generator.uniform(0.1, 0.9, (3, 1, 4, 4))
    terms = -(pixels * np.log(restored) + (1 - pixels) * np.log(1 - restored))
    found = reconstruction_loss(torch.from_numpy(restored), torch.from_numpy(pixels))
    np.testing.assert_allclose(found, terms.mean((1, 2, 3)))
    assert Autoencoder(3).eval()(torch.zeros(2, 3, 48, 32)).shape == (2, 3, 48, 32)


def test_published_learning_rates() -> None:
    rates = [PAPER.rate(epoch / 200) for epoch in (0, 99, 100, 149, 150, 199)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert (PAPER.early_epoch, QUICK.early_epoch) == (20, 10)
    assert QUICK.rate(0.2) == pytest.approx(QUICK.learning_rate)
    assert QUICK.rate(0.0) == 0
    assert QUICK.rate(1.0) == pytest.approx(0, abs=1e-12)
