from __future__ import annotations

from typing import Any

import pytest

from naslib_proxydata.config import TrainConfig, resolve
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.training.recipes import RECIPES
from naslib_proxydata.training.settings import TrainingSettings

LONG = [name for name in RECIPES if not name.endswith("-quick")]


def settings_of(name: str) -> dict[str, Any]:
    config = resolve(TrainConfig, None, {"recipe": name, "random": 1})
    return TrainingSettings.parse(config.training, name).model_dump()


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_a_training_that_can_be_made(name: str) -> None:
    config = resolve(TrainConfig, None, {"recipe": name, "random": 1})
    plugins = load_plugins((), ())
    assert config.space is not None
    space = plugins.create("spaces", config.space)
    settings = TrainingSettings.parse(config.training, name)
    for channels in config.channels or (None,):
        space.resized(channels=channels, cells=config.cells, auxiliary=settings.auxiliary > 0)


def test_every_family_has_a_quick_one() -> None:
    families = {name.split("-imagenet16")[0].removesuffix("-12") for name in LONG}
    assert {f"{name}-quick" for name in families} <= set(RECIPES)


# What the papers and their programs print, read there and not from the recipes.
PRINTED: dict[str, dict[str, Any]] = {
    "nb201": {  # arXiv 2001.00326, table 1
        "epochs": 200,
        "batch_size": 256,
        "learning_rate": 0.1,
        "learning_rate_min": 0.0,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 0.0005,
        "flip": True,
        "padding": 4,
        "schedule": "cosine",
    },
    "nb201-12": {"epochs": 12, "batch_size": 256, "learning_rate": 0.1, "weight_decay": 0.0005},
    "nb101": {  # nasbench/lib/config.py and model_builder.py
        "epochs": 108,
        "batch_size": 256,
        "learning_rate": 0.2,
        "optimizer": "rmsprop",
        "momentum": 0.9,
        "epsilon": 1.0,
        "weight_decay": 1e-4,
        "schedule": "cosine",
        "update": "step",
    },
    "darts-cifar": {  # methods.md F, from the release's cnn/train.py
        "epochs": 600,
        "batch_size": 96,
        "learning_rate": 0.025,
        "weight_decay": 3e-4,
        "cutout": 16,
        "auxiliary": 0.4,
        "drop_path": 0.2,
        "clip": 5.0,
        "nesterov": False,
        "update": "epoch",
    },
    "darts-imagenet": {  # the same, train_imagenet.py
        "epochs": 250,
        "learning_rate": 0.1,
        "schedule": "exponential",
        "decay": 0.97,
        "weight_decay": 3e-5,
        "label_smoothing": 0.1,
        "auxiliary": 0.4,
        "crop_size": 224,
    },
    "less-is-more": {  # methods.md D
        "epochs": 200,
        "batch_size": 256,
        "learning_rate": 0.01,
        "weight_decay": 5e-4,
        "nesterov": True,
    },
    "less-is-more-imagenet16": {"epochs": 400, "learning_rate": 0.1, "weight_decay": 1e-3},
    "nastransfer": {  # methods.md E
        "epochs": 600,
        "learning_rate": 0.025,
        "momentum": 0.9,
        "clip": 5.0,
        "drop_path": 0.0,
        "auxiliary": 0.0,
        "cutout": 0,
    },
    "mobilenet": {  # changlin31/DNA, retraining/run_example.sh: 8 GPUs of 128 images
        "epochs": 500,
        "batch_size": 8 * 128,
        "learning_rate": 0.064,
        "epsilon": 0.001,
        "decay": 0.963,
        "decay_epochs": 3.0,
        "warm_up": 5.0,
    },
}


@pytest.mark.parametrize("name", PRINTED)
def test_recipes_hold_what_is_printed(name: str) -> None:
    found = settings_of(name)
    assert {key: found[key] for key in PRINTED[name]} == PRINTED[name]


def test_sizes_and_seeds_are_the_papers() -> None:
    darts = resolve(TrainConfig, None, {"recipe": "darts-cifar", "random": 1})
    assert (darts.channels, darts.cells) == ((36,), 20)
    less = resolve(TrainConfig, None, {"recipe": "less-is-more", "random": 1})
    assert (less.channels, less.seed, less.cells) == ((16, 32, 64), (777, 888, 999), 5)
    transfer = resolve(TrainConfig, None, {"recipe": "nastransfer", "random": 1})
    assert (transfer.channels, transfer.cells, transfer.seed) == ((36,), 20, (2,))


def test_what_is_said_wins_over_the_recipe_and_an_unknown_one_is_told() -> None:
    given = {"recipe": "darts-cifar", "random": 1, "channels": "8", "training.epochs": 2}
    config = resolve(TrainConfig, None, given, ["training.drop_path=0"])
    assert config.channels == (8,)
    assert (config.training["epochs"], config.training["cutout"]) == (2, 16)
    assert config.training["drop_path"] == 0
    with pytest.raises(ConfigError, match=r"unknown recipe 'darts-cfar'.*darts-cifar"):
        resolve(TrainConfig, None, {"recipe": "darts-cfar", "random": 1})
