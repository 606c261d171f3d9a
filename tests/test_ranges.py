"""The ranges of numeric options: of every strategy and pruner, and what is told outside them."""

from __future__ import annotations

import inspect
import math
import re

import numpy as np
import pytest

from naslib_proxydata.errors import ConfigError, PruningError
from naslib_proxydata.plugins.checks import resolve
from naslib_proxydata.ranges import PART, POSITIVE, Range, counted, ranges_of, with_ranges
from naslib_proxydata.runs.setup import load_plugins

PLUGINS = load_plugins((), ())
OPTIONS = [
    pytest.param(kind, name, option, id=f"{name}-{option}")
    for kind in ("strategies", "pruners")
    for name in PLUGINS.names(kind)
    for option, one in inspect.signature(
        resolve(PLUGINS.registration(kind, name).factory, name)
    ).parameters.items()
    if re.search(r"\b(int|float)\b", str(one.annotation))
]


def test_there_are_options_to_look_at() -> None:
    assert len(OPTIONS) > 30


@pytest.mark.parametrize(("kind", "name", "option"), OPTIONS)
def test_every_numeric_option_says_its_range_and_is_refused_outside(
    kind: str, name: str, option: str
) -> None:
    factory = resolve(PLUGINS.registration(kind, name).factory, name)
    allowed = ranges_of(factory)[option]
    outside = [math.nan, math.inf, True]
    if math.isfinite(allowed.low):
        outside += [allowed.low - 1] + ([allowed.low] if allowed.above else [])
    if math.isfinite(allowed.high):
        outside += [allowed.high + 1] + ([allowed.high] if allowed.below else [])
    outside += [1.5] if allowed.whole else []
    for value in outside:
        if allowed.other and value is True:
            continue
        given = [value] if allowed.many else value
        with pytest.raises((ConfigError, PruningError)) as told:
            PLUGINS.create(kind, name, **{option: given})
        assert f"'{name}': option {option} must be " in str(told.value)
        assert str(allowed) in str(told.value)
        assert str(value) in str(told.value)


@pytest.mark.parametrize("name", PLUGINS.names("strategies"))
def test_a_text_is_no_number(name: str) -> None:
    factory = resolve(PLUGINS.registration("strategies", name).factory, name)
    for option in ranges_of(factory):
        with pytest.raises(ConfigError, match=f"option {option} must be .*; got 'much'"):
            PLUGINS.create("strategies", name, **{option: "much"})


def test_ranges_in_words() -> None:
    assert str(POSITIVE) == "a number, above 0"
    assert str(counted(1, 2)) == "a whole number, at least 1 and at most 2"
    assert str(Range(0, 1, below=True, many=True)) == "numbers, each at least 0 and below 1"
    assert str(Range(whole=True)) == "a whole number, any size"


def test_numbers_in_and_out() -> None:
    assert all(value in PART for value in (0, 0.5, np.float64(0.25), np.int64(0)))
    assert not any(value in PART for value in (1, -1e-9, math.nan, "0.5", None, True, [0.5]))
    assert np.int32(3) in counted(1)
    assert 3.0 not in counted(1)
    assert [1, 2] in counted(1, many=True)
    assert 1 not in counted(1, many=True)
    assert [1, 0] not in counted(1, many=True)


def test_none_is_for_options_whose_default_it_is() -> None:
    @with_ranges("thing", a=counted(1), b=counted(1))
    def thing(a: int = 1, *, b: int | None = None) -> tuple[int, int | None]:
        return a, b

    assert thing(2) == (2, None)
    assert thing(b=None) == (1, None)
    with pytest.raises(
        ConfigError, match=r"^thing: option a must be a whole number, at least 1; got None"
    ):
        thing(None)  # type: ignore[arg-type]
