"""What every benchmark table must do, as tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import TableError
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.tables.base import BenchmarkTable


class BenchmarkContract:
    """Tests of a benchmark table; override :meth:`table`.

    Attributes:
        rows: Number of rows that are looked at one by one, spread over the table.
    """

    rows = 10

    @pytest.fixture
    def table(self) -> BenchmarkTable:
        """Return the table under test."""
        raise NotImplementedError("override the fixture 'table'")

    @pytest.fixture
    def space(self, table: BenchmarkTable) -> SearchSpace[Any]:
        """Return the search space that the table names."""
        space: SearchSpace[Any] = plugins.load().create("spaces", table.space)
        return space

    def some_rows(self, table: BenchmarkTable) -> list[int]:
        """Return up to ``rows`` row numbers, the first and the last among them."""
        return sorted({int(row) for row in np.linspace(0, len(table) - 1, self.rows)})

    def test_says_what_it_is(self, table: BenchmarkTable) -> None:
        """Name, label and source are there for reports."""
        for text in (table.name, table.label, table.source):
            assert isinstance(text, str)
            assert text

    def test_has_a_text_for_every_row(self, table: BenchmarkTable) -> None:
        """Texts are as many as rows, and no two are the same."""
        texts = table.architectures()
        assert len(texts) == len(table) > 0
        assert len(set(texts)) == len(texts)

    def test_architectures_belong_to_the_space(
        self, table: BenchmarkTable, space: SearchSpace[Any]
    ) -> None:
        """The space reads each text and writes it back."""
        texts = table.architectures()
        for row in self.some_rows(table):
            architecture = space.parse(texts[row])
            assert space.parse(space.text(architecture)) == architecture

    def test_finds_each_architecture(self, table: BenchmarkTable) -> None:
        """``position`` leads back to the row, ``query`` to its value."""
        texts = table.architectures()
        columns = [(one, metric) for one, metrics in table.columns().items() for metric in metrics]
        for row in self.some_rows(table):
            assert table.position(texts[row]) == row
            for dataset, metric in columns:
                np.testing.assert_equal(
                    table.query(texts[row], dataset, metric), table.values(dataset, metric)[row]
                )

    def test_every_column_has_values(self, table: BenchmarkTable) -> None:
        """A column is float64, as long as the table, without infinities, and not all nan."""
        assert table.columns()
        for dataset, metrics in table.columns().items():
            assert metrics
            for metric in metrics:
                values = table.values(dataset, metric)
                assert values.shape == (len(table),)
                assert values.dtype == np.float64
                assert not np.isinf(values).any()
                assert np.isfinite(values).any(), f"{dataset}, {metric}: every value is nan"

    def test_accuracies_are_in_percent(self, table: BenchmarkTable) -> None:
        """Accuracies lie between 0 and 100, and are not fractions."""
        for dataset, metrics in table.columns().items():
            for metric in metrics:
                if metric.endswith("accuracy"):
                    values = table.values(dataset, metric)
                    assert 1 < np.nanmax(values) <= 100, (dataset, metric)
                    assert np.nanmin(values) >= 0, (dataset, metric)

    def test_names_what_it_has(self, table: BenchmarkTable) -> None:
        """An unknown dataset or metric is an error that lists those present."""
        dataset, metrics = next(iter(table.columns().items()))
        with pytest.raises(TableError) as caught:
            table.values("no-such-dataset", metrics[0])
        assert all(name in str(caught.value) for name in table.columns())
        with pytest.raises(TableError) as caught:
            table.values(dataset, "no_such_metric")
        assert all(name in str(caught.value) for name in metrics)

    def test_refuses_a_foreign_architecture(self, table: BenchmarkTable) -> None:
        """A text that is not in the table is an error, not a wrong row."""
        with pytest.raises(TableError):
            table.position("no such architecture")
