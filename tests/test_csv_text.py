"""Lines of CSV."""

from __future__ import annotations

import csv
import math

from naslib_proxydata.csv_text import csv_text


def test_what_is_written_is_read_back():
    lines = [("a, b", 0.1 + 0.2, None), ('say "x"', math.nan, -math.inf), ("two\nlines", 3, True)]
    text = csv_text(("name", "value", "more"), lines)
    assert list(csv.reader(text.splitlines(keepends=True))) == [
        ["name", "value", "more"],
        ["a, b", "0.30000000000000004", ""],
        ['say "x"', "", "-inf"],
        ["two\nlines", "3", "True"],
    ]
    assert "\r" not in text
