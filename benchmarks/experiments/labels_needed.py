"""Measure what 10, 20, 50 and 100 labels buy on every space: the practitioner's table.

    python benchmarks/experiments/labels_needed.py

500 random architectures of each table, of which the labelled are drawn; what is kept in ``--out`` is not
run again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.leaderboard.rows import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, write_csv

LABELS = (10, 20, 50, 100)
DRAWS, N = 10, 500
STRUCTURE, TRANSFER = "few-label-structure", "few-label-transfer"
SPACES = {
    "NAS-Bench-201": ("nb201",),
    "NAS-Bench-101": ("nb101",),
    "TransNAS-Bench-101 micro": ("transnas-micro",),
    "TransNAS-Bench-101 macro": ("transnas-macro",),
    "NAS-Bench-MR": ("nasbench-mr",),
    "DARTS": ("darts",),
}


def main() -> None:
    parser = arguments(__doc__, "labels_needed")
    options = parser.parse_args()
    lines: list[dict[str, Any]] = []
    for space, benchmarks in SPACES.items():
        for labels in LABELS:
            started = time.process_time()
            rows = [row for name in benchmarks for row in ranked(options.out, name, labels)]
            seconds = time.process_time() - started
            lines += [
                line(space, labels, predictor, rows, seconds) for predictor in (STRUCTURE, TRANSFER)
            ]
            write_csv(options.results / "data" / "labels_needed.csv", [one for one in lines if one])


def ranked(out: Path, name: str, labels: int) -> Sequence[Row]:
    """Return the rows of every dataset of a table."""
    datasets = list(naslib_proxydata.table(name, data_root()).columns())
    predictors = {STRUCTURE: {}} | ({TRANSFER: {}} if len(datasets) > 1 else {})
    return naslib_proxydata.rank(
        name,
        predictors,
        N,
        dataset=datasets,
        labels=labels,
        draws=DRAWS,
        data_root=data_root(),
        out=out / f"{name}_{labels}",
    ).rows


def line(
    space: str, labels: int, predictor: str, rows: Sequence[Row], seconds: float
) -> dict[str, Any]:
    """Return the mean over tasks, and over draws; empty where the predictor was not ranked."""
    mine = [row for row in rows if row.predictor == predictor]
    if not mine:
        return {}
    return {
        "space": space,
        "tasks": len(mine),
        "ranked": mine[0].n,
        "labels": labels,
        "predictor": predictor,
        "spearman": float(np.mean([row.spearman for row in mine])),
        "spearman_std": float(np.mean([row.spearman_std for row in mine])),
        "top10_retrieval": float(np.mean([row.top10_retrieval for row in mine])),
        "cpu_seconds_of_all": seconds,
    }


if __name__ == "__main__":
    main()
