"""Tables and sentences in Markdown keep their meaning whatever is in them."""

from __future__ import annotations

import pytest

from naslib_proxydata.markdown import markdown_table, one_line


def test_a_cell_opens_neither_a_column_nor_a_line():
    table = markdown_table(("a|b", "c\nd"), [("e|f", "g\r\nh")])
    assert table.splitlines() == ["| a\\|b | c d |", "| --- | --- |", "| e\\|f | g h |"]


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\u2028b", "a\x0bb", "a\x85b"])
def test_a_sentence_stays_one(text):
    assert one_line(text) == "a b"


def test_control_characters_are_shown():
    assert one_line("\x1b[2J") == r"\x1b[2J"
