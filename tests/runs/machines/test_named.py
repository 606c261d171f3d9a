"""Executors by name: what they are told, and what is said of mistakes before anything is spent."""

from __future__ import annotations

import socket

import pytest

from naslib_proxydata.config import SCHEMAS, LeaderboardConfig, resolve
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.machines import settings
from naslib_proxydata.runs.machines.address import check_answers, host_and_port
from naslib_proxydata.runs.machines.named import EXECUTORS, ExecutorFields, chosen
from naslib_proxydata.runs.start import dump_yaml
from naslib_proxydata.yaml_text import parse_yaml

WITH_EXECUTOR = {"leaderboard", "dps", "experiment", "evolve", "train"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("processes", {"name": "processes"}),
        ("dask:tcp://host:8786", {"name": "dask", "address": "tcp://host:8786"}),
        ("dask:/shared/scheduler.json", {"name": "dask", "address": "/shared/scheduler.json"}),
        ("ray:auto", {"name": "ray", "address": "auto"}),
        ({"name": "slurm", "gpus": 1}, {"name": "slurm", "gpus": 1}),
    ],
)
def test_a_name_with_an_address_or_with_options_is_an_executor(given, expected):
    assert chosen(given).model_dump(exclude_unset=True) == expected


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("dusk", "unknown executor 'dusk'. Did you mean 'dask'?"),
        ("slurm:gpu", "slurm takes nothing after a colon, got 'gpu'; its options are partition"),
        ("dask:host", "expected HOST:PORT or PROTOCOL://HOST:PORT, got 'host'"),
        ("ray:host:99999", "got 'host:99999'"),
        ({"name": "slurm", "partitoin": "gpu"}, "Did you mean 'partition'?"),
        ({"name": "slurm", "scores": 0}, "scores: .*greater than or equal to 1, got 0"),
        ({"partition": "gpu"}, "without an executor's name"),
        (3, "expected a name, or a name with options, got 3"),
    ],
)
def test_mistakes_are_told(given, told):
    with pytest.raises(ConfigError, match=f"executor.*{told.replace('?', '.')}"):
        resolve(LeaderboardConfig, None, {"executor": given})


def test_options_may_follow_one_by_one_and_are_kept_in_the_configuration():
    assignments = ("executor.partition=gpu", "executor.sbatch.qos=long")
    config = resolve(LeaderboardConfig, None, {"executor": "slurm"}, assignments)
    assert (config.executor.partition, config.executor.sbatch) == ("gpu", {"qos": "long"})
    again = resolve(LeaderboardConfig, None, parse_yaml(dump_yaml(config), "a test"))
    assert again.executor == config.executor
    with pytest.raises(ConfigError, match="executor 'processes': unknown key 'partition'"):
        resolve(LeaderboardConfig, None, {}, ("executor.partition=gpu",))


def test_the_commands_that_score_train_and_search_take_one():
    assert {name for name, one in SCHEMAS.items() if issubclass(one, ExecutorFields)} == (
        WITH_EXECUTOR
    )
    for name in WITH_EXECUTOR:
        assert "executor" in SCHEMAS[name].IMMATERIAL


def test_a_time_limit_is_kept_by_processes_alone():
    with pytest.raises(ConfigError, match="kept by executor 'processes' alone, not by 'dask'"):
        resolve(LeaderboardConfig, None, {"executor": "dask", "score_time_limit": 3.0})


@pytest.mark.parametrize("name", [name for name in EXECUTORS if name != "processes"])
def test_the_extra_that_is_missing_is_named(name, monkeypatch):
    monkeypatch.setattr(settings, "find_spec", lambda package: None)
    with pytest.raises(ConfigError, match=rf"pip install 'naslib-proxydata\[{name}\]'"):
        chosen(name).check()


def test_addresses():
    assert host_and_port("tcp://10.0.0.1:8786") == ("10.0.0.1", 8786)
    assert host_and_port("[::1]:80/") == ("::1", 80)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConfigError, match=f"no scheduler answers at 127.0.0.1:{port} .*refused"):
        check_answers(f"127.0.0.1:{port}", "scheduler")


def test_what_does_not_answer_takes_no_longer_than_the_patience(monkeypatch):
    monkeypatch.setattr("naslib_proxydata.runs.machines.address.PATIENCE", 0.1)
    with socket.socket() as full:  # a queue of one that is full lets nobody else in
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = "127.0.0.1", full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        with pytest.raises(ConfigError, match="timed out"):
            check_answers(f"{address[0]}:{address[1]}", "scheduler")
        for one in waiting:
            one.close()
