"""YAML of anybody's: plain values of bounded size, or a sentence that names the line."""

from __future__ import annotations

import codecs
import datetime
import math
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.yaml_text import parse_yaml, read_yaml_file


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [1.5, true, null, x]\nc: {d: 2024-01-02, e: 'y'}",
        "base: &base {lr: 0.1, epochs: 3}\nsmall: {<<: *base, epochs: 1}\nsame: [*base, *base]",
        "a: 1e999\nb: .inf\nc: 1e-3\nd: 0x1F\ne: 0\nf: 08\ng: '017'\nh: 0.5",
        "",
        "# nothing",
    ],
)
def test_values_are_those_of_pyyaml(text: str) -> None:
    assert parse_yaml(text, "a.yaml") == yaml.safe_load(text)


def laughs(levels: int, merge: bool = False) -> str:
    lines = ["a0: &a0 {x: 1}" if merge else "a0: &a0 [lol, lol]"]
    for level in range(1, levels):
        below = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} " + ("{<<: [%s]}" if merge else "[%s]") % below)
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (laughs(12), "larger than 500,000 values.*line"),
        (laughs(12, merge=True), "larger than 500,000 values.*line"),
        ("a: &a [*a]", "holds itself"),
        ("a: &a {b: {c: *a}}", "holds itself"),
        ("n: " + "[" * 60 + "]" * 60, "deeper than 50"),
        ("n: " + "[" * 2000, "deeper than 50"),
        ("- " * 3000 + "x", "deeper than 50"),
        ("n: 5\nseed: 1\nn: 6", "'n' stands twice.*line 3"),
        ("a: {b: 1, 'b': 2}", "'b' stands twice"),
        ("d: 2024-13-45", "month must be in 1.*line 1"),
        ("n: " + "9" * 5000, "more than 400 characters must be quoted"),
        ("n: " + "1" + ":10" * 100_000, "more than 400 characters"),
        ("n: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("n: 1\nsize: 010", "'010' is another number to YAML.*line 2"),  # 8
        ("time: 1:30", "'1:30' is another number"),  # 90
        ("rate: -0_17", "'-0_17' is another number"),
        ("rate: 1:30.5", "'1:30.5' is another number"),
        ("n: !!int x", "invalid literal"),
        ("n: !!float {}", "expected a scalar node"),
        ("n: !!timestamp x", "cannot be read as timestamp.*line 1"),
        ("n: !!bool x", "cannot be read as bool"),
        ("? [a, b]\n: c", "unhashable"),
        ("a: b: c", "mapping values are not allowed"),
        ("a: \0", "special characters are not allowed"),
        ("a: *b", "undefined alias"),
        ('a: "b\\0c"', "holds a NUL.*line 1"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("%YAML 9.9\n---\na: 1", "incompatible"),
        ("a: \x1b[2J", "special characters are not allowed"),
    ],
    ids=range(29),
)
def test_what_is_refused_says_where(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s)a\.yaml is not YAML: .*{message}") as caught:
        parse_yaml(text, "a.yaml")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "content", [b"n: \xc3\xa4", codecs.BOM_UTF8 + b"n: \xc3\xa4", "n: ä".encode("utf-16")]
)
def test_encodings(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    assert read_yaml_file(tmp_path / "a.yaml") == {"n": "ä"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"n: \xff", "expected text"),
        (codecs.BOM_UTF16_LE + b"a", "expected text"),
        (b"\x1f\x8b\x08", "expected text"),
        (b"#" * (2**18 + 1), "larger than the 0.25 MiB"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_yaml_file(tmp_path / "a.yaml")


def test_pipes_and_devices_are_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    for path in (tmp_path / "a.yaml", Path("/dev/zero")):
        with pytest.raises(ConfigError, match=r"it is a (pipe|device)"):
            read_yaml_file(path)


def test_dates_and_infinity_stay_values_for_whoever_checks_them() -> None:
    found: Any = parse_yaml("a: 2024-01-02\nb: .inf", "a.yaml")
    assert found == {"a": datetime.date(2024, 1, 2), "b": math.inf}
