"""The tables of the documentation are those of its data files, and are rendered as written."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", ROOT / "benchmarks" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


render = load()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "some.csv").write_text(
        "task,name,rho,top,seconds\n"
        "b,x,0.5,0.53,1e-05\n"
        "b,y,-0.25,1,\n"
        "a,x,0.75,0.47,2\n"
        "a,y,0.25,0,3\n",
        encoding="utf-8",
    )
    (tmp_path / "some.json").write_text('{"on": "a machine", "gone": ["p", "q"], "n": 30001}')
    return tmp_path


@pytest.mark.parametrize("page", render.pages(), ids=lambda page: page.name)
def test_a_page_shows_its_data(page: Path) -> None:
    shown = page.read_text(encoding="utf-8")
    assert shown == render.rendered(page), "run python benchmarks/render.py"


@pytest.mark.parametrize("page", sorted(RESULTS.glob("*.md")), ids=lambda page: page.name)
def test_no_table_of_results_is_written_by_hand(page: Path) -> None:
    outside = render.BLOCK.sub("", page.read_text(encoding="utf-8"))
    assert not re.findall(r"^\|.*", outside, re.MULTILINE)


def test_every_data_file_is_shown() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in render.pages())
    shown = set(re.findall(r"^file: (\S+)", text, re.MULTILINE))
    named = set(re.findall(r"`(?:docs/results/data/)?(scores_[\w.-]+)`", text))  # too long to show
    there = {path.name for path in (RESULTS / "data").iterdir()}
    assert there - named == shown


def test_columns_are_chosen_and_formatted(data: Path) -> None:
    spec = {
        "file": "some.csv",
        "where": {"task": ["b"]},
        "columns": {"who": "`{name}`", "rho": "{rho:.1f} s", "top": "{top:.0p}", "t": "{seconds}"},
    }
    assert render.block(spec, data).splitlines() == [
        "| who | rho | top | t |",
        "| --- | --- | --- | --- |",
        "| `x` | 0.5 s | 53 % | 1e-05 |",
        "| `y` | -0.2 s | 100 % |  |",
    ]


def test_rows_are_left_out_and_sorted(data: Path) -> None:
    spec = {"file": "some.csv", "without": {"name": "x"}, "sort": ["-rho"]}
    columns = {"columns": {"task": "{task}"}}
    assert render.block(spec | columns, data).splitlines()[2:] == ["| a |", "| b |"]
    spec = {"file": "some.csv", "sort": ["task", "-rho"], "columns": {"both": "{task}{name}"}}
    assert render.block(spec, data).splitlines()[2:] == ["| bx |", "| by |", "| ax |", "| ay |"]


def test_a_column_goes_across_with_the_mean(data: Path) -> None:
    spec = {"file": "some.csv", "down": "name", "across": "task", "mean": "average"}
    assert render.block({**spec, "cell": "{rho:.3f} / {top:.0p}"}, data).splitlines() == [
        "| name | b | a | average |",
        "| --- | --- | --- | --- |",
        "| `x` | 0.500 / 53 % | 0.750 / 47 % | 0.625 / 50 % |",
        "| `y` | -0.250 / 100 % | 0.250 / 0 % | 0.000 / 50 % |",
    ]


def test_a_table_ends_with_the_means_of_its_full_columns(data: Path) -> None:
    with (data / "some.csv").open("a", encoding="utf-8") as file:
        file.write("b,z,1,1,1\n")
    spec = {"file": "some.csv", "down": "task", "across": "name", "means": "average"}
    assert render.block({**spec, "cell": "{rho:.3f}{seconds:(.1f)}"}, data).splitlines() == [
        "| task | x | y | z |",
        "| --- | --- | --- | --- |",
        "| `b` | 0.500 (0.0) | -0.250 | 1.000 (1.0) |",
        "| `a` | 0.750 (2.0) | 0.250 (3.0) |  |",
        "| average | 0.625 (1.0) | 0.000 |  |",  # y's seconds lack one, and z is not of all tasks
    ]


def test_a_share_in_brackets_is_in_percent(data: Path) -> None:
    spec = {"file": "some.csv", "where": {"task": "b", "name": "x"}}
    columns = {"columns": {"both": "{rho}{top:(.0p)}"}}
    assert render.block(spec | columns, data).splitlines()[2:] == ["| 0.5 (53 %) |"]


def test_a_text_takes_its_facts_from_json(data: Path) -> None:
    spec = {"file": "some.json", "text": "On {on}: {n:,}, without {gone}."}
    assert render.block(spec, data) == "On a machine: 30,001, without `p`, `q`."


def test_what_is_not_there_is_told(data: Path) -> None:
    with pytest.raises(ValueError, match="no row for where"):
        render.block({"file": "some.csv", "where": {"task": "c"}, "columns": {}}, data)
    with pytest.raises(KeyError, match="tau"):
        render.block({"file": "some.csv", "columns": {"tau": "{tau}"}}, data)


def test_a_bar_does_not_end_a_cell(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("cell\n|conv~0|\n", encoding="utf-8")
    spec = {"file": "cells.csv", "columns": {"cell": "{cell}"}}
    assert render.block(spec, tmp_path).splitlines()[2] == "| \\|conv~0\\| |"
