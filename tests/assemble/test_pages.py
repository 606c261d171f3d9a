"""The pages of run folders: of each command, of earlier versions, of strangers, and of several."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from naslib_proxydata.assemble.pages import REPORT, page_of
from naslib_proxydata.assemble.report import make_report
from naslib_proxydata.assemble.select import run_select
from naslib_proxydata.config import SelectConfig
from naslib_proxydata.errors import ConfigError, RunFolderError
from naslib_proxydata.pages.page import page_html
from naslib_proxydata.pages.table import MOST_LINES
from tests.pages.test_pages import Reader

HOSTILE = "<script>alert(1)</script>"


def text_of(path: Path) -> str:
    return Reader(path.read_text(encoding="utf-8")).text


@pytest.fixture
def board(board_of, tmp_path):
    """A run folder of the fake benchmark, with two predictors and two seeds."""
    board_of(predictors={"counted": {}, "random": {}}, n=40, seed=[0, 1])
    return tmp_path / "run"


def test_a_leaderboard_writes_its_page_and_its_tables(board):
    text = text_of(board / REPORT)
    for part in ("Leaderboard", "numbers: one", "counted", "Architectures", "80 lines", "Settings"):
        assert part in text, part
    rows = list(csv.DictReader((board / "results_long.csv").open()))
    assert {one["method"] for one in rows} >= {"counted", "random"}
    assert {one["task"] for one in rows} == {"numbers/one"}
    assert len(list(csv.DictReader((board / "architectures.csv").open()))) == 80


def test_what_is_absent_is_on_the_page(board):
    (board / "absent.csv").write_text(f"benchmark,dataset,reason,family\nnb9,,{HOSTILE},\n")
    page = page_html(page_of(board))
    assert "Absent" in page
    assert HOSTILE not in page
    assert HOSTILE in Reader(page).text


def test_an_earlier_versions_folder_has_a_page_of_what_it_holds(board):
    for name in ("architectures.csv", "absent.csv", "env.json", "summary.md", "results_long.csv"):
        (board / name).unlink()
    shutil.rmtree(board / "plots", ignore_errors=True)
    lines = list(csv.DictReader((board / "summary.csv").open()))
    with (board / "summary.csv").open("w") as file:
        writer = csv.DictWriter(file, ("predictor", "benchmark", "dataset", "spearman", "n"))
        writer.writeheader()
        writer.writerows({key: line[key] for key in writer.fieldnames} for line in lines)
    report = make_report([board])
    text = text_of(report.page)
    assert "earlier versions did not write" in text
    assert "counted" in text
    assert report.comparisons == ()
    assert "holds no architectures.csv" in report.notes[0]


def test_hostile_names_in_every_file_of_a_folder_stay_text(board):
    for name in ("summary.csv", "architectures.csv"):
        path = board / name
        path.write_text(path.read_text().replace("counted", HOSTILE).replace("random", "'&<b>"))
    (board / "config.yaml").write_text(f"n: 40\nout: '{HOSTILE}'\n")
    (board / "env.json").write_text(json.dumps({"device": HOSTILE, "packages": {HOSTILE: "1"}}))
    page = make_report([board]).page
    assert HOSTILE not in page.read_text()
    read = Reader(page.read_text())
    assert read.count("script") == 1
    assert read.text.count(HOSTILE) > 5


def test_many_architectures_are_cut_to_the_best_and_the_file_is_named(board):
    path = board / "architectures.csv"
    header, first, *_ = path.read_text().splitlines()
    cells = first.split(",")
    lines = [",".join([*cells[:4], f"cell-{n}", str(n), *cells[6:]]) for n in range(20_000)]
    path.write_text("\n".join([header, *lines]) + "\n")
    page = page_html(page_of(board))
    assert len(page) < 1_500_000
    text = Reader(page).text
    assert f"The {MOST_LINES:,} best by measured value of 20,000 are shown" in text
    assert "architectures.csv in the run folder has all" in text
    assert "cell-19999" in text
    assert "cell-18999" not in text


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda path: None, "is no folder, so it is no run folder"),
        (lambda path: path.mkdir(), r"holds no config.yaml, so it is no run folder; give what"),
        (
            lambda path: (path.mkdir(), (path / "config.yaml").write_text("n: 3\n")),
            "holds a configuration and no results yet",
        ),
        (
            lambda path: (
                path.mkdir(),
                (path / "config.yaml").write_text("n: 3\n"),
                (path / "summary.csv").write_bytes(b"a,b\n1\n"),
            ),
            "cannot read .*summary.csv: expected 2 fields, got 1; run the command",
        ),
        (
            lambda path: (path.mkdir(), (path / "config.yaml").write_text("a: [\n")),
            "config.yaml",
        ),
        (
            lambda path: (
                path.mkdir(),
                (path / "config.yaml").write_text("n: 3\n"),
                (path / "summary.csv").write_text("predictor\n"),
                (path / "env.json").write_text("{"),
            ),
            "env.json",
        ),
    ],
)
def test_what_is_no_run_folder_is_told(tmp_path, made, message):
    made(tmp_path / "run")
    with pytest.raises(RunFolderError, match=message):
        make_report([tmp_path / "run"])
    assert not (tmp_path / "run" / REPORT).exists()


def test_one_leaderboard_is_told_which_differences_are_significant(board):
    report = make_report([board])
    assert report.page == board / REPORT
    (found,) = report.comparisons
    assert found.seeds == 2
    differences = report.differences()
    assert {one["higher"] for one in differences} >= {"counted"}
    text = text_of(report.page)
    assert "Differences" in text
    assert re.search(r"\d of \d+ pairs differ significantly, on \d+ architectures of 2 seeds", text)


def test_several_leaderboards_are_compared_on_a_page_of_their_own(board, tmp_path, monkeypatch):
    other = tmp_path / "other"
    shutil.copytree(board, other)
    config = other / "config.yaml"
    config.write_text(config.read_text().replace("images: noise", "images: digits"))
    monkeypatch.chdir(tmp_path)
    before = (board / REPORT).read_bytes()
    report = make_report([board, other], long=tmp_path / "long.csv")
    assert report.page == Path("comparison.html")
    text = text_of(report.page)
    for part in ("2 runs: run, other.", "setting that differs", "noise", "digits", "Differences"):
        assert part in text, part
    assert (board / REPORT).read_bytes() == before
    methods = {one["method"] for one in csv.DictReader((tmp_path / "long.csv").open())}
    assert {"counted (run)", "counted (other)"} <= methods


def test_runs_of_one_name_are_told_apart_by_their_paths(board, tmp_path):
    other = tmp_path / "elsewhere" / "run"
    shutil.copytree(board, other)
    report = make_report([board, other], out=tmp_path / "page.html")
    assert {run for run, _ in report.rows} == {str(board), str(other)}


def test_what_does_not_go_together_is_refused_before_anything_is_written(board, tmp_path):
    run_select(SelectConfig.parse({"size": 10, "out": tmp_path / "chosen"}, "test"))
    assert "Selection from digits" in text_of(tmp_path / "chosen" / REPORT)
    out = tmp_path / "page.html"
    with pytest.raises(ConfigError, match="is of 'select'; give it alone"):
        make_report([board, tmp_path / "chosen"], out)
    with pytest.raises(ConfigError, match="named twice"):
        make_report([board, tmp_path / "run" / ".." / "run"], out)
    with pytest.raises(ConfigError, match=r"is a \.csv or a \.parquet file, got"):
        make_report([board], out, tmp_path / "long.txt")
    with pytest.raises(ConfigError, match="written as one long table"):
        make_report([tmp_path / "chosen"], out, tmp_path / "long.csv")
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_told(board, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match="cannot write in"):
        make_report([board], tmp_path / "file" / "page.html")
