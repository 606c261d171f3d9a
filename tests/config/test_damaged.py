"""Damaged and hostile configurations: a sentence, before anything is spent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.config import SCHEMAS, LeaderboardConfig, resolve
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.settings import RunConfig
from naslib_proxydata.runs.start import dump_yaml
from tests.damage import damaged, many_copies, refused

OPTIONS: dict[str, dict[str, Any]] = {
    "experiment": {"file": "table.yaml", "rows": ["DARTS"], "search": {"cells": 1}},
    "leaderboard": {"predictors": "eproxy,snip", "seed": "1,2", "n": 50},
    "select": {"dataset": "digits", "selector": "random", "fraction": 0.5},
    "search": {"dataset": "digits", "pruner": {"name": "bdp", "period": 2}},
    "evolve": {"predictor": "eproxy:release", "macs_low": 1e6},
    "train": {"space": "nb201", "random": 2, "training": {"epochs": 3}, "channels": "4,8"},
    "dps": {"labels": 20, "shared": {"batch": 4}},
}


def floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from floats(inner)


@pytest.fixture(scope="module", params=sorted(SCHEMAS))
def command(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@many_copies
@given(data=st.data())
def test_configuration_files(data: st.DataObject, tmp_path: Path, command: str) -> None:
    schema: type[RunConfig] = SCHEMAS[command]
    genuine = dump_yaml(resolve(schema, None, OPTIONS[command])).encode()
    path = tmp_path / "config.yaml"
    path.write_bytes(data.draw(damaged(genuine)))
    config = refused(lambda: resolve(schema, path), f"{command} config.yaml")
    if config is not None:
        assert resolve(schema, path) == config
        declared = {name: getattr(config, name) for name in schema.model_fields}
        assert all(
            math.isfinite(value) for value in floats(declared) if not isinstance(value, dict)
        )


ASSIGNMENTS = (
    b"predictors.eproxy.branches=[{features: [net, dot], level: 0.5}]",
    b"n=50",
    b"seed=[1, 2]",
)


@many_copies
@given(data=st.data())
@pytest.mark.parametrize("genuine", ASSIGNMENTS, ids=bytes.decode)
def test_assignments(data: st.DataObject, genuine: bytes) -> None:
    text = data.draw(damaged(genuine)).decode("utf-8", "surrogateescape")
    refused(lambda: resolve(LeaderboardConfig, assignments=[text]), "--set")


VALUES: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 1.5, math.inf, math.nan, "", "a\0b", "x" * 700, "\x1b[2J"),
    *([], [[]], {}, {"a": {"b": {}}}, [None], {"": 1}),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:12])
def test_every_key_with_every_kind_of_value(command: str, value: Any) -> None:
    """Nothing but a validated configuration or a ``ConfigError`` comes of any of them."""
    schema = SCHEMAS[command]
    for key in schema.model_fields:
        refused(lambda key=key: resolve(schema, None, {key: value}), "config value")  # type: ignore[misc]
        refused(lambda key=key: resolve(schema, None, {f"{key}.x": value}), "config value")  # type: ignore[misc]


def test_no_path_holds_a_nul() -> None:
    with pytest.raises(ConfigError, match=r"--set out: .*holds a NUL"):
        resolve(LeaderboardConfig, assignments=['out="a\\0b"'])


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan", "1.0e+999"])
def test_no_setting_is_infinite_or_no_number(value: str) -> None:
    with pytest.raises(ConfigError, match="macs_high"):
        resolve(SCHEMAS["evolve"], assignments=[f"macs_high={value}"])


def test_many_mistakes_are_not_all_told(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("\n".join(f"key{number}: 1" for number in range(500)))
    with pytest.raises(ConfigError, match="and 490 more"):
        resolve(LeaderboardConfig, path)
