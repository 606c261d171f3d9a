"""A training small enough for tests: a colour to be told, by a cell or by a few linear maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.training.examples import Examples, held_out, whole
from naslib_proxydata.training.learner import Learner
from naslib_proxydata.training.loop import Training
from naslib_proxydata.training.settings import TrainingSettings
from tests.oneshot.fakes import CLASSES, coloured

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"
TRICKS = {
    "drop_path": 0.2,
    "auxiliary": 0.4,
    "cutout": 8,
    "average": 0.9,
    "label_smoothing": 0.1,
    "clip": 5.0,
    "warm_up": 1.0,
}


class Plain(nn.Module):
    """A network without batch statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Linear(3, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.maps(images.mean((2, 3)).tanh())
        return logits


def plain_network() -> Plain:
    network = Plain()
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=torch_generator(3)))
    return network


def settings_of(**given: Any) -> TrainingSettings:
    return TrainingSettings.parse(
        {"epochs": 3, "batch_size": 16, "learning_rate": 0.05, "padding": 1, **given}, "a test"
    )


def network_of(settings: TrainingSettings) -> nn.Module:
    """Return a small network of the space that can do what the settings ask for."""
    generator = torch_generator(settings.seed, "network")
    if settings.auxiliary or settings.drop_path:
        space = Darts(width=4, depth=3).resized(auxiliary=settings.auxiliary > 0)
        genotype = space.sample(np.random.default_rng(1))
        return space.network(genotype, generator, num_classes=CLASSES)
    nb201 = NasBench201(4, 1)
    return nb201.network(nb201.parse(CELL), generator, num_classes=CLASSES)


def training_of(
    folder: Path | None = None,
    *,
    network: nn.Module | None = None,
    count: int = 64,
    size: int = 8,
    test: bool = True,
    **given: Any,
) -> Training:
    settings = settings_of(**given)
    training, validation = held_out(whole(coloured(count, size)), 0.25, seed=0)
    examples = Examples(training, validation, whole(coloured(24, size, seed=1)) if test else None)
    made = network_of(settings) if network is None else network
    return Training(Learner(made, settings), examples, {"name": "test"}, folder)


def weights_of(training: Training) -> dict[str, Tensor]:
    state = training.learner.state_dict()
    return {
        **state["network"],
        **{f"average {name}": one for name, one in state["average"].items()},
    }
