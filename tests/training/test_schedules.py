from __future__ import annotations

import pytest
import torch

from naslib_proxydata.training.schedules import learning_rate
from tests.training.fakes import settings_of


def rates(epochs: int, **given: object) -> list[float]:
    settings = settings_of(epochs=epochs, learning_rate=0.1, **given)
    return [learning_rate(settings, epoch) for epoch in range(epochs)]


def torch_rates(epochs: int, make: object) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = make(optimizer)  # type: ignore[operator]
    found = []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_schedules_are_torchs() -> None:
    from torch.optim import lr_scheduler as theirs

    expected = {
        "cosine": lambda one: theirs.CosineAnnealingLR(one, 20, eta_min=0.01),
        "exponential": lambda one: theirs.StepLR(one, step_size=3, gamma=0.97),
        "step": lambda one: theirs.MultiStepLR(one, [4, 11], gamma=0.97),
        "linear": lambda one: theirs.LinearLR(one, 1.0, 0.1, total_iters=20),
        "constant": lambda one: theirs.ConstantLR(one, 1.0),
    }
    for name, make in expected.items():
        ours = rates(
            20,
            schedule=name,
            decay=0.97,
            decay_epochs=3.0,
            milestones=[4, 11],
            learning_rate_min=0.01,
            update="epoch",
        )
        assert ours == pytest.approx(torch_rates(20, make), rel=1e-6), name


def test_within_an_epoch_only_schedules_by_step_move() -> None:
    by_epoch, by_step = (settings_of(update=one, epochs=4) for one in ("epoch", "step"))
    assert learning_rate(by_epoch, 1.75) == learning_rate(by_epoch, 1.0)
    assert learning_rate(by_step, 1.75) < learning_rate(by_step, 1.0)
    assert learning_rate(by_step, 4.0) == 0


def test_the_warm_up_rises_to_the_whole_rate() -> None:
    by_step = settings_of(epochs=10, warm_up=2.0, learning_rate=0.4)
    assert [learning_rate(by_step, done) for done in (0, 0.5, 1, 2)] == pytest.approx(
        [0, 0.1, 0.2, 0.4]
    )
    by_epoch = settings_of(epochs=10, warm_up=5.0, learning_rate=0.5, update="epoch")
    first = [learning_rate(by_epoch, epoch) for epoch in range(5)]
    assert first == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"warm_up": 3.0}, "warm_up 3 is as long as the training of 3 epochs"),
        ({"resized_crop": (0.5, 0.2)}, "resized_crop must be two shares"),
        ({"momentum": 0.0}, "nesterov needs momentum"),
        ({"learning_rat": 0.1}, "Did you mean 'learning_rate'"),
        ({"batch_size": 1}, "batch_size"),
    ],
)
def test_settings_that_contradict_are_refused(given: dict[str, object], message: str) -> None:
    from naslib_proxydata.errors import ConfigError

    with pytest.raises(ConfigError, match=message):
        settings_of(**given)
