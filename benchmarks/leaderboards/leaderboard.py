"""Run a leaderboard of the documentation, or all of them, and write its rows and figures.

    python benchmarks/leaderboards/leaderboard.py nb101
    python benchmarks/leaderboards/leaderboard.py all --workers 2

Each is a YAML file beside this script, as for ``naslib-proxydata leaderboard --config``; predictors
look at the CIFAR-10 images of the data root. Run again, it goes on where it stopped.
``--set n=5`` and the like try one on less; give ``--results`` another folder then.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from naslib_proxydata.assemble.leaderboard import Leaderboard, run_leaderboard
from naslib_proxydata.config import LeaderboardConfig, resolve
from naslib_proxydata.figures import GREY, axes_of, save_figure
from naslib_proxydata.leaderboard.rows import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import (
    arguments,
    cifar10,
    data_root,
    deviation,
    run_line,
    write_csv,
    write_json,
)

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("*.yaml"))
PLOTS = {"nb201": ("spearman_nb201_cifar10.png", "cost_nb201_cifar10.png")}
"""Figures of a run that the documentation shows, instead of the one that is drawn here."""

FROM_DEMO = ("nb201",)
"""Read from the extra ``demo``, whose table anybody can install and which knows every training."""


def main() -> None:
    options = given()
    for name in NAMES if options.name == "all" else [options.name]:
        given_options = {
            "images": options.images or cifar10(),
            "workers": options.workers,
            "device": options.device,
            "data_root": data_root(),
            "out": options.out / f"leaderboard_{name}",
        }
        file = HERE / f"{name}.yaml"
        config = resolve(LeaderboardConfig, file, given_options, options.assignments)
        if name in FROM_DEMO:
            config = config.model_copy(update={"data_root": None})
        write(run_leaderboard(config), name, options.results)


def given() -> argparse.Namespace:
    """Read the command line."""
    parser = arguments(__doc__, "")
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--images", help="default: the 10,000 CIFAR-10 images of the data root")
    parser.add_argument("--workers", type=int, help="processes that score")
    parser.add_argument("--device", help="'auto', 'cpu', 'cuda', ...")
    parser.add_argument(
        "--set", dest="assignments", action="append", default=[], metavar="KEY=VALUE"
    )
    return parser.parse_args()


def write(board: Leaderboard, name: str, results: Path) -> None:
    """Write a run's rows, what it ran on, and its figures."""
    assert board.folder is not None  # a run in a folder, as all here are
    page = f"leaderboard_{name}"
    write_csv(results / "data" / f"{page}.csv", [line(rows) for rows in by_predictor(board.rows)])
    env = json.loads((board.folder / "env.json").read_text(encoding="utf-8"))
    write_json(
        results / "data" / f"{page}.json",
        measured_on=run_line(board.folder),
        n=max(row.n for row in board.rows),
        seeds=env["seeds"],
        absent=[f"{one.benchmark}:{one.dataset}" for one in board.absent],
    )
    figures = results / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    for plot in PLOTS.get(name, ()):
        shutil.copyfile(board.folder / "plots" / plot, figures / plot)
    if name not in PLOTS:
        draw(board.rows, figures / f"{page}.png")


def by_predictor(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of all seeds of each benchmark, dataset and predictor, in their order."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.benchmark, row.dataset, row.predictor), []).append(row)
    return list(groups.values())


def line(rows: Sequence[Row]) -> dict[str, Any]:
    """Return one seed's row, or the mean over seeds with the deviation of Spearman's rho.

    A mean has no interval, and its source is a file's name: the path is where it lay.
    """
    first = replace(rows[0], source=Path(rows[0].source).name)
    if len(rows) == 1:
        return first.plain()
    means = {
        name: float(np.mean([getattr(row, name) for row in rows]))
        for name in (
            *("spearman", "kendall", "top10_retrieval", "seconds_per_architecture"),
            "noise_ceiling",
        )
    }
    sums = {name: sum(getattr(row, name) for row in rows) for name in ("n_failed", "n_no_signal")}
    none = dict.fromkeys(("spearman_low", "spearman_high"), np.nan)
    spread = deviation([row.spearman for row in rows])
    seeds = " ".join(str(row.seed) for row in rows)
    return {**first.plain(), **means, **sums, **none, "spearman_std": spread, "seed": seeds}


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw rho by task with its 95 % interval, predictors side by side."""
    tasks = list(dict.fromkeys((row.benchmark, row.dataset) for row in rows))
    names = list(dict.fromkeys(row.predictor for row in rows))
    axes: Any = axes_of(None, 7.5, 1.6 + 0.55 * len(tasks))
    for place, name in enumerate(names):
        rho, low, high = (
            np.array([mean(rows, field, *task, name) for task in tasks])
            for field in ("spearman", "spearman_low", "spearman_high")
        )
        heights = np.arange(len(tasks)) + 0.7 * ((place + 0.5) / len(names) - 0.5)
        errors = np.abs(np.stack([rho - low, high - rho]))
        axes.errorbar(rho, heights, xerr=errors, fmt="o", markersize=4, linewidth=1, label=name)
    axes.set_yticks(range(len(tasks)), labels(tasks), fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel("Spearman's rho with the measured value (95 % bootstrap interval)")
    axes.set_xlim(-1, 1)
    axes.figure.legend(loc="outside upper center", ncols=len(names), fontsize=8, frameon=False)
    save_figure(axes, path)


def mean(rows: Sequence[Row], field: str, benchmark: str, dataset: str, predictor: str) -> float:
    """Return the mean of a field over the seeds of a predictor on a task."""
    mine = (benchmark, dataset, predictor)
    found = [row for row in rows if (row.benchmark, row.dataset, row.predictor) == mine]
    return float(np.mean([getattr(row, field) for row in found]))


def labels(tasks: Sequence[tuple[str, str]]) -> list[str]:
    """Return the tasks' names, with their space where there are several."""
    one_space = len({space for space, _ in tasks}) == 1
    return [dataset if one_space else f"{space}\n{dataset}" for space, dataset in tasks]


if __name__ == "__main__":
    main()
