"""Published figures against what the paper's text prints, copied by hand in pieces."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from naslib_proxydata.leaderboard.published import (
    published,
    published_figures,
    published_file,
    published_tasks,
)
from naslib_proxydata.predictors import plugin
from naslib_proxydata.runs.setup import load_plugins

FILE = published_file()


@pytest.mark.parametrize(
    ("benchmark", "dataset", "predictor", "spearman", "top10"),
    [
        ("nb101", "cifar10", "eproxy", 0.65, 0.31),
        ("nb101", "cifar10", "dps", 0.69, 0.38),
        ("nb101", "cifar10", "grasp", 0.45, 0.26),
        ("nds-darts", "cifar10", "synflow", 0.42, 0.09),
        ("nds-resnext-b", "cifar10", "naswot", 0.57, 0.21),
        ("nds-resnet", "cifar10", "eproxy", 0.51, 0.36),
        ("nds-amoeba-in", "imagenet", "eproxy", 0.66, 0.60),
        ("nds-resnext-b-in", "imagenet", "dps", 0.72, 0.36),
        ("transnas-micro", "autoencoder", "naswot", -0.02, 0.02),
        ("transnas-macro", "segmentsemantic", "dps", 0.81, 0.53),
        ("transnas-macro", "room_layout", "eproxy", 0.06, 0.08),
        ("nasbench-mr", "cls-10c", "naswot", -0.39, 0.0),
        ("nasbench-mr", "3ddet", "eproxy", 0.34, 0.23),
        ("nasbench-mr", "video-p", "dps", 0.59, 0.27),
    ],
)
def test_a_row_has_the_papers_value(benchmark, dataset, predictor, spearman, top10):
    assert published(benchmark, dataset, predictor) == pytest.approx((spearman, top10))


@pytest.mark.parametrize(
    ("benchmark", "dataset", "predictor"),
    [
        ("nb201", "cifar10", "eproxy"),
        ("transnas-micro", "autoencoder", "eproxy"),
        ("nds-nasnet", "cifar10", "eproxy"),
        ("nds-darts", "cifar10", "params"),
    ],
)
def test_what_is_not_printed_or_not_legible_is_blank(benchmark, dataset, predictor):
    assert all(map(math.isnan, published(benchmark, dataset, predictor)))


def test_every_task_of_the_tables_is_there_once_even_where_no_figure_is_legible():
    tasks = published_tasks()
    assert len(set(tasks)) == len(tasks) == 1 + 11 + 8 + 7 + 9
    assert ("nds-nasnet", "cifar10") in tasks
    assert ("transnas-macro", "normal") in tasks  # the space that the paper's own rows are of


def test_every_table_is_whole():
    numbers = [table["table"] for table in FILE["tables"]]
    assert numbers == [1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9]
    for table in FILE["tables"]:
        widths = {len(values) for values in table["rows"].values()}
        assert widths == {len(table["columns"])}, table["table"]
    cells = Counter(
        table["table"] for table in FILE["tables"] for row in table["rows"].values() for _ in row
    )
    # 11 + 8 spaces and two averages, 7 tasks, 9 tasks; rho and top-10 % of each method
    assert {number: cells[number] for number in (1, 2, 3)} == {1: 18, 2: 16, 3: 2 * 4 * 21}
    assert {number: cells[number] for number in (4, 5)} == {4: 2 * 5 * 8, 5: 2 * 5 * 10}
    assert {number: cells[number] for number in (7, 9)} == {7: 6 * 3, 9: 15 * 2}


@pytest.mark.parametrize("table", range(3, 6))
def test_averages_are_the_means_of_their_rows_where_every_figure_is_legible(table):
    """The printed averages, up to the rounding of a figure each and of the mean."""
    checked = 0
    for one in FILE["tables"]:
        if one["table"] != table:
            continue
        slack = 0.0101 if one["metric"] == "spearman" else 1.01
        for method, (*figures, average) in one["rows"].items():
            if None not in (*figures, average):
                assert sum(figures) / len(figures) == pytest.approx(average, abs=slack), method
                checked += 1
    assert checked == {3: 0, 4: 10, 5: 8}[table]


def test_benchmarks_datasets_and_predictors_are_those_of_the_package():
    plugins = load_plugins((), ())
    known = {entry.name for entry in plugin.register_predictors()}
    for benchmark, dataset, predictor, _ in published_figures():
        assert predictor in known | {"ES", "Cls-C full training"}
        assert dataset in plugins.benchmark(benchmark).datasets
