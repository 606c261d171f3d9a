"""Values of strangers in messages."""

from __future__ import annotations

import time
from typing import Any

import pytest

from naslib_proxydata.errors import shown, unknown_name


@pytest.mark.parametrize(
    "value", ['it\'s "so"', b"a\x00", 12, -2.5, None, True, [1, (2, "a")], {"b": [1]}, {3}, ()]
)
def test_short_values_are_shown_as_python_spells_them(value: Any) -> None:
    assert shown(value) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        "\x1b" * 10_000_000,
        b"\x1b" * 10_000_000,
        ["a" * 10_000_000] * 3,
        [*range(1_000_000)],
        10**1_000_000,  # Python refuses to spell it
    ],
    ids=["text", "bytes", "texts", "numbers", "digits"],
)
def test_long_values_are_cut_before_they_are_spelt(value: Any) -> None:
    start = time.process_time()
    assert len(shown(value)) <= 203
    assert time.process_time() - start < 0.2  # 2 to 6 seconds when spelt whole


def test_a_long_text_is_cut_where_the_screen_would_be_filled() -> None:
    assert shown("ab" * 200) == "'" + ("ab" * 200)[:199] + "..."


def test_known_names_move_no_cursor() -> None:
    message = unknown_name("column", "accuracy", ["architecture", "\x00", "\x1b[2J"])
    assert message.endswith(r"Known: \x00, \x1b[2J, architecture.")
