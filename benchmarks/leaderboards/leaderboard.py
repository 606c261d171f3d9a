"""Run a leaderboard of the documentation, or all of them, and write its scores, rows and figures.

    python benchmarks/leaderboards/leaderboard.py nb101
    python benchmarks/leaderboards/leaderboard.py all --workers 2
    python benchmarks/leaderboards/leaderboard.py nb101 --runs runs/eproxy runs/zero_cost
    python benchmarks/leaderboards/leaderboard.py nb101 --from-scores

Each is a YAML file beside this script, as for ``naslib-proxydata leaderboard --config``; predictors
look at the CIFAR-10 images of the data root. Run again, it goes on where it stopped.
``--set n=5`` and the like try one on less; give ``--results`` another folder then.

All scores are written to ``data/scores_NAME.csv.gz``, and rows and figures made from there: of a
run of its own, of the run folders of ``--runs``, whose scores are put together (``--add`` puts them
to those that the file holds), or of the file as it is with ``--from-scores``, which takes seconds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.assemble.tasks import Task, find_tasks
from naslib_proxydata.config import LeaderboardConfig, resolve
from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.figures import new_figure, save_figure
from naslib_proxydata.leaderboard import plots
from naslib_proxydata.leaderboard.labels import mean_interval
from naslib_proxydata.leaderboard.report import by_task
from naslib_proxydata.leaderboard.rows import Row
from naslib_proxydata.runs.setup import load_plugins

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import arguments, data_root, deviation, write_csv, write_json
from gathering import gathered
from ranked import evaluations
from scores import Scored, merged, read_scores, write_scores

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("*.yaml"))
PLOTS = {"nb201": {"spearman": plots.draw_spearman, "cost": plots.draw_cost}}
"""What is drawn of the first task, instead of a figure with a panel for each."""

FROM_DEMO = ("nb201",)
"""Read from the extra ``demo``, whose table anybody can install and which knows every training."""


def main() -> None:
    options = given()
    names = NAMES if options.name == "all" else [options.name]
    try:
        done = [name for name in names if made(name, options)]
    except ProxyDataError as error:
        raise SystemExit(f"error: {error}") from error
    if not done:
        raise SystemExit(
            f"no scores of {', '.join(names)}: {options.results / 'data'} holds no "
            f"scores_NAME.csv.gz, or the folders of --runs ({shown(options.runs)}) hold none of "
            "its benchmarks; run without --from-scores, or give other folders"
        )


def made(name: str, options: argparse.Namespace) -> bool:
    """Gather the scores of a leaderboard and write it; False where there are none."""
    config = configured(name, options)
    data = options.results / "data"
    scores = read_scores(data, name) if options.from_scores or options.add else []
    if not options.from_scores:
        folders, commit = options.runs, options.commit
        if not folders:
            folders, commit = [run_leaderboard(config).folder], commit or head()
        root = config.data_root
        found = [one for folder in folders for one in gathered(folder, root, commit)]
        scores = merged([*scores, *of_board(found, config)])
        if scores:
            write_scores(scores, data, name)
    if scores:
        write(config, scores, name, options.results)
    return bool(scores)


def configured(name: str, options: argparse.Namespace) -> LeaderboardConfig:
    """Return the configuration of a leaderboard."""
    given_options = {
        "images": options.images or str(data_root() / "cifar10_train10000.npz"),
        "workers": options.workers,
        "device": options.device,
        "data_root": data_root(),
        "out": options.out / f"leaderboard_{name}",
    }
    config = resolve(LeaderboardConfig, HERE / f"{name}.yaml", given_options, options.assignments)
    return config.model_copy(update={"data_root": None}) if name in FROM_DEMO else config


def tasks_of(name: str) -> list[Task]:
    """Return the tables that a leaderboard ranks on, as far as they are at hand."""
    return find_tasks(configured(name, given([name])), load_plugins(()))[0]


def of_board(found: Sequence[Scored], config: LeaderboardConfig) -> list[Scored]:
    """Return the scores of the benchmarks that a leaderboard ranks on."""
    benchmarks = {item.partition(":")[0] for item in config.suite} or set(config.benchmark)
    return [one for one in found if one.benchmark in benchmarks]


def shown(folders: Sequence[Path] | None) -> str:
    return ", ".join(map(str, folders or ())) or "none given"


def head() -> str | None:
    """Return the commit that is checked out, None where that is not known."""
    command = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def given(line: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line, or another line."""
    parser = arguments(__doc__, "")
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--images", help="default: the 10,000 CIFAR-10 images of the data root")
    parser.add_argument("--workers", type=int, help="processes that score")
    parser.add_argument("--device", help="'auto', 'cpu', 'cuda', ...")
    parser.add_argument(
        "--set", dest="assignments", action="append", default=[], metavar="KEY=VALUE"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--runs", type=Path, nargs="+", metavar="DIR", help="run folders to put together"
    )
    source.add_argument("--from-scores", action="store_true", help="rank the stored scores again")
    parser.add_argument("--add", action="store_true", help="keep the scores that are stored")
    parser.add_argument("--commit", help="of the code that made the folders of --runs")
    return parser.parse_args(line)


def write(config: LeaderboardConfig, scores: Sequence[Scored], name: str, results: Path) -> None:
    """Write the rows of stored scores, what they ran on, and figures."""
    found, absent = evaluations(config, scores)
    rows = [one.row for one in found]
    page = f"leaderboard_{name}"
    write_csv(results / "data" / f"{page}.csv", [line(each) for each in by_predictor(rows)])
    runs = [one.facts["run"] for one in scores]
    machines = dict.fromkeys(run["measured_on"] for run in runs if run["measured_on"])
    write_json(
        results / "data" / f"{page}.json",
        measured_on=" ".join(machines),
        commits=sorted({run["commit"] for run in runs if run["commit"]}),
        dates=sorted({run["date"] for run in runs}),
        n=max(row.n for row in rows),
        n_least=min(row.n for row in rows),
        seeds=sorted({row.seed for row in rows}),
        absent=[f"{one.benchmark}:{one.dataset}" for one in absent],
    )
    figures = results / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    if name not in PLOTS:
        draw(rows, figures / f"{page}.png")
        return
    first = next(iter(by_task(rows).values()))
    for kind, draw_one in PLOTS[name].items():
        save_figure(
            draw_one(first), figures / f"{kind}_{first[0].benchmark}_{first[0].dataset}.png"
        )


def by_predictor(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of all seeds of each benchmark, dataset and predictor, in their order."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.benchmark, row.dataset, row.predictor), []).append(row)
    return list(groups.values())


def line(rows: Sequence[Row]) -> dict[str, Any]:
    """Return one seed's row, or the mean over seeds with the deviation of Spearman's rho.

    The intervals of a mean are Student's over seeds, each of which has a draw of its own. A
    source is a file's name: the path is where it lay.
    """
    first = replace(rows[0], source=Path(rows[0].source).name).plain()
    if len(rows) == 1:
        return first
    several = [row.plain() for row in rows]
    names = ("kendall", "seconds_per_architecture", "noise_ceiling", *rows[0].metrics)
    means = {name: float(np.mean([each[name] for each in several])) for name in names}
    sums = {name: sum(each[name] for each in several) for name in ("n_failed", "n_no_signal")}
    rho = spread([row.spearman for row in rows], "spearman", "spearman")
    top = spread([row.top10_retrieval for row in rows], "top10_retrieval", "top10")
    return {**first, **means, **sums, **rho, **top, "seed": " ".join(str(row.seed) for row in rows)}


def spread(values: Sequence[float], mean_name: str, name: str) -> dict[str, float]:
    """Return mean, interval of the mean and deviation of one measure over seeds, by column."""
    low, high = mean_interval(values)
    return {
        mean_name: float(np.mean(values)),
        f"{name}_low": low,
        f"{name}_high": high,
        f"{name}_std": deviation(values),
    }


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw rho with its 95 % interval, a panel a task; an open diamond is the published value."""
    tasks = list(by_task(rows).values())
    across = min(2, len(tasks))
    down = -(-len(tasks) // across)
    height = 1.1 + 0.24 * len({row.predictor for row in rows})
    figure = new_figure(5.2 * across, height * down + 0.4)
    panels = figure.subplots(down, across, squeeze=False).ravel()
    legend: dict[str, Any] = {}
    for panel, task in zip(panels, tasks, strict=False):
        plots.draw_spearman(task, panel)
        panel.title.set_fontsize(9)  # a line of its own for each of two, in half the width
        for handle, text in zip(*panel.get_legend_handles_labels(), strict=True):
            legend[text] = handle
        if panel.get_legend() is not None:
            panel.get_legend().remove()
    for panel in panels[len(tasks) :]:
        panel.set_axis_off()
    if legend:
        figure.legend(legend.values(), legend.keys(), loc="outside lower center", fontsize=9)
    save_figure(figure, path)


if __name__ == "__main__":
    main()
