"""What Eproxy's barrier and its images are worth: leaderboards with and without them.

    python benchmarks/experiments/ablation_eproxy.py --n 100 --seeds 0,1,2

Each variant keeps its scores in a folder of its own, so that running again computes nothing. A
single one by hand is

    naslib-proxydata leaderboard --predictors eproxy --set predictors.eproxy.barrier=false
    naslib-proxydata leaderboard --predictors eproxy --set predictors.eproxy.images=noise
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import naslib_proxydata
from naslib_proxydata.leaderboard.rows import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, write_csv

VARIANTS: dict[str, dict[str, Any]] = {
    "release": {},
    "without-barrier": {"barrier": False},
    "noise-images": {"images": "noise"},
    "paper": {"preset": "paper"},
    "paper-without-barrier": {"preset": "paper", "barrier": False},
}
COLUMNS = (
    *("benchmark", "dataset", "seed", "n", "n_failed", "n_no_signal", "spearman"),
    *("spearman_low", "spearman_high", "kendall", "top10_retrieval", "images"),
)


def main() -> None:
    options = given()
    rows = [
        {"variant": name, **{column: getattr(row, column) for column in COLUMNS}}
        for name in options.variants.split(",")
        for row in measured(name, options)
    ]
    write_csv(options.results / "data" / "ablation_eproxy.csv", rows)


def given() -> argparse.Namespace:
    """Read the command line."""
    parser = arguments(__doc__, "ablation_eproxy")
    parser.add_argument("--benchmark", default="nb201")
    parser.add_argument("--dataset", help="default: the benchmark's first")
    parser.add_argument("--images", help="default: 64 CIFAR-10 images of the data root")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="comma-separated")
    parser.add_argument("--n", type=int, default=30, help="architectures")
    parser.add_argument("--seeds", default="0", help="of weights and images, comma-separated")
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


def measured(variant: str, options: argparse.Namespace) -> list[Row]:
    """Rank the same architectures by one variant, with every seed."""
    board = naslib_proxydata.rank(
        benchmark=options.benchmark,
        dataset=options.dataset,
        predictors={"eproxy": VARIANTS[variant]},
        images=options.images or cifar10("cifar10_batch64.npz"),
        n=options.n,
        seed=[int(seed) for seed in options.seeds.split(",")],
        sample_seed=0,
        workers=options.workers,
        data_root=data_root(),
        out=options.out / variant,
    )
    return [row for row in board.rows if row.predictor == "eproxy"]


if __name__ == "__main__":
    main()
