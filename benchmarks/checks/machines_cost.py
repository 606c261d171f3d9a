"""Work out what a leaderboard of all cells of NAS-Bench-101 costs on 100 machines.

    python benchmarks/checks/machines_cost.py

Takes the seconds of each predictor's scores from the leaderboard of NAS-Bench-101
(``scores_nb101.csv.gz``: one CPU core), and what one process stores from ``writers.csv``, both in
``docs/results/data``. Nothing is measured here. Writes ``data/machines_cost.csv``.
"""

from __future__ import annotations

import csv
import gzip
import statistics
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import RESULTS, arguments, read_csv, write_csv

CELLS = 423_624
MACHINES = 100


def seconds_by_predictor(path: Path) -> dict[str, list[float]]:
    """Return the seconds of every score of a leaderboard, by predictor."""
    found: dict[str, list[float]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["seconds"]:
                found[row["predictor"]].append(float(row["seconds"]))
    return found


def main() -> None:
    options = arguments(__doc__ or "", "machines_cost").parse_args()
    stored = next(
        float(row["rate"])
        for row in read_csv(options.results / "data" / "writers.csv")
        if row["way"] == "100 cards" and row["seconds_a_score"] == "0"
    )
    rows = []
    measured = seconds_by_predictor(RESULTS / "data" / "scores_nb101.csv.gz")
    for predictor, seconds in measured.items():
        mean = statistics.mean(seconds)
        arriving = MACHINES / mean
        rows.append(
            {
                "predictor": predictor,
                "n": len(seconds),
                "seconds": mean,
                "core_days": CELLS * mean / 86_400,
                "hours": CELLS / min(arriving, stored) / 3600,
                "arriving": arriving,
                "of_stored": arriving / stored,
            }
        )
    rows.sort(key=lambda row: -row["seconds"])
    write_csv(options.results / "data" / "machines_cost.csv", rows)


if __name__ == "__main__":
    main()
