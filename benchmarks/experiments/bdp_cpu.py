"""DARTS on the NAS-Bench-201 cell with all data, with bi-level pruning, and on proxy data.

Per seed one search each:

- ``full``: all images, half for the weights and half for the architecture;
- ``bdp``: the same start, pruned during the search to 3.8 % (the paper's "4 %");
- ``bdp-swapped``: the same with the larger ratio on the architecture's side, for the paper does
  not print which level takes it;
- ``p1``: a tenth of the images by entropy (P1, arXiv 2106.04784, the published entropies);
- ``random``: a tenth at random.

The network is reduced so that twelve searches fit on one CPU core (options say to what); the
final cell's accuracy is the benchmark's own, of the full network after 200 epochs. One row is
written for each finished search, and a search whose row is there is not run again:

    python benchmarks/experiments/bdp_cpu.py
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import naslib_proxydata
from naslib_proxydata import plugins
from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.figures import save_figure
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.plots import draw_costs, operations_figure
from naslib_proxydata.oneshot.records import SearchResult
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.plugins import Acting, Plugins
from naslib_proxydata.plugins.naming import add_named
from naslib_proxydata.pruning.schedule import WantedSchedule
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.spaces.nb201.cell import EDGES, parse

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import (
    arguments,
    data_root,
    deviation,
    machine_line,
    read_csv,
    write_csv,
    write_json,
)

METHODS = ("full", "bdp", "bdp-swapped", "p1", "random")
PAPERS_FRACTION = (0.8**25 + 0.9**25) / 2  # what the paper calls 4 %
PROXY_SHARE = 0.1
TABLE_COLUMNS = {
    "valid_cifar10": ("cifar10", "validation_accuracy"),
    "test_cifar10": ("cifar10", "test_accuracy"),
    "test_cifar100": ("cifar100", "test_accuracy"),
}
AVERAGED = ("wall_seconds", "cpu_seconds", "examples_processed", *TABLE_COLUMNS)
Row = dict[str, str]


def choose(method: str, dataset: Dataset, seed: int) -> Selection | None:
    if method in ("full", "bdp", "bdp-swapped"):
        return None
    name = "entropy-p1" if method == "p1" else "random"
    values = None
    if method == "p1":
        with np.load(data_root() / "entropy_lists.npz") as lists:
            values = lists["cifar10_entropy"][dataset.source_index]
    size = int(PROXY_SHARE * len(dataset))
    selector = naslib_proxydata.selector(name)
    return make_selection(dataset, selector, size, seed=seed, values=values)


def acting(method: str, epochs: int, loaded: Plugins) -> Acting:
    """Return what prunes during a search: nothing, or BDP with its ratios one way or the other."""
    made = Acting()
    if method.startswith("bdp"):
        schedule = WantedSchedule(PAPERS_FRACTION).resolve(epochs)
        ratios = schedule.weights_ratio, schedule.architecture_ratio
        swapped = method == "bdp-swapped"
        add_named(made, loaded, "pruners", "bdp", {"ratios": ratios[::-1] if swapped else ratios})
    return made


def run(method: str, seed: int, dataset: Dataset, args: argparse.Namespace) -> SearchResult:
    loaded = plugins.load()
    strategy = loaded.create("strategies", args.strategy)
    settings = SearchSettings.parse(
        {**strategy.settings, "epochs": args.epochs, "seed": seed}, "the benchmark"
    )
    builder = supernet_builder(
        loaded, "nb201", channels=args.channels, cells=args.cells, partial=strategy.partial
    )
    learner = Learner(builder, strategy, settings)
    selection = choose(method, dataset, seed)
    folder = args.out / f"{args.strategy}-{method}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)  # a search that goes on would be timed short
    acts = acting(method, args.epochs, loaded)
    return Search(dataset, learner, acts, "nb201", selection, folder).run()


def measure(method: str, seed: int, dataset: Dataset, args: argparse.Namespace) -> Row:
    wall, cpu = time.perf_counter(), time.process_time()
    result = run(method, seed, dataset, args)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    table = naslib_proxydata.table("nb201", data_root())
    accuracies = {
        name: f"{table.query(result.cell, *column):.2f}" for name, column in TABLE_COLUMNS.items()
    }
    left = result.records[-1].left
    return {
        "method": method,
        "seed": str(seed),
        "wall_seconds": f"{wall:.1f}",
        "cpu_seconds": f"{cpu:.1f}",
        "examples_processed": str(result.processed),
        "left_weights": str(left["weights"]),
        "left_architecture": str(left["architecture"]),
        **accuracies,
        "cell": result.cell,
    }


def means(rows: list[Row]) -> list[dict[str, Any]]:
    """Return means and sample standard deviations over seeds, and times by those of ``full``."""
    table: dict[str, dict[str, Any]] = {}
    for method in METHODS:
        mine = [row for row in rows if row["method"] == method]
        if not mine:
            continue
        line: dict[str, Any] = {"method": method, "seeds": len(mine)}
        for key in AVERAGED:
            values = [float(row[key]) for row in mine]
            line |= {key: float(np.mean(values)), f"{key}_std": deviation(values)}
        full = table.get("full", line)
        line["wall_of_full"] = line["wall_seconds"] / full["wall_seconds"]
        line["cpu_of_full"] = line["cpu_seconds"] / full["cpu_seconds"]
        table[method] = line
    return list(table.values())


def searches(rows: list[Row]) -> list[Row]:
    """Return what each search found, its cell without the bars between operations."""
    shown = ("method", "seed", "left_weights", "left_architecture", "test_cifar10")
    return [
        {key: row[key] for key in shown} | {"cell": " ".join(row["cell"].replace("|", " ").split())}
        for row in rows
    ]


def draw(rows: list[Row], folder: Path) -> None:
    """Draw accuracy against cost, and which operations the searches of each method chose."""
    points = {
        method: [
            (float(row["cpu_seconds"]), float(row["test_cifar10"]))
            for row in rows
            if row["method"] == method
        ]
        for method in METHODS
    }
    points = {method: values for method, values in points.items() if values}
    cost = draw_costs(points, "CPU time of the search (s)", "CIFAR-10 test accuracy (%)")
    save_figure(cost, folder / "bdp_cost.png")
    for method in points:
        cells = [parse(row["cell"]).operations for row in rows if row["method"] == method]
        figure = operations_figure(EDGES, cells, method)
        save_figure(figure, folder / f"bdp_operations_{method}.png")


def main() -> None:
    parser = arguments(__doc__, "bdp_cpu")
    parser.add_argument("--strategy", default="darts")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--channels", type=int, default=4)
    parser.add_argument("--cells", type=int, default=1)
    parser.add_argument("--at-most", type=int, default=10**6, help="stop after so many searches")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    dataset = open_dataset(str(data_root() / "cifar10_train10000.npz"))
    path = args.out / "bdp_cpu.csv"
    rows = read_csv(path)
    done = {(row["method"], int(row["seed"])) for row in rows}
    todo = [(m, s) for s in args.seeds for m in args.methods if (m, s) not in done]
    for method, seed in todo[: args.at_most]:
        rows.append(measure(method, seed, dataset, args))
        write_csv(path, rows)
    data = args.results / "data"
    write_csv(data / "bdp_cpu.csv", means(rows))
    write_csv(data / "bdp_cpu_searches.csv", searches(rows))
    write_json(data / "bdp_cpu.json", measured_on=machine_line())
    draw(rows, args.results / "figures")


if __name__ == "__main__":
    main()
