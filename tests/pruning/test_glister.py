from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import SearchInfo
from naslib_proxydata.pruning.glister import GlisterPruner, glister_choice, output_errors, softmax

CLASSES = 3
COUNT = 60
TARGETS = np.arange(COUNT) % CLASSES


def random_probabilities(count: int, seed: int) -> NDArray[np.float64]:
    return softmax(np.random.default_rng(seed).normal(size=(count, CLASSES)) * 2)


def held_out_loss(
    logits: torch.Tensor, bias: torch.Tensor, targets: NDArray[np.int64]
) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits + bias, torch.from_numpy(targets))


def slow_choice(
    probabilities: NDArray[np.float64],
    targets: NDArray[np.int64],
    held_out: NDArray[np.float64],
    held_out_targets: NDArray[np.int64],
    size: int,
    step: float,
) -> list[int]:
    """Naive greedy by autograd: one example at a time, bias moved by -step times its gradient."""
    logits = torch.from_numpy(held_out).log()
    bias = torch.zeros(CLASSES, dtype=torch.float64)
    gradients = []
    for one, target in zip(probabilities, targets, strict=True):
        own = torch.zeros(CLASSES, dtype=torch.float64, requires_grad=True)
        loss = torch.nn.functional.cross_entropy(
            torch.from_numpy(one).log()[None] + own, torch.tensor([target])
        )
        gradients.append(torch.autograd.grad(loss, own)[0])
    chosen: list[int] = []
    for _ in range(size):
        moving = bias.clone().requires_grad_()
        gradient = torch.autograd.grad(held_out_loss(logits, moving, held_out_targets), moving)[0]
        gains = [
            -np.inf if place in chosen else float(one @ gradient)
            for place, one in enumerate(gradients)
        ]
        chosen.append(int(np.argmax(gains)))
        bias = bias - step * gradients[chosen[-1]]
    return sorted(chosen)


@pytest.mark.parametrize("seed", range(5))
def test_one_example_a_round_is_naive_greedy_by_autograd(seed: int) -> None:
    train, held_out = random_probabilities(COUNT, seed), random_probabilities(30, seed + 100)
    targets, held_out_targets = TARGETS, np.arange(30) % CLASSES
    expected = slow_choice(train, targets, held_out, held_out_targets, 12, 0.3)
    chosen = glister_choice(
        output_errors(train, targets), held_out, held_out_targets, 12, 0.3, rounds=12
    )
    assert chosen.tolist() == expected


def test_it_lowers_the_held_out_loss_more_than_chance() -> None:
    train = random_probabilities(COUNT, 1)
    held_out = random_probabilities(40, 2)
    held_out_targets = np.zeros(40, dtype=np.int64)  # only the first class is asked for
    errors = output_errors(train, TARGETS)
    chosen = glister_choice(errors, held_out, held_out_targets, 10, 0.05, rounds=5)

    def loss_after(places: NDArray[np.int64]) -> float:
        bias = torch.from_numpy(-0.05 * errors[places].sum(0))
        return float(held_out_loss(torch.from_numpy(held_out).log(), bias, held_out_targets))

    generator = np.random.default_rng(3)
    chance = [loss_after(generator.choice(COUNT, 10, replace=False)) for _ in range(200)]
    assert loss_after(chosen) < min(chance)


@pytest.mark.parametrize(("size", "rounds"), [(1, 15), (7, 3), (15, 15), (16, 15), (60, 15)])
def test_as_many_are_chosen_as_asked_for(size: int, rounds: int) -> None:
    chosen = glister_choice(
        output_errors(random_probabilities(COUNT, 0), TARGETS),
        random_probabilities(9, 1),
        np.arange(9) % CLASSES,
        size,
        0.1,
        rounds,
    )
    assert len(np.unique(chosen)) == len(chosen) == size


INFO = SearchInfo(
    "toy", "toy", 10, {"weights": 40, "architecture": 20}, TARGETS, {"weights_lr": 0.1}
)
ACTIVE = {"weights": np.arange(40), "architecture": np.arange(40, COUNT)}


def predictions(epoch: int, calls: list[int]) -> Callable[[NDArray[np.int64]], torch.Tensor]:
    def predict(indices: NDArray[np.int64]) -> torch.Tensor:
        calls.append(len(indices))
        return torch.from_numpy(random_probabilities(COUNT, epoch)[indices]).float()

    return predict


def chosen_in(
    pruner: GlisterPruner, epoch: int, calls: list[int]
) -> Mapping[str, NDArray[np.int64]]:
    answer = pruner.weigh_examples(epoch, ACTIVE, predictions(epoch, calls))
    assert all((one.weights == 1).all() for one in answer.values())
    return {level: one.indices for level, one in answer.items()}


def test_a_choice_holds_for_some_epochs_and_is_then_made_anew() -> None:
    pruner, calls = GlisterPruner(0.25, every=3), []
    pruner.search_started(INFO)
    by_epoch = [chosen_in(pruner, epoch, calls) for epoch in range(1, 5)]
    assert calls == [40, 20, 40, 20], "a pass over both levels for each choice"
    assert [len(by_epoch[0][level]) for level in ("weights", "architecture")] == [10, 5]
    assert by_epoch[0]["weights"].tolist() == by_epoch[2]["weights"].tolist()
    assert by_epoch[2]["weights"].tolist() != by_epoch[3]["weights"].tolist()
    assert set(by_epoch[0]["architecture"]) <= set(ACTIVE["architecture"])


def test_it_goes_on_from_a_checkpoint() -> None:
    before, after = GlisterPruner(0.25, every=3), GlisterPruner(0.25, every=3)
    before.search_started(INFO)
    first = chosen_in(before, 1, [])
    after.search_started(INFO)
    after.load_state_dict(before.state_dict(), torch.zeros(1))
    calls: list[int] = []
    assert chosen_in(after, 2, calls)["weights"].tolist() == first["weights"].tolist()
    assert calls == []


@pytest.mark.parametrize("options", [{"fraction": 0}, {"every": 0}, {"rounds": 0}, {"step": 0.0}])
def test_wrong_numbers_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(PruningError, match=f"option {next(iter(options))} must be "):
        GlisterPruner(**options)  # type: ignore[arg-type]
