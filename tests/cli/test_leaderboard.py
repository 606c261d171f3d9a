"""What a leaderboard prints."""

from __future__ import annotations

from naslib_proxydata.cli.leaderboard import _fitting


def test_a_table_that_is_too_wide_is_printed_in_parts_with_the_names_of_its_lines():
    lines = [
        ("task", "eproxy", "synflow", "naswot"),
        ("nb101: cifar10", "0.65 (0.65)", "0.37", "–"),
    ]
    wide = 16 + 13 + 9 + 8
    assert list(_fitting(lines, wide)) == [lines]
    assert list(_fitting(lines, wide - 1)) == [
        [("task", "eproxy", "synflow"), ("nb101: cifar10", "0.65 (0.65)", "0.37")],
        [("task", "naswot"), ("nb101: cifar10", "–")],
    ]
    assert [part[0][1:] for part in _fitting(lines, 5)] == [("eproxy",), ("synflow",), ("naswot",)]
