"""Count the queries until a search finds the best cell of NAS-Bench-201.

    python benchmarks/experiments/queries_nb201.py

The protocol of table 7 of arXiv 2210.09459. What a run found is kept in ``--out``, and is not
run again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.evolution.plots import draw_shares
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.figures import save_figure
from naslib_proxydata.leaderboard.labels import mean_interval

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, kept, write_csv
from search_protocol import GUIDED, Protocol

DATASETS = ("cifar10", "cifar100")
METRIC = "validation_accuracy"
MOST = {"random": 16_000, "re": 5_000, GUIDED: 300}
"""Queries after which a run counts as one that did not find the best cell."""
EVALUATIONS = 200
NAMES = {
    "random": "random search",
    "re": "regularised evolution",
    GUIDED: f"evolution on {GUIDED}",
}


def main() -> None:
    parser = arguments(__doc__, "queries_nb201")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    options = parser.parse_args()
    table = naslib_proxydata.table("nb201", data_root())
    runs = options.out / "runs.jsonl"
    found: dict[tuple[str, str], list[int | None]] = {}
    for dataset in DATASETS:
        protocol = Protocol(table, (dataset, METRIC), "re", EVALUATIONS)
        for method in MOST:
            found[dataset, method] = [
                kept(runs, counted, dataset, method, seed, given=protocol)
                for seed in range(options.seeds)
            ]
    rows = [line(*key, numbers) for key, numbers in found.items()]
    write_csv(options.results / "data" / "queries_nb201.csv", rows)
    draw(found, options.results / "figures")


def counted(protocol: Protocol, dataset: str, method: str, seed: int) -> int | None:
    """Return the number of the query that found the dataset's best cell, None where none did."""
    best = protocol.space.parse(protocol.texts[int(np.argmax(protocol.values))])
    sought = protocol.domain.key(best)

    def done(true: TrueFitness[Any]) -> bool:
        return sought in true.values

    true = protocol.run(method, seed, MOST[method], done)
    return next((one.number for one in true.queries if one.hash == sought), None)


def line(dataset: str, method: str, numbers: Sequence[int | None]) -> dict[str, Any]:
    """Return how many runs found it; mean, median and worst of their queries."""
    most = MOST[method]
    known = [number for number in numbers if number is not None]
    ordered = sorted(most + 1 if number is None else number for number in numbers)
    mean, (low, high) = ("", ("", "")) if not known else (np.mean(known), mean_interval(known))
    return {
        "dataset": dataset,
        "search": NAMES[method],
        "found": len(known),
        "runs": len(numbers),
        "mean": mean,
        "low": low,
        "high": high,
        "median": limited(float(np.median(ordered)), most),
        "worst": limited(ordered[-1], most),
    }


def limited(number: float, most: int) -> str:
    """Return a number of queries, which is not known beyond the most that were made."""
    return f"{number:.0f}" if number <= most else f"over {most}"


def draw(found: Mapping[tuple[str, str], Sequence[int | None]], folder: Path) -> None:
    """Draw the share of the runs that have found the first dataset's best cell."""
    axes = draw_shares(
        {NAMES[method]: list(found[DATASETS[0], method]) for method in MOST},
        f"NAS-Bench-201, {DATASETS[0]}: runs that have found the best cell",
    )
    save_figure(axes, folder / "queries_nb201.png")


if __name__ == "__main__":
    main()
