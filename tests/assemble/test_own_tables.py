"""A CSV of the user's own in every command: a latency made from the counts of NAS-Bench-201."""

from __future__ import annotations

import csv
import itertools
import json

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

import naslib_proxydata as proxydata
from naslib_proxydata.assemble.dps import run_dps
from naslib_proxydata.assemble.evolve import run_evolve
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.cli.main import group
from naslib_proxydata.config import DpsConfig, EvolveConfig, LeaderboardConfig, resolve
from naslib_proxydata.errors import ConfigError, RunFolderError, TableError
from naslib_proxydata.spaces.nb201.cell import OPERATIONS, Cell
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.assemble.test_dps import SMALL

SPACE = NasBench201()
CELLS = [
    Cell(ops) for ops in itertools.islice(itertools.product(OPERATIONS, repeat=6), 0, None, 97)
]
"""Every 97th cell, 162 of them."""
OWN = {"space": "nb201", "lower_is_better": "latency", "images": "noise"}


def latency(cell):
    return round(SPACE.macs(cell) / 1e6 + 0.5, 3)


def write(path, cells=CELLS, latency=latency):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", "latency", "robustness"])
        for place, cell in enumerate(cells):
            writer.writerow([SPACE.text(cell), latency(cell), "" if place % 9 == 0 else place])


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "phone.csv"
    write(path)
    return f"csv:{path}"


def board(source, out, **options):
    values = {**OWN, "benchmark": source, "dataset": "latency", "n": 40, "out": out}
    values |= {"predictors": "macs", **options}
    return run_leaderboard(resolve(LeaderboardConfig, None, values))


def test_a_leaderboard_ranks_against_a_column(source, tmp_path, few_figures):
    found = board(source, tmp_path / "run", metrics="ndcg,best-rank")
    rows = {row.predictor: row for row in found.rows}
    assert rows["macs"].spearman == pytest.approx(-1)  # the fewest are the fastest
    assert rows["macs"].metrics["best-rank"] > 20
    assert {(row.benchmark, row.dataset, row.metric, row.cells, row.n) for row in found.rows} == {
        ("csv:phone", "latency", "lower_is_better", "all", 40)
    }
    assert np.isnan(rows["macs"].paper_spearman)
    report = (found.folder / "summary.md").read_text()
    assert "phone.csv, lower_is_better, all cells, read from" in report
    with (found.folder / "summary.csv").open(encoding="utf-8") as file:
        assert {line["cells"] for line in csv.DictReader(file)} == {"all"}
    turned = board(source, tmp_path / "other", lower_is_better=None)
    assert {row.predictor: row for row in turned.rows}["macs"].spearman == pytest.approx(1)


def test_a_value_that_is_absent_is_not_ranked(source, tmp_path, few_figures):
    found = board(source, tmp_path / "run", dataset="robustness", lower_is_better=None, n="all")
    assert {row.n for row in found.rows} == {len(CELLS) - len(CELLS[::9])}


def test_both_columns_are_ranked_beside_each_other_and_drawn(source, tmp_path):
    found = board(source, tmp_path / "run", dataset="latency,robustness")
    assert [row.dataset for row in found.rows[:2]] == ["latency", "robustness"]
    names = {path.name for path in (found.folder / "plots").iterdir()}
    assert {"spearman_csv-phone_latency.png", "cost_csv-phone_robustness.png"} <= names


def test_few_labels_are_drawn_from_it(source, tmp_path, few_figures):
    found = board(source, tmp_path / "run", labels=20, draws=3, n="all")
    rows = {row.predictor: row for row in found.rows}
    assert rows["few-label-structure"].spearman > 0.6  # learns that fewer operations are faster
    assert rows["few-label-structure"].labels == 20


def test_evolve_finds_the_fastest_and_reports_it_in_its_own_unit(source, tmp_path):
    values = {**OWN, "benchmark": source, "dataset": "latency", "queries": 30, "optimizer": "re"}
    values |= {"out": tmp_path / "run"}
    values["optimizer"] = {"name": "re", "population": 6, "sample": 3}
    found = run_evolve(resolve(EvolveConfig, None, values))
    measured = [latency(SPACE.parse(query.architecture)) for query in found.history]
    assert [query.value for query in found.history] == measured
    assert [query.best for query in found.history] == list(itertools.accumulate(measured, min))
    assert found.best.value == min(measured)
    assert ("latency", "lower_is_better", min(measured)) in found.measured
    result = json.loads((found.folder / "result.json").read_text())
    assert result["best"]["value"] == min(measured)
    assert (result["benchmark"], result["metric"]) == ("csv:phone", "lower_is_better")
    lines = (found.folder / "history.csv").read_text().splitlines()
    assert [float(line.split(",")[5]) for line in lines[1:]] == measured


def test_a_front_trades_the_lowest_latency_against_macs(source, tmp_path):
    values = {**OWN, "benchmark": source, "dataset": "latency", "queries": 20}
    values |= {"out": tmp_path / "run", "optimizer": {"name": "nsga2", "population": 8}}
    found = run_evolve(resolve(EvolveConfig, None, values))
    assert [query.architecture for query in found.front] == [found.best.architecture]
    assert found.front[0].value > 0


def test_dps_takes_its_labels_from_it(source, tmp_path):
    values = {**SMALL, **OWN, "benchmark": source, "dataset": "latency", "labels": 5, "cycles": 3}
    found = run_dps(resolve(DpsConfig, None, {**values, "out": tmp_path / "run"}))
    preset = yaml.safe_load(found.preset.read_text())["provenance"]
    assert preset["benchmark"] == "csv:phone"
    assert (preset["dataset"], preset["metric"]) == ("latency", "lower_is_better")
    assert len(preset["labelled"]) == 5


def test_a_file_that_has_changed_is_noticed(source, tmp_path, few_figures):
    out = tmp_path / "run"
    assert board(source, out).computed > 0
    assert board(source, out).computed == 0
    write(tmp_path / "phone.csv", latency=lambda cell: latency(cell) + len(SPACE.text(cell)))
    with pytest.raises(RunFolderError, match="table_sha256"):
        board(source, out)
    with pytest.raises(ConfigError, match=r"phone.csv has changed since this configuration"):
        run_leaderboard(resolve(LeaderboardConfig, out / "config.yaml"))
    write(tmp_path / "phone.csv")
    assert run_leaderboard(resolve(LeaderboardConfig, out / "config.yaml")).computed == 0


def test_a_run_goes_on_from_another_folder(source, tmp_path, few_figures, monkeypatch):
    monkeypatch.chdir(tmp_path)
    board("csv:phone.csv", tmp_path / "run")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert board("csv:../phone.csv", tmp_path / "run").computed == 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dataset": "latenc"}, TableError, r"unknown column 'latenc'.*Did you mean 'latency'"),
        ({"dataset": None}, TableError, "say with --dataset which one"),
        ({"space": None}, ConfigError, "does not say of which search space"),
        ({"space": "nb101"}, TableError, "line 2: not an architecture of 'nb101'"),
        ({"lower_is_better": "latensy"}, ConfigError, "Did you mean 'latency'"),
        ({"cells": "cleen"}, ConfigError, r"unknown cells 'cleen'.*Did you mean 'clean'"),
        ({"metric": "accuracy"}, TableError, "unknown metric 'accuracy'"),
        ({"suite": "csv:a.csv", "lower_is_better": None}, ConfigError, "as a benchmark"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything(source, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        board(source, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_two_files_of_one_name_are_refused(source, tmp_path):
    (tmp_path / "b").mkdir()
    write(tmp_path / "b" / "phone.csv")
    with pytest.raises(ConfigError, match="two benchmarks are called 'csv:phone'"):
        board([source, f"csv:{tmp_path / 'b' / 'phone.csv'}"], tmp_path / "run")


def test_labels_come_from_one_place(source):
    with pytest.raises(ConfigError, match="not from both"):
        resolve(DpsConfig, None, {"benchmark": source, "label_table": "a.csv", "space": "nb201"})
    with pytest.raises(ConfigError, match="belong together"):
        resolve(DpsConfig, None, {"benchmark": source})


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("leaderboard", ["--predictors", "params", "--n", "20"]),
        ("evolve", ["--queries", "5"]),
        (
            "dps",
            [
                *("--labels", "4", "--cycles", "2", "--images", "noise", "--set", "population=2"),
                *("--set", "tournament=2", "--set", "keep=1", "--set", "image_size=8"),
                *("--set", "shared.batch=2", "--set", "shared.iterations=2"),
            ],
        ),
    ],
)
def test_the_command_line_takes_it(source, tmp_path, few_figures, command, more):
    arguments = ["--benchmark", source, "--space", "nb201", "--dataset", "latency"]
    arguments += ["--lower-is-better", "latency", "--cells", "clean", "--out", str(tmp_path / "o")]
    done = CliRunner().invoke(group, [command, *arguments, *more])
    assert done.exit_code == 0, done.output
    refused = CliRunner().invoke(group, [command, *arguments, *more, "--dataset", "x"])
    assert isinstance(refused.exception, TableError)  # which the program tells in a line
    assert "unknown column 'x'" in str(refused.exception)


def test_the_terminal_shows_names_as_they_are(tmp_path, few_figures):
    file = tmp_path / "three.csv"
    file.write_text(
        "architecture,latency [ms],b\n"
        + "".join(
            f"{SPACE.text(cell)},{latency(cell)},{place}\n" for place, cell in enumerate(CELLS[:9])
        )
    )
    arguments = ["--benchmark", f"csv:{file}", "--space", "nb201", "--predictors", "params"]
    for columns in ("latency [ms]", "latency [ms],b"):
        out = str(tmp_path / str(len(columns)))
        done = CliRunner().invoke(
            group, ["leaderboard", *arguments, "--dataset", columns, "--out", out]
        )
        assert "csv:three: latency [ms]" in done.output


def test_only_cells_of_the_subset_count(source, tmp_path, few_figures):
    clean = {SPACE.text(cell) for cell in CELLS if SPACE.subsets()["clean"].holds(cell)}
    found = board(source, tmp_path / "run", cells="clean", n="all")
    assert {(row.n, row.cells) for row in found.rows} == {(len(clean), "clean")}
    values = {**OWN, "benchmark": source, "dataset": "latency", "queries": 25, "cells": "clean"}
    values |= {"out": tmp_path / "evolve", "optimizer": "random"}
    history = run_evolve(resolve(EvolveConfig, None, values)).history
    assert {query.architecture for query in history} <= clean
    values = {**SMALL, **OWN, "benchmark": source, "dataset": "latency", "labels": 5, "cycles": 2}
    values |= {"cells": "clean", "out": tmp_path / "dps"}
    preset = run_dps(resolve(DpsConfig, None, values)).preset
    assert set(yaml.safe_load(preset.read_text())["provenance"]["labelled"]) <= clean


def test_what_a_space_of_a_suite_has_no_subset_for_is_absent(shared_data, tmp_path, few_figures):
    values = {"suite": "transnas-micro:jigsaw,transnas-macro:jigsaw", "cells": "clean", "n": 10}
    values |= {"predictors": "params", "images": "noise", "data_root": shared_data}
    found = run_leaderboard(resolve(LeaderboardConfig, None, {**values, "out": tmp_path / "run"}))
    assert {(row.benchmark, row.cells) for row in found.rows} == {("transnas-micro", "clean")}
    (gap,) = found.absent
    assert gap.benchmark == "transnas-macro"
    assert "unknown cells 'clean' in search space 'transnas-macro'" in gap.reason


def test_all_cells_are_what_was_meant_before(source, tmp_path, few_figures):
    before = board(source, tmp_path / "run")
    assert board(source, tmp_path / "run", cells="all").computed == 0
    config = yaml.safe_load((before.folder / "config.yaml").read_text())
    assert config["cells"] is None


def test_nb201_has_9445_clean_cells_of_either_metric(shared_data, few_figures):
    found = proxydata.rank(
        predictors="params",
        n="all",
        cells="clean",
        metric="test_accuracy",
        data_root=shared_data,
        images="noise",
    )
    assert {(row.n, row.cells, row.metric) for row in found.rows} == {
        (9445, "clean", "test_accuracy")
    }


def test_what_is_named_twice_is_ranked_once(source, tmp_path, few_figures, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = board([source, "csv:./phone.csv"], tmp_path / "run", dataset=["latency", "latency"])
    assert [row.predictor for row in found.rows] == ["macs", "random", "params"]


def test_one_column_may_be_named_without_a_list(source):
    table = proxydata.table(source, space="nb201", lower_is_better="latency")
    assert table.columns()["latency"] == ("lower_is_better",)
