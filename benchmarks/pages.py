"""What the leaderboard scripts share: a run over several seeds, and the page made of it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from naslib_proxydata.assemble.leaderboard import Leaderboard, run_leaderboard
from naslib_proxydata.config import DATA_VARIABLE, LeaderboardConfig
from naslib_proxydata.leaderboard.rows import Row

DOCS = Path(__file__).parent.parent / "docs"


def arguments(
    description: str, *, n: int, out: str, seeds: str = "0,1,2", **batches: int
) -> argparse.Namespace:
    """Read the options that all leaderboard scripts have, and the batches of some predictors."""
    parser = argparse.ArgumentParser(description=description)
    default = os.environ.get(DATA_VARIABLE, "../shared/data")
    parser.add_argument("--data-root", type=Path, default=Path(default))
    parser.add_argument("--images", help="default: the CIFAR-10 subset of the data root")
    parser.add_argument("--n", type=int, default=n, help="architectures a seed and benchmark")
    parser.add_argument("--seeds", default=seeds, help="each draws architectures of its own")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path("runs") / out)
    for name, batch in batches.items():
        parser.add_argument(f"--{name}-batch", type=int, default=batch, help="number of images")
    parser.add_argument("--note", default="", help="a sentence for the page on how it was run")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where page and figures go")
    return parser.parse_args()


def run(options: argparse.Namespace, **changes: Any) -> Leaderboard:
    """Run one leaderboard with the options; what its folder holds is not computed again."""
    images = options.images or f"cifar10:{options.data_root / 'cifar10_train10000.npz'}"
    values = {
        "data_root": options.data_root,
        "images": images,
        "n": options.n,
        "seed": options.seeds,
        "workers": options.workers,
        "device": options.device,
        "out": options.out,
        **changes,
    }
    return run_leaderboard(LeaderboardConfig.parse(values, "benchmark"))


def markdown_table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table of cells that are texts already."""
    body = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in body)


def mean_table(rows: Sequence[Row]) -> list[str]:
    """Return a Markdown table of one dataset: mean and spread over seeds."""
    lines = [
        "| predictor | Spearman | top 10 % | failed | s / architecture | paper Spearman |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    groups = [
        [row for row in rows if row.predictor == name] for name in {r.predictor for r in rows}
    ]
    for group in sorted(groups, key=lambda group: -_mean(group, "spearman")):
        paper = group[0].paper_spearman
        cells = (
            f"`{group[0].predictor}`",
            _with_spread(group),
            f"{100 * _mean(group, 'top10_retrieval'):.0f} %",
            f"{sum(row.n_failed for row in group)}",
            f"{_mean(group, 'seconds_per_architecture'):.2g}",
            "" if np.isnan(paper) else f"{paper:.2f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def provenance(board: Leaderboard) -> str:
    """Say what the figures of a leaderboard were measured with."""
    env: Mapping[str, Any] = json.loads((board.folder / "env.json").read_text())
    seeds = ", ".join(map(str, env["seeds"]))
    spread = (
        f"± is the standard deviation over the seeds {seeds}, each"
        if len(env["seeds"]) > 1
        else f"One seed, {seeds},"
    )
    return (
        f"{device_and_versions(env)} One thread a score. {spread} with its own draw of "
        "architectures, initial weights and images; n is per seed."
    )


def device_and_versions(env: Mapping[str, Any]) -> str:
    """Say on what something ran, from what ``report.environment`` returned."""
    packages = ", ".join(f"{name} {number}" for name, number in env["packages"].items())
    return f"Device: {env['device']} ({env['device_name']}), Python {env['python']}, {packages}."


def copy_figure(board: Leaderboard, name: str, target: Path) -> None:
    """Copy one of the run's figures into the documentation."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(board.folder / "plots" / name, target)


def _mean(rows: Sequence[Row], field: str) -> float:
    return float(np.mean([getattr(row, field) for row in rows]))


def _with_spread(rows: Sequence[Row]) -> str:
    """Return mean and standard deviation over seeds, or one seed's rho with its interval."""
    if len(rows) > 1:
        return f"{_mean(rows, 'spearman'):.3f} ± {_deviation(rows, 'spearman'):.3f}"
    row = rows[0]
    return f"{row.spearman:.3f} [{row.spearman_low:.2f}, {row.spearman_high:.2f}]"


def _deviation(rows: Sequence[Row], field: str) -> float:
    """Return the sample standard deviation."""
    return float(np.std([getattr(row, field) for row in rows], ddof=1))
