"""Measure the best accuracy against the number of queries on NAS-Bench-101.

    python benchmarks/experiments/accuracy_queries_nb101.py

The protocol of table 6 of arXiv 2210.09459 on the cells that the table holds. What a run found is
kept in ``--out``, and is not run again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import naslib_proxydata
from naslib_proxydata.evolution.plots import Curve, draw_curves
from naslib_proxydata.figures import save_figure
from naslib_proxydata.leaderboard.labels import mean_interval

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, kept, write_csv
from search_protocol import GUIDED, Protocol

COLUMN = ("cifar10", "validation_accuracy")
QUERIES = 150
SHOWN = (20, 50, 60, 100, 150)
EVALUATIONS = 1000
BOUND = "bound"
"""The guided search as it was chosen on NAS-Bench-201 CIFAR-10: 10 random labels, small batches."""
NAMES = {
    "random": "random search",
    "re": "regularised evolution",
    GUIDED: f"random pool ranked by {GUIDED}",
    BOUND: "the same by confidence bound, batches of 5",
}


def main() -> None:
    parser = arguments(__doc__, "accuracy_queries_nb101")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    options = parser.parse_args()
    table = naslib_proxydata.table("nb101", data_root())
    ranking = Protocol(table, COLUMN, "random", EVALUATIONS)
    bound = Protocol(
        table,
        COLUMN,
        "random",
        EVALUATIONS,
        acquisition="upper_confidence_bound",
        labels=10,
        per_round=5,
    )
    kept_in = options.out / "runs.jsonl"
    curves = {}
    for method, name in NAMES.items():
        seeds = range(options.seeds)
        protocol = bound if method == BOUND else ranking
        runs = [kept(kept_in, best, method, seed, given=protocol) for seed in seeds]
        curves[name] = np.array(runs)  # seeds x queries
    rows = [row for name, runs in curves.items() for row in lines(name, runs)]
    write_csv(options.results / "data" / "accuracy_queries_nb101.csv", rows)
    title = f"NAS-Bench-101, {len(ranking.texts):,} cells, {options.seeds} seeds: mean and 95 %"
    draw(curves, title, options.results / "figures" / "accuracy_queries_nb101.png", lowest=93.0)


def best(protocol: Protocol, method: str, seed: int) -> list[float]:
    """Return the best accuracy after each query, in percent."""
    true = protocol.run(GUIDED if method == BOUND else method, seed, QUERIES, lambda _: False)
    return [one.best for one in true.queries]


def lines(name: str, runs: NDArray[np.float64]) -> list[dict[str, object]]:
    """Return mean and 95 % interval over seeds after some numbers of queries."""
    found: list[dict[str, object]] = []
    for count in SHOWN:
        column = runs[:, count - 1]
        low, high = mean_interval(list(column))
        found.append(
            {"search": name, "queries": count, "mean": column.mean(), "low": low, "high": high}
        )
    return found


def draw(curves: dict[str, NDArray[np.float64]], title: str, file: Path, lowest: float) -> None:
    """Draw the mean with its interval against the number of queries."""
    drawn = {}
    for name, runs in curves.items():
        intervals = [mean_interval(list(column)) for column in runs.T]
        low, high = (np.array(ends) for ends in zip(*intervals, strict=True))
        drawn[name] = Curve(runs.mean(axis=0), low, high)
    axes = draw_curves(drawn, title, "best validation accuracy so far, %", lowest=lowest)
    save_figure(axes, file)


if __name__ == "__main__":
    main()
