"""Rank NAS-Bench-201 cells by proxies searched anew for each of twenty draws of labels.

    python benchmarks/experiments/dps_draws.py

The protocol of ``leaderboard --labels 20 --draws 20`` on small networks, as in ``dps_cost.py``,
whose settings it takes: 8 channels, one cell a stage, 8 CIFAR-10 images of 16x16. Of 60 random
cells 20 are labelled, ``dps`` searches 60 cycles, and the other 40 are ranked; it does so raced,
as it is by default, and not. About 2 CPU minutes a draw; one that was finished is not repeated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import naslib_proxydata
from naslib_proxydata.leaderboard.labels import draw_labels, mean_interval
from naslib_proxydata.predictors.base import LearningPredictor, Predictor
from naslib_proxydata.predictors.dps.predictor import Dps
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.predictors.floors import Macs
from naslib_proxydata.ranking import spearman, top_retrieval
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, deviation, machine_line, write_csv, write_json
from dps_cost import IMAGES, LABELS, small_task

DRAWS, CELLS_DRAWN, CYCLES = 20, 60, 60
PLAIN = "dps, racing: none"
RACING = "statistical", "none"


def main() -> None:
    parser = arguments(__doc__, "dps_draws")
    parser.add_argument("--draws", type=int, default=DRAWS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = measured(options.out / "draws.jsonl", options.draws)
    data = options.results / "data"
    write_csv(data / "dps_draws.csv", [line(rows, name) for name in rows[0]])
    gained = [row["dps"][0] - row[PLAIN][0] for row in rows]
    low, high = mean_interval(gained)
    write_json(
        data / "dps_draws.json",
        measured_on=machine_line(),
        gained=float(np.mean(gained)),
        gained_std=deviation(gained),
        gained_low=low,
        gained_high=high,
    )


def measured(kept: Path, count: int) -> list[Mapping[str, Any]]:
    """Return Spearman and top-10 % retrieval of every predictor in each draw."""
    table = naslib_proxydata.table("nb201", data_root())
    metric = table.default_metric("cifar10")
    task, shared = small_task(0)
    space = task.space
    drawn = numpy_generator("dps_draws", "cells").permutation(len(table))[:CELLS_DRAWN]
    cells = [space.canonical(space.parse(table.architectures()[int(row)])) for row in drawn]
    values = table.values("cifar10", metric)[drawn]
    raced, plain = dps_predictors(shared)
    predictors: dict[str, Predictor[Any]] = {
        "dps": raced,
        PLAIN: plain,
        "eproxy": Eproxy(batch=IMAGES),
        "few-label-structure": FewLabelStructure(),
        "macs": Macs(),
    }
    scores = {}
    for name, predictor in predictors.items():
        predictor.prepare(task)
        scores[name] = [predictor.score_one(cell) for cell in cells]
    plain._memo = raced._memo  # no score is computed twice
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    rows = [json.loads(line) for line in lines]
    draws = draw_labels(values, LABELS, DRAWS, 0, "nb201", "cifar10")
    for labelled, rest in draws[len(rows) : count]:
        row = {}
        for name, predictor in predictors.items():
            if isinstance(predictor, LearningPredictor):
                predictor.fit([scores[name][int(one)] for one in labelled], values[labelled])
            ranked = predictor.aggregate([scores[name][int(one)] for one in rest])
            row[name] = spearman(ranked, values[rest]), top_retrieval(ranked, values[rest])
        rows.append(row)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    return rows[:count]


def dps_predictors(shared: Mapping[str, Any]) -> list[Dps[Any]]:
    return [Dps(cycles=CYCLES, shared=shared, racing=racing) for racing in RACING]


def line(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Return a predictor's means over draws."""
    rhos, tops = (list(column) for column in zip(*(row[name] for row in rows), strict=True))
    low, high = mean_interval(rhos)
    return {
        "predictor": name,
        "spearman": float(np.mean(rhos)),
        "spearman_std": deviation(rhos),
        "spearman_low": low,
        "spearman_high": high,
        "top10_retrieval": float(np.mean(tops)),
        "top10_std": deviation(tops),
    }


if __name__ == "__main__":
    main()
