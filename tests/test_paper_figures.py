"""Verdicts on the paper's figures: the rule, and that no figure of the paper is lost."""

from __future__ import annotations

import csv
import math
import sys

import pytest

from naslib_proxydata.leaderboard.published import published_file
from tests.test_leaderboard_scores import load

script = load("paper_figures")

HEAD = (
    *("benchmark", "dataset", "predictor", "n", "spearman", "spearman_low", "spearman_high"),
    *("top10_retrieval", "top10_low", "top10_high"),
)


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Run the script on leaderboards of these rows, and return its tables by name."""

    def made(*rows, **others):
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        for name, lines in {"leaderboard_x": [HEAD, *rows], **others}.items():
            with (data / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(lines)
        monkeypatch.setattr(sys, "argv", ["paper_figures.py", "--results", str(tmp_path)])
        script.main()
        names = ("", "_counts", "_not_tried")
        return {name: script.read_csv(data / f"paper_figures{name}.csv") for name in names}

    return made


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.60, 0.70, "reproduced"),
        (0.65, 0.70, "reproduced"),
        (0.66, 0.90, "not reproduced"),
        (0.10, 0.64, "not reproduced"),
        (math.nan, math.nan, "no interval"),
    ],
)
def test_a_figure_is_reproduced_where_it_lies_in_our_interval(low, high, said):
    assert script.verdict(0.65, low, high) == said


def test_rows_hold_the_papers_value_in_the_unit_of_ours(made):
    # Eproxy on NAS-Bench-101: rho .65 and 31 %; on the macro space, where the paper's row belongs,
    # jigsaw has .17 and 33 %.
    rows = made(
        ("nb101", "cifar10", "eproxy", 100, 0.5, 0.3, 0.66, 0.2, 0.0, 0.3),
        ("transnas-macro", "jigsaw", "eproxy", 150, 0.5, 0.3, 0.6, 0.4, 0.2, 0.5),
        ("transnas-micro", "jigsaw", "eproxy", 150, 0.5, 0.3, 0.6, 0.4, 0.2, 0.5),
        ("nb101", "cifar10", "macs", 100, 0.5, 0.3, 0.6, 0.2, 0.0, 0.3),
        ("nb201", "cifar10", "eproxy", 100, 0.5, 0.3, 0.6, 0.2, 0.0, 0.3),
    )[""]
    found = {(row["benchmark"], row["metric"]): row for row in rows}
    assert {key: (row["published"], row["verdict"]) for key, row in found.items()} == {
        ("nb101", "Spearman"): ("0.65", "reproduced"),
        ("nb101", "top 10 %"): ("0.31", "not reproduced"),
        ("transnas-macro", "Spearman"): ("0.17", "not reproduced"),
        ("transnas-macro", "top 10 %"): ("0.33", "reproduced"),
    }


def test_every_figure_of_the_paper_is_measured_or_said_not_to_be(made):
    """Printed figures, those the text does not let one read, and six groups of plots."""
    tables = published_file()["tables"]
    printed = sum(
        value is not None for table in tables for row in table["rows"].values() for value in row
    )
    illegible = sum(
        value is None
        for table in tables
        if table["table"] == 3
        for row in table["rows"].values()
        for value in row
    )
    made_of = made(
        ("nb101", "cifar10", "eproxy", 100, 0.5, 0.3, 0.66, 0.2, 0.0, 0.3),
        queries_nb201=[
            ("dataset", "search", "runs", "mean", "low", "high"),
            ("cifar10", "random search", 20, 2573, 1843, 3303),
            ("cifar10", "evolution on few-label-structure", 20, 48, 38, 57),
        ],
        eproxy_table1=[
            (
                *("images", "barrier", "learning_rate", "iterations", "seed", "n"),
                *("spearman", "spearman_low", "spearman_high"),
            ),
            (16, "w/", 0.1, 10, 0, 30, 0.5, 0.4, 0.6),  # .46 in the paper
            (16, "w/", 0.1, 10, 1, 30, 0.5, 0.47, 0.6),
            (4, "w/", 0.1, 10, 0, 30, 0.5, 0.4, 0.6),  # fewer images than another run
            (4, "w/o", 0.01, 200, 0, 30, 0.5, 0.4, 0.7),  # .66
            (4, "w/o", 0.01, 200, 1, 30, 0.5, 0.4, 0.7),
            (4, "w/o", 0.01, 50, 0, 30, 0.5, 0.4, 0.7),  # not in the paper
        ],
    )
    not_tried = sum(int(row["figures"]) for row in made_of["_not_tried"])
    measured = {
        (row["table"], row["benchmark"], row["method"].partition(", seed")[0], row["metric"])
        for row in made_of[""]
    }
    assert len(measured) == 2 + 1 + 2
    assert len(measured) + not_tried == printed + illegible + len(script.FIGURES)
    verdicts = [row["verdict"] for row in made_of[""] if row["table"] == "1"]
    assert verdicts == ["reproduced", "not reproduced", "reproduced", "reproduced"]
    (queries,) = [row for row in made_of[""] if row["table"] == "7"]
    assert (queries["published"], queries["verdict"]) == ("7782.1", "not reproduced")


def test_counts_add_up_by_table_and_method(made):
    tables = made(
        *(
            ("nasbench-mr", task, "synflow", 50, 0.3, 0.2, 0.4, 0.1, "", "")
            for task in ("seg", "cls-10c", "cls-50-1000")  # rho .43, .21 and .25
        )
    )
    counts = {row["metric"]: row for row in tables["_counts"]}
    assert counts["Spearman"]["measured"] == "3"
    assert counts["Spearman"]["reproduced"] == "2"
    assert counts["top 10 %"]["without_interval"] == "3"
