"""The figures that arXiv 2210.09459 (Eproxy and DPS) prints, from ``published.yaml``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

SOURCE = "arXiv 2210.09459"
"""Where every figure of the file is printed."""

_RANKED = ("spearman", "top10")
_OWN_METHOD = "Eproxy"  # whose benchmarks are the paper's: others may stand beside another space


def published(benchmark: str, dataset: str, predictor: str) -> tuple[float, float]:
    """Return the published Spearman and top-10 % retrieval, nan where none is known."""
    figures = published_figures()
    spearman = figures.get((benchmark, dataset, predictor, "spearman"), math.nan)
    return spearman, figures.get((benchmark, dataset, predictor, "top10"), math.nan) / 100


@cache
def published_file() -> Mapping[str, Any]:
    """Return ``published.yaml`` as it stands: predictors by method, and the tables."""
    text = (files(__package__) / "published.yaml").read_text(encoding="utf-8")
    content: Mapping[str, Any] = yaml.safe_load(text)
    return content


@cache
def published_figures() -> Mapping[tuple[str, str, str, str], float]:
    """Return what ``published.yaml`` has beside rows: by benchmark, dataset, predictor and metric.

    Each figure stands there under its table; ``top10`` is in percent.
    """
    content = published_file()
    figures: dict[tuple[str, str, str, str], float] = {}
    for table in content["tables"]:
        if table["metric"] not in _RANKED:
            continue
        for method, values in table["rows"].items():
            predictor = content["predictors"].get(method, method)
            for column, value in zip(table["columns"], values, strict=True):
                task = task_of(table, column, method)
                if task is not None and value is not None:
                    figures[(*task, predictor, table["metric"])] = float(value)
    return figures


@cache
def published_tasks() -> tuple[tuple[str, str], ...]:
    """Return benchmark and dataset of every column of tables 2 to 5, in the paper's order.

    A column whose figures cannot be read in the text counts too.
    """
    tasks = (
        task_of(table, column, _OWN_METHOD)
        for table in published_file()["tables"]
        if table["metric"] in _RANKED
        for column in table["columns"]
    )
    return tuple(dict.fromkeys(task for task in tasks if task is not None))


def task_of(table: Mapping[str, Any], column: str, method: str) -> tuple[str, str] | None:
    """Return benchmark and dataset of a column of tables 2 to 5, None for an average.

    Args:
        table: One of ``published.yaml``.
        column: One of its columns.
        method: A row may stand beside another space than the one it is printed for.
    """
    benchmark, _, dataset = column.partition(" ")
    return (
        None
        if benchmark == "average"
        else (table.get("rows_of", {}).get(method, benchmark), dataset)
    )
