"""Hold every figure of the Eproxy paper against what was measured here.

    python benchmarks/leaderboards/paper_figures.py

Reads ``published.yaml`` of the package and the data files of the documentation, and writes a row
for each published figure that was measured, with a verdict: reproduced where the published value
lies in our 95 % interval, not reproduced where it does not. All others are grouped by why they were
not tried.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from naslib_proxydata.leaderboard.published import published_file, task_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import RESULTS, read_csv, write_csv, write_json

RANKED = {
    "spearman": ("Spearman", "spearman", "spearman_low", "spearman_high"),
    "top10": ("top 10 %", "top10_retrieval", "top10_low", "top10_high"),
}
"""What the metrics of tables 2 to 5 are called, and their columns in a leaderboard."""

QUERIES = {
    "random search": "Random Search",
    "regularised evolution": "Regularized Evolution",
}
"""Rows of table 7 that were run, by our name of the search."""
QUERIED = {"cifar10": "C10", "cifar100": "C100"}

OTHER_TABLES = {
    1: "100 and 200 iterations take about ten hours of a core for 50 cells, and were not run: "
    "benchmarks/experiments/eproxy_table1.py",
    6: "test accuracies of the whole table are not at hand; validation accuracies against queries "
    "are on a page of their own",
    7: "other methods than were run here, or another dataset; see the page on queries",
    8: "networks trained on ImageNet",
    9: "an A6000 GPU; seconds of every predictor on this machine stand on the boards",
}
FIGURES = {
    "figure 1": (
        "evaluation time of seven proxies",
        "another machine; the seconds of every predictor stand on the boards",
    ),
    "figure 2": ("losses of two architectures", "an illustration"),
    "figure 3": (
        "DPS against early stopping; scatter plots of NDS DARTS on ImageNet",
        "the first needs recorded trainings, the others a proxy searched on DARTS on CIFAR-10",
    ),
    "figure 4": ("the design of Eproxy", "nothing is measured"),
    "figures 5, 7, 8": ("loss surfaces with and without barrier", "no such plot was made"),
    "figure 6": ("cells that were found", "the search of table 8"),
}


class Group(NamedTuple):
    """Where a published figure stands, what it is of, and why it was not tried."""

    place: str
    method: str
    benchmarks: str
    reason: str


def main() -> None:
    options = given()
    data = options.results / "data"
    rows = [*ranked_rows(data), *table_1_rows(data), *table_7_rows(data)]
    groups = not_tried(rows, boards(data))
    write_csv(data / "paper_figures.csv", sorted(rows, key=lambda row: row["table"]))
    write_csv(data / "paper_figures_not_tried.csv", listed(groups))
    write_csv(data / "paper_figures_counts.csv", counts(rows))
    write_csv(data / "published_queries.csv", published_queries())
    verdicts = Counter(row["verdict"] for row in rows)
    write_json(
        data / "paper_figures.json",
        measured=len(rows),
        reproduced=verdicts["reproduced"],
        not_reproduced=verdicts["not reproduced"],
        no_interval=verdicts["no interval"],
        not_tried=sum(groups.values()),
    )


def given() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="folder of results, with data/"
    )
    return parser.parse_args()


def verdict(published: float, low: float, high: float) -> str:
    """Return whether a published value lies in our interval, both ends included."""
    if math.isnan(low) or math.isnan(high):
        return "no interval"
    return "reproduced" if low <= published <= high else "not reproduced"


def boards(data: Path) -> list[dict[str, str]]:
    """Return the rows of all leaderboards of the documentation."""
    return [row for file in sorted(data.glob("leaderboard_*.csv")) for row in read_csv(file)]


def figures() -> Iterator[tuple[Mapping[str, Any], str, str, float | None]]:
    """Yield table, method, column and value of every figure; None is not printed or legible."""
    for table in published_file()["tables"]:
        for method, values in table["rows"].items():
            for column, value in zip(table["columns"], values, strict=True):
                yield table, method, column, value


def ranked_rows(data: Path) -> Iterator[dict[str, Any]]:
    """Yield a row for each figure of tables 2 to 5 that stands beside one of a leaderboard."""
    predictors = published_file()["predictors"]
    measured = {(row["benchmark"], row["dataset"], row["predictor"]): row for row in boards(data)}
    for table, method, column, value in figures():
        if table["metric"] not in RANKED or value is None:
            continue
        task = task_of(table, column, method)
        found = measured.get((*task, predictors.get(method, method))) if task else None
        if found is None:
            continue
        title, *columns = RANKED[table["metric"]]
        ours, low, high = (number(found[name]) for name in columns)
        if math.isnan(ours):
            continue
        yield {
            "table": table["table"],
            "benchmark": found["benchmark"],
            "dataset": found["dataset"],
            "method": method,
            "metric": title,
            "n": found["n"],
            **compared(ours, low, high, value if title == "Spearman" else value / 100),
        }


def table_1_rows(data: Path) -> Iterator[dict[str, Any]]:
    """Yield a row for each setting and seed of table 1, of the most images that it was run with."""
    figure = {
        (method, column): value for table, method, column, value in figures() if table["table"] == 1
    }
    rows = read_csv(data / "eproxy_table1.csv")
    most = {
        iterations: max(int(row["images"]) for row in rows if row["iterations"] == iterations)
        for iterations in {row["iterations"] for row in rows}
    }
    for row in rows:
        if int(row["images"]) < most[row["iterations"]]:
            continue
        column = f"{row['barrier']} barrier {float(row['learning_rate']):g}"
        published = figure.get((f"{row['iterations']} iterations", column))
        if published is None:
            continue
        yield {
            "table": 1,
            "benchmark": "nb101",
            "dataset": "cifar10",
            "method": f"{column}, {row['iterations']} iterations, {row['images']} images, "
            f"seed {row['seed']}",
            "metric": "Spearman",
            "n": row["n"],
            **compared(
                *(number(row[name]) for name in ("spearman", "spearman_low", "spearman_high")),
                published,
            ),
        }


def table_7_rows(data: Path) -> Iterator[dict[str, Any]]:
    """Yield a row for each search of table 7 that was run; n is the number of runs."""
    figure = {
        (method, column): value for table, method, column, value in figures() if table["table"] == 7
    }
    for row in read_csv(data / "queries_nb201.csv"):
        published = figure.get((QUERIES.get(row["search"], ""), QUERIED.get(row["dataset"], "")))
        if published is None:
            continue
        yield {
            "table": 7,
            "benchmark": "nb201",
            "dataset": row["dataset"],
            "method": QUERIES[row["search"]],
            "metric": "queries",
            "n": row["runs"],
            **compared(*(number(row[name]) for name in ("mean", "low", "high")), published),
        }


def compared(ours: float, low: float, high: float, published: float) -> dict[str, Any]:
    """Return the columns that hold ours against the paper's."""
    return {
        "ours": ours,
        "low": low,
        "high": high,
        "published": published,
        "verdict": verdict(published, low, high),
    }


def not_tried(
    rows: Sequence[Mapping[str, Any]], measured: Sequence[Mapping[str, str]]
) -> Counter[Group]:
    """Count the figures that have no row, by what they are of and why."""
    have = {(row["table"], row["benchmark"], row["dataset"], row["method"]) for row in rows}
    benchmarks = {row["benchmark"] for row in measured}
    tasks = {(row["benchmark"], row["dataset"]) for row in measured}
    found: Counter[Group] = Counter()
    for table, method, column, value in figures():
        place = f"table {table['table']}"
        if table["metric"] in RANKED:
            task = task_of(table, column, method)
            if task is not None and (table["table"], *task, method) in have:
                continue
            reason = why(table, method, value, task, benchmarks, tasks)
            if reason:
                found[Group(place, method, family(task[0]) if task else "", reason)] += 1
        elif value is not None:
            found[Group(place, "all others", "", OTHER_TABLES[table["table"]])] += 1
    for table, number_of in Counter(row["table"] for row in rows if row["table"] in (1, 7)).items():
        seeds = 1
        if table == 1:
            seeds = len({row["method"].rpartition(" ")[2] for row in rows if row["table"] == 1})
        found[Group(f"table {table}", "all others", "", OTHER_TABLES[table])] -= number_of // seeds
    for place, (what, reason) in FIGURES.items():
        found[Group(place, what, "", reason)] += 1
    return Counter({group: count for group, count in found.items() if count > 0})


def why(
    table: Mapping[str, Any],
    method: str,
    value: float | None,
    task: tuple[str, str] | None,
    benchmarks: set[str],
    tasks: set[tuple[str, str]],
) -> str:
    """Return why a figure of tables 2 to 5 has no row; empty where the paper prints none."""
    predictor = published_file()["predictors"].get(method)
    if task is None:
        return "" if value is None else "an average over tables or tasks not all of which are here"
    if predictor is None:
        return "a training on another task, or one that is stopped early: no predictor here"
    if task[0] not in benchmarks:
        return "the table's file is not at hand"
    if task not in tasks:
        return "the task is not in the file at hand"
    if value is None:
        return "the paper's text does not let one read the figure"
    if predictor == "dps":
        return "no proxy was searched for this board; pages on DPS show what was"
    return "not among the predictors of the board yet"


def family(benchmark: str) -> str:
    """Return what a group of tables is called."""
    if not benchmark.startswith("nds-"):
        return benchmark
    return "NDS on ImageNet" if benchmark.endswith("-in") else "NDS on CIFAR-10"


def listed(groups: Counter[Group]) -> list[dict[str, Any]]:
    """Return a row for each reason of a table or figure, with all that it holds for."""
    together: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        together.setdefault((group.place, group.reason), []).append(group)
    return [
        {
            "place": place,
            "method": distinct(group.method for group in same),
            "benchmarks": distinct(group.benchmarks for group in same),
            "figures": sum(groups[group] for group in same),
            "reason": reason,
        }
        for (place, reason), same in sorted(together.items(), key=lambda item: item[0][0])
    ]


def distinct(names: Iterable[str]) -> str:
    """Return the names, each once, with commas between."""
    return ", ".join(dict.fromkeys(filter(None, names)))


def published_queries() -> list[dict[str, Any]]:
    """Return what tables 6 and 7 print, for the pages on queries."""
    return [
        {"table": table["table"], "method": method, "column": column, "value": value}
        for table, method, column, value in figures()
        if table["table"] in (6, 7) and value is not None
    ]


def counts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return how many figures of each table, family, method and metric are reproduced."""
    kinds: dict[tuple[int, str, str, str], list[str]] = {}
    for row in rows:
        method = row["method"] if row["table"] != 1 else row["method"].partition(",")[0]
        kind = row["table"], family(row["benchmark"]), method, row["metric"]
        kinds.setdefault(kind, []).append(row["verdict"])
    return [
        {
            **dict(zip(("table", "benchmark", "method", "metric"), kind, strict=True)),
            "measured": len(found),
            "reproduced": found.count("reproduced"),
            "without_interval": found.count("no interval"),
        }
        for kind, found in sorted(kinds.items())
    ]


def number(text: str) -> float:
    """Return a number of a CSV file, nan where the cell is empty or the column is not there."""
    return float(text) if text else math.nan


if __name__ == "__main__":
    main()
