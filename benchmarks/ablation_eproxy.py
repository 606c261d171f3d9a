"""What Eproxy's barrier and its images are worth: leaderboards with and without them.

    python benchmarks/ablation_eproxy.py --data-root ../shared/data --n 100 --seeds 0,1,2

Writes ``ablation.csv`` and ``ablation.md`` into the run folder; each variant keeps its scores in
a folder of its own, so that running again computes nothing. A single one by hand is

    naslib-proxydata leaderboard --predictors eproxy --set predictors.eproxy.barrier=false
    naslib-proxydata leaderboard --predictors eproxy --set predictors.eproxy.images=noise
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np

from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.leaderboard.rows import Row

VARIANTS: dict[str, dict[str, Any]] = {
    "release": {},
    "without-barrier": {"barrier": False},
    "noise-images": {"images": "noise"},
    "paper": {"preset": "paper"},
    "paper-without-barrier": {"preset": "paper", "barrier": False},
}
COLUMNS = ["variant", "benchmark", "dataset", "seed", "n", "n_failed", "n_no_signal"]
COLUMNS += ["spearman", "spearman_low", "spearman_high", "kendall", "top10_retrieval", "images"]


def main() -> None:
    options = arguments()
    chosen = options.variants.split(",")
    rows = {name: measured(name, options) for name in chosen}
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "ablation.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for name, group in rows.items():
            for row in group:
                writer.writerow([name, *(getattr(row, column) for column in COLUMNS[1:])])
    text = table(rows)
    (options.out / "ablation.md").write_text(text, encoding="utf-8")
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--benchmark", default="nb201")
    parser.add_argument("--dataset", help="default: the benchmark's first")
    parser.add_argument("--images", help="default: the CIFAR-10 subset of the data root")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="comma-separated")
    parser.add_argument("--n", type=int, default=30, help="architectures")
    parser.add_argument("--seeds", default="0", help="of weights and images, comma-separated")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation_eproxy"))
    return parser.parse_args()


def measured(variant: str, options: argparse.Namespace) -> list[Row]:
    """Rank the same architectures by one variant, with every seed."""
    values: dict[str, Any] = {
        "benchmark": options.benchmark,
        "predictors": {"eproxy": VARIANTS[variant]},
        "data_root": options.data_root,
        "images": options.images or f"cifar10:{options.data_root / 'cifar10_batch64.npz'}",
        "n": options.n,
        "seed": options.seeds,
        "sample_seed": 0,
        "workers": options.workers,
        "out": options.out / variant,
    }
    if options.dataset:
        values["dataset"] = options.dataset
    board = run_leaderboard(LeaderboardConfig.parse(values, "ablation"))
    return [row for row in board.rows if row.predictor == "eproxy"]


def table(rows: dict[str, list[Row]]) -> str:
    """Return a Markdown table: mean over seeds, their standard deviation, every seed's value."""
    lines = [
        "| variant | Spearman | by seed | top 10 % | failed |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, group in rows.items():
        rho = np.array([row.spearman for row in group])
        spread = f" ± {rho.std(ddof=1):.3f}" if len(rho) > 1 else ""
        retrieval = np.mean([row.top10_retrieval for row in group])
        each = ", ".join(f"{value:.3f}" for value in rho)
        failed = sum(row.n_failed for row in group)
        lines.append(f"| {name} | {rho.mean():.3f}{spread} | {each} | {retrieval:.0%} | {failed} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
