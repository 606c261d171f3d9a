"""Measure NAO's best accuracy against the number of queries on NAS-Bench-201, beside the others'.

    python benchmarks/experiments/nao_queries.py

The protocol of ``accuracy_queries_nb101.py``, with the optimizers alone. What a run found is kept
in ``--out``, and is not run again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import naslib_proxydata

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from accuracy_queries_nb101 import COLUMN, best, draw, lines
from common import arguments, data_root, kept, write_csv
from search_protocol import Protocol

NAMES = {
    "random": "random search",
    "re": "regularised evolution",
    "nsga2": "NSGA-II, accuracy and MACs",
    "nao": "NAO",
}


def main() -> None:
    parser = arguments(__doc__, "nao_queries")
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    options = parser.parse_args()
    protocol = Protocol(naslib_proxydata.table("nb201", data_root()), COLUMN, "random", 1)
    curves = {}
    for method, name in NAMES.items():
        seeds = range(options.seeds)
        runs = [
            kept(options.out / "runs.jsonl", best, method, seed, given=protocol) for seed in seeds
        ]
        curves[name] = np.array(runs)  # seeds x queries
    rows = [row for name, runs in curves.items() for row in lines(name, runs)]
    write_csv(options.results / "data" / "nao_queries.csv", rows)
    title = f"NAS-Bench-201, cifar10, {options.seeds} seeds: mean and 95 %"
    draw(curves, title, options.results / "figures" / "nao_queries.png", lowest=90.0)


if __name__ == "__main__":
    main()
