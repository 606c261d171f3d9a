"""The experiment files of ``benchmarks/papers`` and the published figures beside them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from naslib_proxydata.assemble.experiment import plan_of
from naslib_proxydata.assemble.published import read_published
from naslib_proxydata.config import ExperimentConfig
from naslib_proxydata.config.experiment import Change, ExperimentFile, read_experiment
from naslib_proxydata.config.grid import PlannedRow, planned_rows
from naslib_proxydata.config.search import SearchConfig
from naslib_proxydata.config.select import SelectConfig
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.selection.base import Selector

PAPERS = Path(__file__).parents[1] / "benchmarks" / "papers"
FILES = sorted(PAPERS.glob("*.yaml"))
PUBLISHED = PAPERS / "published.csv"
FIGURES_ONLY = {
    *("bdp-table5-cifar", "bdp-table5-imagenet", "bdp-table6"),
    *("proxy-data-table1-imagenet", "proxy-data-table2-imagenet", "less-is-more-time"),
    *("nastransfer-table2", "nastransfer-table3", "nastransfer-table4"),
}
"""Experiments of which the figures are kept and that no file runs."""
PLUGINS = load_plugins((), ())


def lines() -> list[dict[str, str]]:
    with PUBLISHED.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_of(file: ExperimentFile) -> list[PlannedRow]:
    return [
        row
        for scale in file.scales.values()
        for row in planned_rows(file, scale, Change(), "a test")
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_of_every_scale_is_a_search_and_a_selection(path: Path) -> None:
    file = read_experiment(path)
    assert file.title
    assert file.source
    assert "paper" in file.scales
    for row in rows_of(file):
        search = SearchConfig.parse(row.search, f"{path.name}, {row.label}")
        for name, options in search.strategy.items():
            PLUGINS.create("strategies", name, **options)
        PLUGINS.registration("supernets", search.space)
        if row.select is not None:
            select = SelectConfig.parse(row.select, f"{path.name}, {row.label}")
            selector = PLUGINS.create("selectors", select.selector.name, **select.selector.options)
            assert isinstance(selector, Selector)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_published_rows_are_rows_of_the_experiment(path: Path) -> None:
    file = read_experiment(path)
    if file.published is None:
        return
    figures = read_published(PAPERS / file.published.file, file.published.experiment)
    own = {row.label for row in rows_of(file)} | set(file.published.rows.values())
    own |= set(file.grid[file.summarise.by]) if file.summarise else set()
    if path.stem.startswith(("bdp-table-4", "nastransfer-proxy-sets", "nastransfer-table2")):
        own |= {row for row, *_ in figures}  # the paper compares with others' methods, or sets
    assert {row for row, *_ in figures} <= own


def test_every_published_experiment_has_a_file_or_is_of_figures_only() -> None:
    named = {file.published.experiment for file in map(read_experiment, FILES) if file.published}
    assert {line["experiment"] for line in lines()} <= named | FIGURES_ONLY


def test_figures_are_numbers_with_their_source_each_once() -> None:
    found = lines()
    keys = [(one["experiment"], one["row"], one["dataset"], one["metric"]) for one in found]
    assert len(set(keys)) == len(keys)
    for one in found:
        assert re.search(r"arXiv \d{4}\.\d{5}, (table|section)", one["source"])
        assert one["mean"] or one["best"]
        for name in ("mean", "sd", "best"):
            assert one[name] == "" or float(one[name]) == float(one[name])
        if one["unit"] == "%" and one["metric"] != "relative_improvement":
            assert 0 <= float(one["mean"] or one["best"]) <= 100


@pytest.mark.parametrize(
    ("experiment", "row", "dataset", "metric", "expected"),
    [
        ("bdp-table4", "DARTS with BDP, searched on CIFAR-10", "cifar10", "test_accuracy",
         ("93.79", "0.39")),
        ("bdp-table4", "beta-DARTS with BDP, searched on CIFAR-10", "imagenet16", "test_accuracy",
         ("46.46", "0.21")),
        ("bdp-table2", "Low, High", "cifar100", "test_accuracy", ("53.26", "12.42")),
        ("proxy-data-table3-cifar100", "DARTS, S4, 10 %", "cifar100", "test_error", ("98.91", "")),
        ("less-is-more-table2", "TL, 0.50", "cifar100", "test_accuracy_64_channels",
         ("75.7", "0.2")),
        ("nastransfer-table2", "DARTS, CIFAR100", "imagenet1k", "relative_improvement",
         ("-18.71", "")),
    ],
)  # fmt: skip
def test_figures_that_the_texts_quote(
    experiment: str, row: str, dataset: str, metric: str, expected: tuple[str, str]
) -> None:
    wanted = (experiment, row, dataset, metric)
    (found,) = (
        one
        for one in lines()
        if (one["experiment"], one["row"], one["dataset"], one["metric"]) == wanted
    )
    assert (found["mean"], found["sd"]) == expected


@pytest.mark.parametrize("file", sorted(PAPERS.glob("bdp-*.yaml")), ids=lambda path: path.stem)
def test_every_published_row_of_ours_is_found(file: Path) -> None:
    for scale in read_experiment(file).scales:
        plan = plan_of(ExperimentConfig(file=file, scale=scale, dataset="images.npz"))
        labels = {label for row in plan.rows for label in (row.label, *row.levels.values())}
        columns = {(one.dataset, one.metric) for one in plan.file.columns}
        if plan.published:
            matched = {key[1:] for key in plan.published if key[0] in labels}
            assert columns <= matched


def test_folders_are_those_of_the_long_runs() -> None:
    def folders(name: str) -> set[str]:
        file = PAPERS / f"{name}.yaml"
        plan = plan_of(ExperimentConfig(file=file, dataset="images.npz"))
        return {row.folder for row in plan.rows}

    assert {"1-9", "9-1"} < folders("bdp-table-1")
    assert {"low-high-25-5", "high-low-5-25"} < folders("bdp-table-3")
    assert {"darts", "beta-darts-with-bdp-to-14-percent"} < folders("bdp-table-4")
    assert "darts-with-bdp-without-balance" in folders("bdp-table-7")


def test_proxy_sets_of_the_quick_scale_fit_ten_classes_and_10000_images() -> None:
    plan = plan_of(ExperimentConfig(file=PAPERS / "nastransfer-proxy-sets.yaml", dataset="i.npz"))
    chosen = [one.select for one in plan.searches if one.select is not None]
    assert len(chosen) == len(plan.searches) == 20
    assert {one.selector.options.get("classes") for one in chosen} == {2, 4, 6, None}
    assert {one.size for one in chosen} == {None, 2000}


def test_the_scores_of_table_2_are_made_by_its_command() -> None:
    for scale, runs in (("paper", 5), ("quick", 1)):
        file = PAPERS / "bdp-table-2.yaml"
        plan = plan_of(ExperimentConfig(file=file, scale=scale, dataset="i.npz"))
        whole, *pruned = {one.row.label: one.scores for one in plan.searches}.values()
        assert whole is None
        assert len({one.out for one in pruned if one is not None}) == 1
        (first, *_) = pruned
        assert first is not None
        assert first.scorer is not None
        assert (first.scorer.options, first.quick) == ({"runs": runs}, scale == "quick")
