"""The lines of an experiment's table, by hand-computed values."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from naslib_proxydata.assemble.outcomes import (
    Outcome,
    csv_text,
    share_of_full,
    statistic,
    summarised,
)
from naslib_proxydata.config.experiment import Column


def test_statistics_are_the_sample_s():
    found = statistic([54.30, 90.25, None, 70.92])
    assert (found.n, found.lacking, found.best) == (3, 1, 90.25)
    assert found.mean == pytest.approx(71.8233333)
    assert found.sd == pytest.approx(17.9920, abs=1e-4)
    assert math.isnan(statistic([1.0]).sd)
    assert math.isnan(statistic([]).mean)


def test_the_share_is_of_as_many_epochs_without_pruning():
    epochs = [{"weights": 10, "architecture": 10}, {"weights": 8, "architecture": 2}]
    records = [SimpleNamespace(processed=one) for one in epochs]
    assert share_of_full(records) == pytest.approx(30 / 40)


def test_rows_leave_out_what_failed_and_say_how_many():
    column = Column(dataset="cifar10", metric="test_accuracy")
    outcomes = [
        Outcome("a", 0, values={column.name: 80.0}, processed=100, seconds=2.0, share=1.0),
        Outcome("a", 1, reason="the loss is nan"),
        Outcome("b", 0, values={column.name: None}, processed=50, seconds=1.0, share=0.5),
    ]
    a, b = summarised(outcomes, [column], lambda one: one.row)
    assert (a.label, a.searches, a.failed, a.processed) == ("a", 1, 1, 100)
    assert a.statistics[column.name].mean == 80
    assert (b.statistics[column.name].n, b.statistics[column.name].lacking) == (0, 1)
    (both,) = summarised(outcomes, [column], lambda one: "all")
    assert (both.searches, both.failed, both.processed) == (2, 1, 75)
    text = csv_text([one.plain([column]) for one in outcomes])
    assert text.splitlines()[0] == (
        "row,seed,cell,cifar10 test_accuracy,examples_processed,weights_examples_left,"
        "architecture_examples_left,seconds,share_of_full_examples,failure"
    )
    assert text.splitlines()[2] == "a,1,,,,,,,,the loss is nan"
