from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch

from naslib_proxydata.data.loader import Batch
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Choices
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.enas import Controller, Reinforce, enas
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import acting, coloured, make_learner, random_batch

CHOICES = {
    "normal": Choices(((0, 1), (0, 2)), (("a", "b", "c"),) * 2),
    "reduce": Choices(((0, 1),), (("a", "b"),)),
}


def log_probability(controller: Controller, columns: dict[str, list[int]]) -> torch.Tensor:
    """Log-probability of given choices, one LSTM step after another."""
    last, state, total = torch.tensor([3]), None, torch.zeros(())
    for kind, chosen in columns.items():
        for column in chosen:
            output, state = controller.lstm(controller.embedding(last)[None], state)
            logits = 2.5 * torch.tanh(controller.heads[kind](output[0, 0]) / 5.0)
            total = total + logits[column] - torch.logsumexp(logits, 0)
            last = torch.tensor([column])
    return total


def test_what_is_drawn_has_the_probability_that_is_told() -> None:
    controller = Controller(CHOICES, torch_generator(0))
    with torch.no_grad():
        for head in controller.heads.values():
            head.bias.mul_(60)
    generator, counts = torch_generator(1), {}
    for _ in range(600):
        columns, told, entropy = controller.draw(generator)
        key = (*columns["normal"], *columns["reduce"])
        counts[key] = counts.get(key, 0) + 1
        torch.testing.assert_close(told, log_probability(controller, columns))
        assert 0 < entropy <= 2 * math.log(3) + math.log(2) + 1e-6
    every = [(a, b, c) for a in range(3) for b in range(3) for c in range(2)]
    for a, b, c in every:
        p = log_probability(controller, {"normal": [a, b], "reduce": [c]}).exp().item()
        sigma = math.sqrt(p * (1 - p) / 600)
        assert abs(counts.get((a, b, c), 0) / 600 - p) < 4.5 * sigma


def test_the_gradient_is_reinforce_s() -> None:
    learner = make_learner(enas())
    controller = learner.architecture.policy
    controller.baseline.fill_(0.3)
    batch, moment = random_batch(16, 0), Moment(1, 3, torch_generator(5))
    (loss,), last = Reinforce(cells=1).losses(learner, iter([batch]), moment)
    (ours,) = torch.autograd.grad(loss, controller.lstm.weight_hh_l0)

    again = Moment(1, 3, torch_generator(5))
    columns, told, entropy = controller.draw(again.generator)
    _, logits = learner.loss(batch, controller.as_mixtures(columns, again))
    accuracy = (logits.argmax(1) == batch.labels).float().mean()
    reward = accuracy + 1e-4 * entropy.detach()
    baseline = 0.99 * 0.3 + 0.01 * reward
    expected = torch.autograd.grad(-told * (reward - baseline), controller.lstm.weight_hh_l0)[0]
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(last, baseline)
    torch.testing.assert_close(controller.baseline, torch.tensor(0.3))
    mixture = controller.as_mixtures(columns, again)["cell"]
    assert mixture.active == tuple((column,) for column in columns["cell"])


def test_the_baseline_moves_once_a_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: two cells a step, two steps a phase, a half in the place of .99, no entropy."""
    rewards = iter([0.4, 0.2, 0.6, 0.8, 0.6, 0.2, 1.0, 0.4])
    reinforce = Reinforce(steps=2, cells=2, decay=0.5, entropy_weight=0.0)
    monkeypatch.setattr(Reinforce, "accuracy", lambda *_: torch.tensor(next(rewards)))
    learner = make_learner(enas())
    controller, seen = learner.architecture.policy, []
    plain = Reinforce.baseline

    def spied(*given: torch.Tensor) -> torch.Tensor:
        seen.append(round(float(plain(*given)), 6))
        return plain(*given)

    monkeypatch.setattr(Reinforce, "baseline", spied)
    assert controller.baseline.isnan()
    batches, after = [random_batch(16, 0)], []
    for epoch in (1, 2):
        reinforce.run(learner, batches, Moment(epoch, 2, torch_generator(epoch)))
        after.append(round(float(controller.baseline), 6))
    assert seen == [0.4, 0.2, 0.6, 0.8, 0.7, 0.5, 0.9, 0.6]
    assert after == [0.8, 0.6]


def test_the_controller_learns_to_draw_what_is_rewarded() -> None:
    learner = make_learner(enas(), architecture_lr=0.02)
    controller = learner.architecture.policy
    controller.baseline.zero_()

    def share(columns: dict[str, list[int]]) -> float:
        return sum(column == 3 for column in columns["cell"]) / 6

    generator = torch_generator(0)
    optimizer = learner.architecture_optimizer
    for _ in range(150):
        columns, told, _ = controller.draw(generator)
        controller.baseline.lerp_(torch.tensor(share(columns)), 0.1)
        optimizer.zero_grad()
        (-told * (share(columns) - float(controller.baseline))).backward()
        optimizer.step()
    drawn = [share(controller.draw(generator)[0]) for _ in range(40)]
    assert sum(drawn) / 40 > 0.6
    assert controller.strengths()["cell"][:, 3].mean() > 0.6


def test_a_search_repeats_itself_and_ends_with_a_picked_cell() -> None:
    def run() -> tuple[str, torch.Tensor]:
        learner = make_learner(enas(picks=5, steps=2, cells=3), batch_size=16, epochs=2)
        cell = Search(coloured(48), learner, acting(), "nb201").run().cell
        return cell, learner.architecture.policy.lstm.weight_ih_l0.detach()

    (first, weights), (second, others) = run(), run()
    assert first == second
    assert torch.equal(weights, others)


@pytest.mark.parametrize("seed", [0, 1])
def test_initial_weights_come_from_the_generator(seed: int) -> None:
    one, same = (Controller(CHOICES, torch_generator(seed)) for _ in range(2))
    other = Controller(CHOICES, torch_generator(seed + 5))
    flat = [torch.cat([p.flatten() for p in c.parameters()]) for c in (one, same, other)]
    assert torch.equal(flat[0], flat[1])
    assert not torch.equal(flat[0], flat[2])
    assert flat[0].abs().max() <= 0.1


def test_a_phase_is_steps_of_adam_on_means_over_cells() -> None:
    def controller_after(steps: int, cells: int) -> tuple[torch.Tensor, int]:
        learner = make_learner(enas())
        assert learner.architecture_optimizer.defaults["eps"] == 1e-3
        assert learner.architecture_optimizer.defaults["betas"] == (0.0, 0.999)
        seen = []

        def batches() -> Iterator[Batch]:
            while True:
                seen.append(learner.supernet.training)
                yield random_batch(16, len(seen))

        before = [weight.clone() for weight in learner.weights]
        moment = Moment(1, 3, torch_generator(5))
        Reinforce(steps=steps, cells=cells).run(learner, batches(), moment)
        assert not any(seen), "the shared network is in eval mode while cells are judged"
        assert learner.supernet.training
        for weight, old in zip(learner.weights, before, strict=True):
            assert torch.equal(weight, old)
        return learner.architecture.policy.lstm.weight_hh_l0.detach(), len(seen)

    ours, count = controller_after(2, 3)
    assert count == 6
    learner = make_learner(enas())
    controller, generator, number = learner.architecture.policy, torch_generator(5), 0
    optimizer = torch.optim.Adam(controller.parameters(), lr=1e-3, betas=(0.0, 0.999), eps=1e-3)
    learner.supernet.eval()
    for _ in range(2):
        losses = []
        for _ in range(3):
            number += 1
            moment = Moment(1, 3, generator)
            losses += Reinforce(cells=1).losses(learner, iter([random_batch(16, number)]), moment)[
                0
            ]
        optimizer.zero_grad()
        (sum(losses) / 3).backward()
        torch.nn.utils.clip_grad_norm_(controller.parameters(), 5.0)
        optimizer.step()
    torch.testing.assert_close(ours, controller.lstm.weight_hh_l0.detach())


def test_the_published_settings() -> None:
    strategy = enas()
    assert strategy.phase == Reinforce(steps=50, cells=20, clip=5.0)
    assert strategy.settings["nesterov"]
    assert strategy.settings["weight_decay"] == 2.5e-4
