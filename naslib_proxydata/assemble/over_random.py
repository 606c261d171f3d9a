"""What a found architecture gains over random ones of the same space (arXiv 2006.13314)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import TableError
from naslib_proxydata.ranking import relative_improvement
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.summation import ordered_sum

if TYPE_CHECKING:
    from naslib_proxydata.tables.base import BenchmarkTable


def random_mean(table: BenchmarkTable, dataset: str, metric: str, count: int) -> float:
    """Return Acc_r, the mean of ``count`` architectures of a table, in the metric's unit.

    They are drawn uniformly, without replacement, among those that have a value, the same ones for
    every search of a table's column.

    Raises:
        TableError: The table holds fewer.
    """
    values = table.read(dataset, metric)
    values = values[np.isfinite(values)]
    if len(values) < count:
        raise TableError(
            f"{table.label} holds {len(values)} architectures with {dataset} {metric}, "
            f"{count} random ones were asked for; lower over_random"
        )
    generator = numpy_generator(0, "random architectures", dataset, metric)
    drawn = generator.choice(values, size=count, replace=False)
    return ordered_sum(float(one) for one in drawn) / count


def improvement_over_random(
    value: float, table: BenchmarkTable, dataset: str, metric: str, count: int
) -> float:
    """Return RI = 100 (Acc_m - Acc_r) / Acc_r in percent, see :func:`random_mean` for Acc_r."""
    return relative_improvement(value, random_mean(table, dataset, metric, count))
