"""Tables held in memory, and what every table inherits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import TableError
from naslib_proxydata.tables.columns import ColumnTable


def table(**columns: Any) -> ColumnTable:
    return ColumnTable(
        name="toy",
        label="Toy",
        space="toy",
        source="memory",
        texts=np.array([b"a", b"b"]),
        values={("photos", metric): np.array(values) for metric, values in columns.items()},
    )


def test_values_and_queries() -> None:
    toy = table(test_accuracy=[50.0, 60.0])
    assert toy.architectures() == ("a", "b")
    assert toy.position("b") == 1
    assert toy.query("b", "photos", "test_accuracy") == 60.0


def test_unknown_names_are_answered_with_known_ones() -> None:
    toy = table(test_accuracy=[50.0, 60.0])
    with pytest.raises(TableError, match=r"dataset 'photo' in Toy.*Did you mean 'photos'"):
        toy.values("photo", "test_accuracy")
    with pytest.raises(TableError, match="Did you mean 'test_accuracy'"):
        toy.values("photos", "test_acuracy")
    with pytest.raises(TableError, match="'c'"):
        toy.position("c")
    with pytest.raises(TableError, match="photos"):
        toy.default_metric("digits")


def test_default_metric() -> None:
    assert table(baseline_accuracy=[1.0, 2.0]).default_metric("photos") == "baseline_accuracy"
    both = table(test_accuracy=[1.0, 2.0], validation_accuracy=[1.0, 2.0])
    assert both.default_metric("photos") == "validation_accuracy"


def test_columns_must_fit() -> None:
    with pytest.raises(TableError, match=r"shape \(3,\), expected \(2,\)"):
        table(test_accuracy=[1.0, 2.0, 3.0])
    with pytest.raises(TableError, match="no column"):
        table()


def test_a_column_of_trainings_is_their_mean() -> None:
    toy = table(test_accuracy=[[50.0, 60.0, np.nan], [np.nan, np.nan, np.nan]], other=[1.0, 2.0])
    np.testing.assert_array_equal(toy.values("photos", "test_accuracy"), [55, np.nan])
    np.testing.assert_array_equal(toy.trials("photos", "test_accuracy")[0], [50, 60, np.nan])
    assert toy.trials("photos", "other") is None


def test_an_architecture_twice_is_refused() -> None:
    for texts in (np.array([b"a", b"a"]), ["a", "a"]):
        with pytest.raises(TableError, match=r"Toy \(memory\) holds an architecture twice"):
            ColumnTable(
                name="toy",
                label="Toy",
                space="toy",
                source="memory",
                texts=texts,
                values={("photos", "test_accuracy"): np.zeros(2)},
            )


def test_a_dataset_that_only_the_benchmark_has_is_told() -> None:
    toy = table(test_accuracy=[50.0, 60.0])
    toy.published_datasets = ("photos", "drawings")
    with pytest.raises(
        TableError, match="Toy publishes drawings, but memory holds no drawings; it"
    ):
        toy.values("drawings", "test_accuracy")
    with pytest.raises(TableError, match="unknown dataset 'drawing'"):
        toy.values("drawing", "test_accuracy")


def test_whoever_changes_a_column_does_not_change_the_table():
    table = ColumnTable(
        name="x", label="x", space="x", source="x", texts=["a"], values={("d", "m"): np.ones(1)}
    )
    with pytest.raises(ValueError, match="read-only"):
        table.values("d", "m")[0] = 2
    assert table.query("a", "d", "m") == 1
