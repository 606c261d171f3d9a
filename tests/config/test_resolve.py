"""Configurations: precedence, spelling mistakes, and back from YAML as they were."""

from __future__ import annotations

import pytest
from pydantic import Field

from naslib_proxydata.config import (
    SCHEMAS,
    EvolveConfig,
    LeaderboardConfig,
    SearchConfig,
    SelectConfig,
    resolve,
)
from naslib_proxydata.config.resolve import read_yaml
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.settings import DATA_VARIABLE, RunConfig
from naslib_proxydata.runs.start import dump_yaml
from naslib_proxydata.schema import Settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("n: 50\nseed: 3\npredictors: [snip, {eproxy: {barrier: true, rate: 1.2}}]\n")
    return path


def test_set_wins_over_options_over_file_over_defaults(file):
    options = {"n": "60", "workers": 2, "images": None}
    config = resolve(LeaderboardConfig, file, options, ["n=70", "predictors.eproxy.barrier=false"])
    assert (config.n, config.seed, config.workers, config.images) == (70, (3,), 2, "photos")
    assert config.predictors == {"snip": {}, "eproxy": {"barrier": False, "rate": 1.2}}
    assert resolve(LeaderboardConfig, file, options).n == 60
    assert resolve(LeaderboardConfig, file).n == 50
    assert resolve(LeaderboardConfig).n == 100


def test_the_environment_names_the_data_unless_something_else_does(monkeypatch, file, tmp_path):
    monkeypatch.setenv(DATA_VARIABLE, "/from/environment")
    assert str(resolve(LeaderboardConfig, file).data_root) == "/from/environment"
    assert str(resolve(LeaderboardConfig, file, {"data_root": "/o"}).data_root) == "/o"
    file.write_text("data_root: /from/file")
    assert str(resolve(LeaderboardConfig, file).data_root) == "/from/file"


def test_set_changes_one_option_of_the_default_predictors():
    default = resolve(LeaderboardConfig)
    changed = resolve(LeaderboardConfig, assignments=["predictors.eproxy.barrier=false"])
    assert changed.predictors == {**default.predictors, "eproxy": {"barrier": False}}
    assert resolve(LeaderboardConfig) == default


def test_names_may_be_a_text_a_list_or_a_mapping():
    for given in ("a, b", ["a", "b"], {"a": None, "b": {}}):
        assert resolve(LeaderboardConfig, None, {"predictors": given}).predictors == {
            "a": {},
            "b": {},
        }
    assert resolve(LeaderboardConfig, None, {"seed": "0,1,2"}).seed == (0, 1, 2)
    assert resolve(LeaderboardConfig, None, {"n": "all"}).n == "all"


def test_a_configuration_comes_back_from_yaml(tmp_path):
    options = {"predictors": "a,b", "seed": "1,2", "data_root": "/d", "plugin": ["x.py"]}
    config = resolve(LeaderboardConfig, None, options, ["predictors.a.deep.er=[1, 2.5]"])
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(config))
    assert resolve(LeaderboardConfig, path) == config


@pytest.mark.parametrize(
    ("options", "assignments", "message"),
    [
        ({"predictor": "a"}, [], r"unknown key 'predictor'.*Did you mean 'predictors'"),
        ({}, ["wrokers=2"], r"unknown key 'wrokers'.*Did you mean 'workers'"),
        ({"n": "many"}, [], "n.*many"),
        ({"n": 1}, [], "greater than or equal to 2"),
        ({"workers": 0}, [], "workers"),
        ({"seed": "a"}, [], "seed.*valid integer"),
        ({"seed": []}, [], "seed"),
        ({"predictors": "a,a"}, [], "'a' stands twice"),
        ({"predictors": "a,a"}, ["predictors.a.x=1"], "'a' stands twice"),
        ({"predictors": 1.5}, [], "predictors"),
        ({"predictors": {"a": 3}}, [], "predictors.a"),
        ({}, ["n"], "--set takes key=value"),
        ({}, ["=3"], "--set takes key=value"),
        ({}, ["n=[1"], "is not YAML"),
        ({}, ["seed.x=1"], "seed"),
        ({"predictors": {"a": {"b": 1}}}, ["predictors.a.b.c=1"], "'b' has a value already"),
    ],
)
def test_mistakes_are_named_with_their_place(options, assignments, message):
    with pytest.raises(ConfigError, match=message):
        resolve(LeaderboardConfig, None, options, assignments)


@pytest.mark.parametrize(
    ("text", "message"),
    [("n: [", "is not YAML"), ("[1]", "must hold keys"), ("1: 2", "must hold keys")],
)
def test_files_that_are_no_configuration_are_told(tmp_path, text, message):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_yaml(path)
    with pytest.raises(ConfigError, match="no file"):
        read_yaml(tmp_path / "nowhere.yaml")


def test_an_empty_file_is_all_defaults(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("# nothing\n")
    assert resolve(LeaderboardConfig, path) == resolve(LeaderboardConfig)


def test_the_name_of_the_file_stands_in_the_message(file):
    file.write_text("nn: 3")
    with pytest.raises(ConfigError, match=r"run\.yaml: unknown key 'nn'"):
        resolve(LeaderboardConfig, file)


def test_other_commands_may_bring_schemas_of_their_own():
    class Own(Settings):
        size: int = Field(1)

    assert resolve(Own, assignments=["size=3"]).size == 3


def test_set_gives_options_to_what_is_named():
    assert resolve(SearchConfig, None, {"pruner": "bdp"}, ["pruner.period=3"]).pruner.options == {
        "period": 3
    }
    config = resolve(EvolveConfig, assignments=["optimizer.population=7"])
    assert (config.optimizer.name, config.optimizer.options) == ("re", {"population": 7})
    predictor = resolve(EvolveConfig, None, {"predictor": "eproxy:nb201-cifar10"}).predictor
    assert (predictor.name, predictor.options) == ("eproxy", {"preset": "nb201-cifar10"})
    assert resolve(SearchConfig, None, {"strategy": "a+b"}, ["strategy.b.x=1"]).strategy == {
        "a": {},
        "b": {"x": 1},
    }


def test_nested_options_of_the_command_line_find_their_place():
    options = {"training.epochs": 4, "training.batch_size": None}
    config = resolve(SearchConfig, None, options, ["training.weights_lr=0.1"])
    assert config.training == {"epochs": 4, "weights_lr": 0.1}


@pytest.mark.parametrize("command", SCHEMAS)
def test_every_command_shares_the_settings_of_a_run(command, tmp_path):
    schema = SCHEMAS[command]
    assert issubclass(schema, RunConfig)
    options = {"threads": 2, "workers": 3, "no_plugin": "x", "out": str(tmp_path / "run")}
    if command == "select":
        options["size"] = 5
    config = resolve(schema, None, options)
    assert (config.threads, config.workers, config.no_plugin) == (2, 3, ("x",))
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(config))
    assert resolve(schema, path) == config


@pytest.mark.parametrize(
    ("schema", "options", "message"),
    [
        (SearchConfig, {"training": {"epcohs": 2}}, r"training.*'epcohs'.*Did you mean 'epochs'"),
        (SearchConfig, {"training": {"seed": 2}}, "seed is a key of the run"),
        (SearchConfig, {"strategy": ""}, "strategy"),
        (SelectConfig, {}, "give either size or fraction"),
        (SelectConfig, {"size": 3, "fraction": 0.5}, "give either size or fraction"),
        (SelectConfig, {"size": 3, "out": "a/b.npz"}, r"out is a run folder.*a/b/selection\.npz"),
        (EvolveConfig, {"labels": 5}, "name one"),
        (EvolveConfig, {"macs_low": 9, "macs_high": 1}, "macs_low 9 is above macs_high 1"),
        (EvolveConfig, {"threads": 0}, "threads"),
        (LeaderboardConfig, {"lower_is_better": "a", "label_table": "b"}, "label_table count as"),
        (
            EvolveConfig,
            {"lower_is_better": "a", "label_table": "b", "predictor": "few-label-structure"},
            "label_table count as higher is better",
        ),
    ],
)
def test_mistakes_of_the_commands_are_told(schema, options, message):
    with pytest.raises(ConfigError, match=message):
        resolve(schema, None, options)


def test_an_option_of_the_only_strategy_needs_no_name():
    config = resolve(SearchConfig, None, {"strategy": "sgas"}, ["strategy.criterion=1"])
    assert config.strategy == {"sgas": {"criterion": 1}}
    both = ["strategy.sgas.first=4", "strategy.every=2"]
    config = resolve(SearchConfig, None, {"strategy": "sgas"}, both)
    assert config.strategy == {"sgas": {"first": 4, "every": 2}}
    assert resolve(SearchConfig, None, {}, ["strategy.order=2"]).strategy == {"darts": {"order": 2}}
    listed = resolve(SearchConfig, None, {"strategy": "p-darts"}, ["strategy.kept=[3, 2]"])
    assert listed.strategy == {"p-darts": {"kept": [3, 2]}}


def test_an_option_of_several_strategies_says_of_which():
    with pytest.raises(ConfigError, match=r"strategy.sgas.first or strategy.beta-darts.first"):
        resolve(SearchConfig, None, {"strategy": "sgas+beta-darts"}, ["strategy.first=4"])
    config = resolve(
        SearchConfig, None, {"strategy": "sgas+beta-darts"}, ["strategy.beta-darts.slope=1"]
    )
    assert config.strategy == {"sgas": {}, "beta-darts": {"slope": 1}}
