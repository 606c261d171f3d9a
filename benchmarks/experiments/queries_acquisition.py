"""Count the queries until the best cell of NAS-Bench-201, with smaller batches and uncertainty.

    python benchmarks/experiments/queries_acquisition.py

The protocol of ``queries_nb201.py``. What a run found is kept in ``--out``, and is not run again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import naslib_proxydata
from naslib_proxydata import plugins
from naslib_proxydata.leaderboard.labels import mean_interval
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.predictors.few_label.transfer import FewLabelTransfer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, kept, read_csv, write_csv
from queries_nb201 import METRIC, counted
from search_protocol import GUIDED, Protocol

DATASETS = ("cifar10", "cifar100", "imagenet16")
MOST = 300
"""Queries after which a run counts as one that did not find the best cell."""


class Search(NamedTuple):
    """A search by prediction; fields as in :class:`Protocol`."""

    transfer: bool
    acquisition: str | None
    labels: int
    per_round: int
    evaluations: int


SEARCHES = {
    "as in queries_nb201": Search(False, None, 20, 10, 200),
    "batches of 5": Search(False, None, 10, 5, 500),
    "batches of 5, expected improvement": Search(False, "expected_improvement", 10, 5, 500),
    "batches of 5, confidence bound": Search(False, "upper_confidence_bound", 10, 5, 500),
    "batches of 5, top-two Thompson": Search(False, "top_two_thompson", 10, 5, 500),
    "the same with transfer": Search(True, "upper_confidence_bound", 0, 5, 500),
}


def main() -> None:
    parser = arguments(__doc__, "queries_acquisition")
    parser.add_argument("--seeds", type=int, default=50, help="how many")
    parser.add_argument("--datasets", default=",".join(DATASETS), help="comma-separated")
    parser.add_argument("--searches", help="some of them only, comma-separated numbers from 0")
    options = parser.parse_args()
    names = list(SEARCHES)
    if options.searches:
        names = [names[int(number)] for number in options.searches.split(",")]
    for name in names:
        for dataset in options.datasets.split(","):
            protocol = made(SEARCHES[name], dataset)
            for seed in range(options.seeds):
                kept(file_of(options.out, name), counted, dataset, GUIDED, seed, given=protocol)
            path = options.results / "data" / "queries_acquisition.csv"
            write_csv(path, merged(read_csv(path), lines(options.out)))


def file_of(folder: Path, name: str) -> Path:
    """Return where the runs of a search are kept."""
    return folder / f"{name.replace(' ', '_')}.jsonl"


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return a line for every dataset and search of which runs are kept."""
    found = []
    for dataset in DATASETS:
        for name in SEARCHES:
            path = file_of(folder, name)
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            records = [json.loads(record) for record in text.splitlines()]
            numbers = [one["value"] for one in records if one["key"].split()[0] == dataset]
            if numbers:
                found.append(line(dataset, name, numbers))
    return found


def merged(before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of now, and those before of searches of which no runs are kept."""
    found = {(row["dataset"], row["search"]): row for row in (*before, *now)}
    keys = ((dataset, name) for dataset in DATASETS for name in SEARCHES)
    return [found[key] for key in keys if key in found]


def made(search: Search, dataset: str) -> Protocol:
    """Return the searches of one dataset."""
    predictor: FewLabelStructure[Any] = FewLabelStructure()
    if search.transfer:
        predictor = FewLabelTransfer(plugins.load(), sources=["nb201"], data_root=data_root())
    return Protocol(
        naslib_proxydata.table("nb201", data_root()),
        (dataset, METRIC),
        "re",
        search.evaluations,
        predictor=predictor,
        acquisition=search.acquisition,
        labels=search.labels,
        per_round=search.per_round,
    )


def line(dataset: str, name: str, numbers: list[int | None]) -> dict[str, Any]:
    """Return how many runs found the best cell; mean, median and worst of their queries."""
    search = SEARCHES[name]
    known = [number for number in numbers if number is not None]
    low, high = mean_interval(known)
    return {
        "dataset": dataset,
        "search": name,
        "labels": search.labels,
        "per_round": search.per_round,
        "found": len(known),
        "runs": len(numbers),
        "mean": float(np.mean(known)),
        "low": low,
        "high": high,
        "median": float(np.median(known)),
        "worst": max(known),
    }


if __name__ == "__main__":
    main()
