"""Relative improvement over random architectures of a table (arXiv 2006.13314)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.assemble.over_random import improvement_over_random, random_mean
from naslib_proxydata.config.experiment import Column
from naslib_proxydata.errors import TableError
from naslib_proxydata.tables.columns import ColumnTable
from naslib_proxydata.tables.nb201 import open_nb201


@pytest.fixture(scope="module")
def table(shared_data: Path) -> ColumnTable:
    return open_nb201(shared_data)


def test_the_mean_is_that_of_random_architectures(table: ColumnTable) -> None:
    values = table.read("cifar100", "test_accuracy")
    few = random_mean(table, "cifar100", "test_accuracy", 30)
    assert few == random_mean(table, "cifar100", "test_accuracy", 30)
    assert abs(few - values.mean()) < 4 * values.std() / np.sqrt(30)
    every = random_mean(table, "cifar100", "test_accuracy", len(values))
    assert every == pytest.approx(values.mean(), rel=1e-9)
    expected = 100 * (73.51 - every) / every
    asked = ("cifar100", "test_accuracy", len(values))
    assert improvement_over_random(73.51, table, *asked) == pytest.approx(expected)
    with pytest.raises(TableError, match="15626 random ones were asked for"):
        random_mean(table, "cifar100", "test_accuracy", len(values) + 1)


def test_a_column_over_random_has_a_name_and_published_figures_of_its_own() -> None:
    plain = Column(dataset="cifar100", metric="test_accuracy")
    over = Column(dataset="cifar100", metric="test_accuracy", over_random=30)
    assert (plain.name, plain.published[1]) == ("cifar100 test_accuracy", "test_accuracy")
    assert over.name == "cifar100 test_accuracy over random"
    assert over.published == ("cifar100", "relative_improvement")
