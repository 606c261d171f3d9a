"""What a leaderboard leaves in its folder, read back: rows, architectures, long tables."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.leaderboard import report
from naslib_proxydata.leaderboard.architectures import architectures_csv, read_architectures
from naslib_proxydata.leaderboard.long_form import long_csv, long_results
from naslib_proxydata.leaderboard.page import best_architectures
from naslib_proxydata.leaderboard.parquet import check_parquet, write_parquet
from naslib_proxydata.leaderboard.rows import Evaluation
from naslib_proxydata.leaderboard.stored import read_rows
from naslib_proxydata.pages.table import MOST_LINES
from tests.leaderboard.test_report import row


def test_rows_are_read_back_as_they_were(tmp_path):
    texts = {"cells": "clean", "sources": "nb101"}
    drawn = {"draws": 2, "labels": 5, **texts}
    rows = [
        row(predictor='a,"b"', spearman=math.nan, metrics={"ndcg": 0.25}, **drawn),
        row(predictor="<b>", seed=3, metrics={"ndcg": math.nan}, draws=0, labels=0, **texts),
    ]
    (tmp_path / "summary.csv").write_text(report.summary_csv(rows))
    found = read_rows(tmp_path / "summary.csv")
    assert list(map(repr, found)) == list(map(repr, rows))


def test_rows_of_an_earlier_version_lack_what_it_did_not_write(tmp_path):
    (tmp_path / "summary.csv").write_text("predictor,spearman,n\nold,0.5,100\n")
    (found,) = read_rows(tmp_path / "summary.csv")
    assert (found.predictor, found.spearman, found.n) == ("old", 0.5, 100)
    assert math.isnan(found.kendall)
    assert math.isnan(found.top10_low)
    assert (found.benchmark, found.seed, found.cells) == ("", 0, "all")


def test_a_damaged_table_is_told_with_its_path(tmp_path):
    path = tmp_path / "summary.csv"
    for content in (b"a,b\n1\n", b'a\n"1', b"a\n\xff\n"):
        path.write_bytes(content)
        with pytest.raises(RunFolderError, match=r"cannot read .*summary.csv: .*; run the command"):
            read_rows(path)


def evaluations() -> list[Evaluation]:
    values = np.array([1.0, 2.5])
    texts = ["x,1", "<y>"]
    return [
        Evaluation(np.array([0.1, math.nan]), values, row(predictor="value", seed=1), texts),
        Evaluation(np.array([-math.inf, 1 / 3]), values, row(predictor="b", seed=1), texts),
        Evaluation(np.array([5.0, 6.0]), values, row(predictor="b", seed=2), texts),
    ]


def test_architectures_are_read_back_as_they_were_scored(tmp_path):
    path = tmp_path / "architectures.csv"
    path.write_text(architectures_csv(evaluations()))
    found = list(read_architectures(path))
    assert [(one.seed, one.architecture, one.value) for one in found] == [
        (1, "x,1", 1.0),
        (1, "<y>", 2.5),
        (2, "x,1", 1.0),
        (2, "<y>", 2.5),
    ]
    assert found[0].task == "x: x"
    assert found[0].scores == {"value": 0.1, "b": -math.inf}  # a predictor may be called "value"
    assert math.isnan(found[1].scores["value"])
    assert found[1].scores["b"] == 1 / 3
    assert math.isnan(found[3].scores["value"])


def test_the_best_architectures_are_kept_and_all_are_counted(tmp_path):
    path = tmp_path / "architectures.csv"
    values = np.arange(MOST_LINES + 50.0)
    texts = [str(place) for place in range(len(values))]
    path.write_text(architectures_csv([Evaluation(values, values, row(), texts)]))
    found, count = best_architectures(read_architectures(path))
    assert count == MOST_LINES + 50
    assert len(found) == MOST_LINES
    assert found[0].value == MOST_LINES + 49
    assert min(one.value for one in found) == 50


def test_a_long_table_has_a_line_for_each_number_that_is_defined():
    rows = [row(predictor="p", seed=1, spearman=0.125, kendall=math.nan, metrics={"ndcg": 0.5})]
    lines = list(csv.DictReader(io.StringIO(long_csv(long_results(rows)))))
    assert [(one["metric"], one["value"]) for one in lines] == [
        ("spearman", "0.125"),
        ("top10_retrieval", "0.5"),
        ("seconds_per_architecture", "0.5"),
        ("ndcg", "0.5"),
    ]
    assert {(one["method"], one["task"], one["seed"]) for one in lines} == {("p", "x/x", "1")}


def test_a_parquet_file_holds_the_same_lines(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    results = long_results([row(predictor="<p>", seed=7, spearman=1 / 3)])
    check_parquet()
    write_parquet(tmp_path / "results.parquet", results)
    read = parquet.read_table(tmp_path / "results.parquet")
    assert read.to_pylist() == [one._asdict() for one in results]
    assert list(map(str, read.schema.types)) == ["string", "string", "int64", "string", "double"]
