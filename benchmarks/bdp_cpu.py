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
written for each finished search, and a search whose row is there is not run again. About 20 CPU
minutes; writes ``reference/bdp_cpu.md`` and its figures into the documentation:

    python benchmarks/bdp_cpu.py --data-root ../shared/data --out runs/bdp_cpu
"""

from __future__ import annotations

import argparse
import csv
import logging
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from pages import DOCS, device_and_versions

from naslib_proxydata import plugins
from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.leaderboard.report import environment
from naslib_proxydata.oneshot import plots
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.records import SearchResult
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.supernets.nb201 import NasBench201Supernet
from naslib_proxydata.pruning.bilevel import BilevelPruner, resolve_schedule
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.nb201.cell import EDGES, parse

METHODS = ("full", "bdp", "bdp-swapped", "p1", "random")
PAPERS_FRACTION = (0.8**25 + 0.9**25) / 2  # what the paper calls 4 %
PROXY_SHARE = 0.1
TABLE_COLUMNS = {
    "valid_cifar10": "cifar10_valid_200",
    "test_cifar10": "cifar10_test_200",
    "test_cifar100": "cifar100_test_200",
}
FIELDS = (
    "method",
    "seed",
    "wall_seconds",
    "cpu_seconds",
    "examples_processed",
    "left_weights",
    "left_architecture",
    *TABLE_COLUMNS,
    "cell",
)


def choose(method: str, dataset: Dataset, data_root: Path, seed: int) -> Selection | None:
    if method in ("full", "bdp", "bdp-swapped"):
        return None
    loaded = plugins.load()
    name = "entropy-p1" if method == "p1" else "random"
    values = None
    if method == "p1":
        with np.load(data_root / "entropy_lists.npz") as lists:
            values = lists["cifar10_entropy"][dataset.source_index]
    size = int(PROXY_SHARE * len(dataset))
    selector = loaded.create("selectors", name)
    return make_selection(dataset, selector, size, seed=seed, values=values)


def run(method: str, seed: int, dataset: Dataset, args: argparse.Namespace) -> SearchResult:
    loaded = plugins.load()
    if method.startswith("bdp"):
        schedule = resolve_schedule(PAPERS_FRACTION, args.epochs)
        if method == "bdp-swapped":
            schedule = replace(
                schedule,
                weights_ratio=schedule.architecture_ratio,
                architecture_ratio=schedule.weights_ratio,
            )
        loaded.manager.register(BilevelPruner(schedule), "bdp")
    strategy = loaded.create("strategies", args.strategy)
    settings = SearchSettings.parse(
        {**strategy.settings, "epochs": args.epochs, "seed": seed}, "the benchmark"
    )
    learner = Learner(
        lambda generator, depth: build(
            lambda: NasBench201Supernet(args.channels, args.cells), generator
        ),
        strategy,
        settings,
    )
    selection = choose(method, dataset, args.data_root, seed)
    folder = args.out / f"{args.strategy}-{method}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)  # a search that goes on would be timed short
    return Search(dataset, learner, loaded.manager, "nb201", selection, folder).run()


def measure(method: str, seed: int, dataset: Dataset, args: argparse.Namespace) -> dict[str, str]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = run(method, seed, dataset, args)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with np.load(args.data_root / "nb201.npz") as table:
        row = table["arch_str"].tolist().index(result.cell.encode())
        accuracies = {name: f"{table[key][row]:.2f}" for name, key in TABLE_COLUMNS.items()}
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


def read_rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def report(rows: list[dict[str, str]], args: argparse.Namespace) -> str:
    """Return a Markdown table of means and sample standard deviations over seeds."""
    numbers = ["wall_seconds", "cpu_seconds", "examples_processed", *TABLE_COLUMNS]
    lines = [
        f"| data | seeds | wall / full | CPU / full | {' | '.join(numbers)} |",
        f"| --- | --- | --- | --- | {' | '.join('---' for _ in numbers)} |",
    ]
    means = {}
    for method in METHODS:
        mine = [row for row in rows if row["method"] == method]
        if not mine:
            continue
        values = {key: np.array([float(row[key]) for row in mine]) for key in numbers}
        means[method] = {key: value.mean() for key, value in values.items()}
        base = means.get("full", means[method])
        ratios = [means[method][key] / base[key] for key in ("wall_seconds", "cpu_seconds")]
        cells = [
            f"{value.mean():.2f} ({value.std(ddof=1) if len(mine) > 1 else 0:.2f})"
            for value in values.values()
        ]
        shown = " | ".join([*(f"{ratio:.2f}" for ratio in ratios), *cells])
        lines.append(f"| {method} | {len(mine)} | {shown} |")
    return "\n".join(lines) + "\n"


def each(rows: list[dict[str, str]]) -> str:
    """Return a Markdown table of the searches one by one."""
    shown = ("method", "seed", "left_weights", "left_architecture", "test_cifar10", "cell")
    lines = [f"| {' | '.join(shown)} |", "| --- " * len(shown) + "|"]
    for row in rows:
        cell = row["cell"].replace("|", " ").replace("  ", " ").strip()
        lines.append("| " + " | ".join([*(row[key] for key in shown[:-1]), f"`{cell}`"]) + " |")
    return "\n".join(lines)


def page(rows: list[dict[str, str]], args: argparse.Namespace) -> str:
    """Return the page of the documentation."""
    methods = [method for method in METHODS if any(row["method"] == method for row in rows)]
    env = environment(device="cpu", workers=1, seeds=args.seeds, providers={})
    parts = [
        "# Search on less data",
        f"Made by `benchmarks/bdp_cpu.py`: `{args.strategy}` on NAS-Bench-201's cell, over the "
        f"10,000 images of the CIFAR-10 subset, {args.channels} channels and {args.cells} cell(s) "
        f"of each stage instead of the published 16 and 5, {args.epochs} epochs, one thread; mean "
        "(standard deviation) over seeds. `full` trains on all images, `bdp` prunes them during "
        "the search to the paper's 4 % (arXiv 2312.14200) with the larger ratio on the weights' "
        "examples, `bdp-swapped` with the levels exchanged; `p1` and `random` take a tenth "
        "beforehand. Accuracies are the benchmark's for the final cell, in percent.",
        report(rows, args),
        "## Each search",
        each(rows),
        "A search this small tells cost, not quality: first-order DARTS is known to end in cells "
        "of skip connections on this space. The paper's accuracies (GPU, 16 channels, 50 "
        "epochs, CIFAR-10 test) are 93.79 for DARTS and 94.36 for beta-DARTS with pruning.",
        f"{device_and_versions(env)} {args.note}",
        "![accuracy against cost](../figures/bdp_cost.png)",
        *(f"![operations of {name}](../figures/bdp_operations_{name}.png)" for name in methods),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def draw(rows: list[dict[str, str]], folder: Path) -> None:
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
    cost = plots.cost_figure(points, "CPU time of the search (s)", "CIFAR-10 test accuracy (%)")
    plots.save(cost, folder / "bdp_cost.png")
    for method in points:
        cells = [parse(row["cell"]).operations for row in rows if row["method"] == method]
        plots.save(
            plots.operations_figure(EDGES, cells, method), folder / f"bdp_operations_{method}.png"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--strategy", default="darts")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--channels", type=int, default=4)
    parser.add_argument("--cells", type=int, default=1)
    parser.add_argument("--at-most", type=int, default=10**6, help="stop after so many searches")
    parser.add_argument("--note", default="", help="a sentence for the page on how it was run")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where page and figures go")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    dataset = open_dataset(str(args.data_root / "cifar10_train10000.npz"))
    path = args.out / "bdp_cpu.csv"
    rows = read_rows(path)
    done = {(row["method"], int(row["seed"])) for row in rows}
    todo = [(m, s) for s in args.seeds for m in args.methods if (m, s) not in done]
    for method, seed in todo[: args.at_most]:
        rows.append(measure(method, seed, dataset, args))
        write_rows(path, rows)
    (args.docs / "reference" / "bdp_cpu.md").write_text(page(rows, args), encoding="utf-8")
    draw(rows, args.docs / "figures")


if __name__ == "__main__":
    main()
