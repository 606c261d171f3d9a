"""The report's files: complete, escaped, sorted, with every absent row."""

from __future__ import annotations

import csv
import io
import math

import pytest

from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.leaderboard import report
from naslib_proxydata.leaderboard.columns import MetricColumn
from naslib_proxydata.leaderboard.rank_metrics import BestRank, Ndcg
from naslib_proxydata.leaderboard.report import Absent
from naslib_proxydata.leaderboard.rows import COLUMNS, Row
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.runs.environment import environment

REQUIRED = {
    *("benchmark", "dataset", "metric", "predictor", "seed", "n", "n_failed"),
    *("spearman", "spearman_low", "spearman_high", "kendall", "top10_retrieval"),
    *("seconds_per_architecture", "device", "images", "paper_spearman", "paper_top10"),
}


def row(**changes):
    values = dict.fromkeys(COLUMNS, 0.5) | dict.fromkeys(
        ("benchmark", "dataset", "metric", "predictor", "device", "images", "label", "source"), "x"
    )
    values |= {
        "family": "",
        "note": "",
        "seed": 0,
        "n": 10,
        "n_failed": 0,
        "n_no_signal": 0,
        "paper_top10": math.nan,
    }
    return Row(**{**values, **changes})


def env():
    return environment(LeaderboardConfig(device="cpu", workers=2, seed=(0, 1)), Plugins())


def test_the_environment_says_whether_kernels_were_compiled():
    assert env()["compiled_kernels"] is (lanes() > 0)


def test_csv_has_every_column_and_empty_fields_for_nan():
    text = report.summary_csv([row(source='a "b", c', spearman=1 / 3)])
    (line,) = csv.DictReader(io.StringIO(text))
    assert set(line) >= REQUIRED
    assert line["source"] == 'a "b", c'
    assert float(line["spearman"]) == 1 / 3
    assert line["paper_top10"] == ""


def test_markdown_has_a_table_by_task_the_average_and_what_is_absent():
    rows = [
        row(dataset="one", predictor="good", spearman=0.9, paper_spearman=0.8),
        row(dataset="one", predictor="flat", spearman=math.nan, paper_spearman=math.nan),
        row(dataset="one", predictor="bad", spearman=0.1, paper_spearman=math.nan),
        row(dataset="two", predictor="good", spearman=0.5, paper_spearman=math.nan),
        row(dataset="two", predictor="flat", spearman=0.2, paper_spearman=math.nan),
        row(dataset="two", predictor="bad", spearman=-0.001, paper_spearman=math.nan),
    ]
    absent = [Absent("far", "away", "get | it")]
    text = report.summary_markdown(rows, absent, ["plots/a.png"], env())
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines[:3]] == ["good", "bad", "flat"]
    table = text[text.index("## All tasks") :].splitlines()
    assert "| task | good | bad | flat |" in table
    assert "| x: one | 0.90 (0.80) | 0.10 | – |" in table
    assert "| x: two | 0.50 | 0.00 | 0.20 |" in table
    assert "| average | 0.70 | 0.05 | – |" in table  # of an undefined rho there is no average
    assert "| `far` | 1: away | get \\| it |" in lines
    assert "![plots/a.png](plots/a.png)" in text
    assert "Device: cpu" in text


def test_what_is_absent_of_a_family_has_one_line_there_and_one_in_the_list():
    rows = [
        row(benchmark=name, family=family, predictor="good", spearman=0.5)
        for name, family in (("nds-a", "nds"), ("b", "b"))
    ]
    absent = [
        *(Absent(f"nds-{name}", "cifar10", "unpack it", "nds") for name in "xyz"),
        *(Absent("c", task, "get it") for task in ("one", "two")),
    ]
    (lines, *_) = report.tasks_by_predictor(rows, (), absent).values()
    assert [line[0] for line in lines] == [
        *("task", "nds-a: x", "nds: 3 absent", "b: x", "c: 2 absent", "average of the families")
    ]
    text = report.summary_markdown(rows, absent, [], env())
    assert "| `nds` | 3: nds-x, nds-y, nds-z | unpack it |" in text
    assert "| `c` | 2: one, two | get it |" in text


def test_a_family_of_many_tables_counts_as_much_as_a_family_of_one():
    rows = [
        row(benchmark="b", family="b", predictor="good", spearman=1.0),
        *(
            row(benchmark=f"nds-{place}", family="nds", predictor="good", spearman=rho)
            for place, rho in enumerate((0.1, 0.2, 0.6))
        ),
    ]
    (lines, *_) = report.tasks_by_predictor(rows).values()
    averages = {line[0]: line[1] for line in lines if line[0].startswith("average")}
    assert averages == {"average of nds": "0.30", "average of the families": "0.65"}


def test_a_table_that_measures_noise_is_shown_and_counts_nowhere():
    note = "it measures noise"
    rows = [
        row(benchmark=name, family="nds", predictor=predictor, spearman=rho, note=one)
        for name, one, rhos in (("nds-a", "", (0.5, 0.4)), ("nds-reruns", note, (-1.0, 1.0)))
        for predictor, rho in zip(("good", "bad"), rhos, strict=True)
    ]
    (lines, *_) = report.tasks_by_predictor(rows).values()
    assert [cell.partition(" (")[0] for cell in lines[0]] == ["task", "good", "bad"]
    assert [[cell.partition(" (")[0] for cell in line] for line in lines[1:]] == [
        ["nds-a: x", "0.50", "0.40"],
        ["nds-reruns: x *", "-1.00", "1.00"],
        ["average", "0.50", "0.40"],
    ]
    text = report.summary_markdown(rows, [], [], env())
    assert "In no average (*): nds-reruns: x, since it measures noise." in text


def test_one_task_has_no_table_beside_others():
    assert "All tasks" not in report.summary_markdown([row()], [], [], env())


def test_predictors_are_sorted_by_their_mean_over_seeds():
    rows = [
        row(predictor="a", seed=0, spearman=0.9),
        row(predictor="a", seed=1, spearman=0.1),
        row(predictor="b", seed=0, spearman=0.6),
        row(predictor="b", seed=1, spearman=math.nan),
        row(predictor="c", seed=0, spearman=0.4),
    ]
    found = [(one.predictor, one.seed) for one in report.best_first(rows)]
    assert found == [("a", 0), ("a", 1), ("c", 0), ("b", 0), ("b", 1)]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9423, "0.94"), (12.345, "12"), (123.4, "120"), (0.00123, "0.0012"), (1e-6, "< 0.0001")],
)
def test_seconds_are_plain(value, text):
    assert report.seconds(value) == text
    assert report.seconds(math.nan) == "–"


def test_environment_tells_versions_device_threads_and_seeds():
    found = env()
    assert found["packages"]["torch"].startswith("2.")
    assert found["device_name"]
    assert (found["workers"], found["threads"], found["seeds"]) == (2, 1, [0, 1])
    assert found["plugins"] == {}


def test_every_column_is_explained():
    columns = [
        MetricColumn("b3", BestRank(3), "built in"),
        MetricColumn("ndcg", Ndcg(), "built in"),
    ]
    one = row(metrics={"b3": 1.0, "ndcg": 0.5})
    text = report.summary_markdown([one], [], [], env(), columns)
    _, notes = text.split("## How to read it")
    for told in (
        "seed",
        "n is",
        "Failed",
        "signal",
        "Spearman",
        "Kendall",
        "Top 10 %",
        "s / arch.",
    ):
        assert told in notes
    assert "- b3: The best true rank among the k architectures" in notes
    assert "- nDCG: Normalised discounted cumulative gain." in notes
    assert "- b3" not in report.summary_markdown([row()], [], [], env())
