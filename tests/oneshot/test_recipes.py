"""Recipes: published searches by name, below everything that is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from naslib_proxydata.assemble.search import named_strategy
from naslib_proxydata.config import SearchConfig, resolve
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.duration import check_epochs
from naslib_proxydata.oneshot.recipes import RECIPES
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.plugins import load
from naslib_proxydata.runs.settings import DATA_VARIABLE
from naslib_proxydata.runs.start import dump_yaml


def settings_of(config: SearchConfig) -> SearchSettings:
    strategy = named_strategy(load(), config.strategy)
    settings = SearchSettings.parse(
        {**strategy.published(config.space, config.training), **config.training}, "a recipe"
    )
    check_epochs(strategy, settings)
    return settings


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_a_search_that_can_be_made(name: str) -> None:
    config = resolve(SearchConfig, None, {"recipe": name})
    assert config.recipe == name
    plugins = load()
    assert plugins.offers("supernets", config.space)
    if config.pruner is not None:
        plugins.create("pruners", config.pruner.name, **config.pruner.options)
    settings_of(config)
    assert RECIPES[name].source


# Written down from the papers and the releases' argument lists, not from the table.
PUBLISHED: dict[str, dict[str, Any]] = {
    "nb201": {"epochs": 50, "batch_size": 64, "nesterov": True, "weight_decay": 5e-4},
    "darts": {"epochs": 50, "batch_size": 64, "weights_lr": 0.025, "weight_decay": 3e-4},
    "robustdarts-s3": {"epochs": 50, "batch_size": 64, "weight_decay": 0.0243},
    "pc-darts-cifar": {"batch_size": 256, "weights_lr": 0.1, "architecture_lr": 6e-4},
    "pc-darts-imagenet": {
        "epochs": 50,
        "batch_size": 1024,
        "weights_lr": 0.5,
        "weights_lr_min": 0.0,
        "architecture_lr": 6e-3,
        "architecture_decay": 1e-3,
        "warm_up": 35,
        "weight_decay": 3e-4,
    },
    "p-darts": {"epochs": 75, "batch_size": 96, "architecture_lr": 6e-4},
    "beta-darts": {"epochs": 50},
    "beta-darts-nb201": {"epochs": 100},
    "drnas-nb201": {"epochs": 100, "weights_lr": 0.025, "weights_lr_min": 0.001},
    "enas-nb201": {"epochs": 250, "batch_size": 128, "weights_lr": 0.05},
    "darts-pt-nb201": {"epochs": 125, "batch_size": 64, "weights_lr": 0.025, "nesterov": False},
    "darts-pt": {"epochs": 130, "architecture_lr": 3e-4, "architecture_decay": 1e-3},
    "less-is-more-gdas": {"epochs": 250, "nesterov": True, "weight_decay": 5e-4},
    "bdp-mobilenet": {"epochs": 30, "batch_size": 640},
}


def test_the_data_reduction_study_has_ten_edges() -> None:
    for name in ("less-is-more-darts", "less-is-more-gdas"):
        assert SearchConfig(recipe=name).space == "nb201-five-nodes"


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings(name: str) -> None:
    settings = settings_of(SearchConfig(recipe=name)).model_dump()
    assert {key: settings[key] for key in PUBLISHED[name]} == PUBLISHED[name]


def test_everything_that_is_said_wins(tmp_path: Path) -> None:
    file = tmp_path / "search.yaml"
    file.write_text("recipe: pc-darts-imagenet\ntraining: {batch_size: 32}\nchannels: 4\n")
    config = resolve(SearchConfig, file, {"training.epochs": 40}, ["strategy.partial=4"])
    assert (config.space, config.cells, config.channels) == ("darts", 8, 4)
    assert config.strategy == {"pc-darts": {"partial": 4}}
    assert config.training["warm_up"] == 35
    assert (config.training["batch_size"], config.training["epochs"]) == (32, 40)
    other = resolve(SearchConfig, file, {"recipe": "sgas"}, ["strategy.first=5"])
    assert other.strategy == {"sgas": {"criterion": 2, "first": 5}}
    assert (other.recipe, other.training["batch_size"]) == ("sgas", 32)
    named = resolve(SearchConfig, file, {"recipe": "sgas", "strategy": "gdas"}, ["recipe=darts"])
    assert (named.recipe, named.strategy) == ("darts", {"gdas": {}})


def test_a_program_gets_what_the_command_line_gets_and_the_folder_keeps_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    config = SearchConfig(recipe="bdp-nb201", channels=4)
    assert config == resolve(SearchConfig, None, {"recipe": "bdp-nb201", "channels": 4})
    file = tmp_path / "config.yaml"
    file.write_text(dump_yaml(config))
    assert resolve(SearchConfig, file) == config
    without = resolve(SearchConfig, None, {"recipe": "bdp-nb201"}, ["pruner=null"])
    assert without.pruner is None
    file.write_text(dump_yaml(without))
    assert resolve(SearchConfig, file).pruner is None


def test_an_unknown_recipe_is_told_with_the_closest() -> None:
    for make in (
        lambda: resolve(SearchConfig, None, {"recipe": "pc-dart-cifar"}),
        lambda: SearchConfig.parse({"recipe": "pc-dart-cifar"}, "here"),
    ):
        with pytest.raises(ConfigError, match=r"unknown recipe 'pc-dart-cifar'.*pc-darts-cifar"):
            make()
