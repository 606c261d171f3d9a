"""Damaged copies of presets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.eproxy.config import resolve
from naslib_proxydata.predictors.eproxy.presets import SHIPPED, FittedProxy
from tests.damage import damaged, many_copies, refused


@many_copies
@given(data=st.data())
def test_presets(data: st.DataObject, tmp_path: Path) -> None:
    genuine = (SHIPPED / "nb201-cifar10.yaml").read_bytes()
    path = tmp_path / "mine.yaml"
    path.write_bytes(data.draw(damaged(genuine)))
    config = refused(lambda: resolve({"preset": str(path)}, "nb201"), "preset")
    assert config is None or 0 < config.learning_rate < float("inf")


@pytest.mark.parametrize(
    "name", ["x" * 620, "a\0b", "/dev/zero", "/tmp", "~nobody-at-all/x", "\x1b[2J"]
)
def test_names_that_are_no_files(name: str) -> None:
    with pytest.raises(Exception, match=r"no (preset|home|path)") as caught:
        resolve({"preset": name}, "nb201")
    assert str(caught.value).isprintable()


def test_equal_scores_have_a_fitness_of_nan() -> None:
    assert FittedProxy.parse({"fitness": float("nan"), "options": {}}, "here").fitness != 0


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_no_option_is_infinite(value: float) -> None:
    with pytest.raises(ConfigError, match="learning_rate"):
        resolve({"learning_rate": value}, "nb201")
