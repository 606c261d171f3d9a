"""Compare our zero-cost scores with those that NASLib measured, on NAS-Bench-201 and CIFAR-10.

Writes a CSV and a Markdown table: for every proxy the Spearman rank correlation of ours with
NASLib's, of each with the accuracy, of ours with ours under another seed (weights and images),
and the CPU time of a cell. NASLib's scores are ``naslib_zc/zc_nasbench201.json.gz`` (measured
with batches of 32 images); cells are drawn at random from its 725.

    python benchmarks/naslib_agreement.py --data-root ../shared/data --n 100
"""

from __future__ import annotations

import argparse
import ast
import csv
import gzip
import importlib
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from naslib_proxydata.data.images import load_images
from naslib_proxydata.hookspecs import Registration
from naslib_proxydata.predictors.base import Predictor, ScoringTask
from naslib_proxydata.predictors.plugin import register_predictors
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201 import NasBench201
from naslib_proxydata.spaces.nb201_cell import Cell
from naslib_proxydata.spaces.nb201_codes import from_naslib_codes

NASLIB_NAMES = {"macs": "flops", "naswot": "nwot", "jacob-cov": "jacov"}
BATCHED = ("grad_norm", "snip", "grasp", "fisher", "naswot", "jacob-cov", "zico")
BASELINES = ("random", "params", "macs", "synflow", "zen", "az-nas", *BATCHED)
COLUMNS = [
    "proxy",
    "naslib_name",
    "n",
    "n_failed",
    "rho_naslib",
    "rho_seeds",
    "rho_accuracy",
    "rho_accuracy_naslib",
    "cpu_ms_per_cell",
]


def measured(root: Path, n: int, seed: int) -> tuple[list[Cell], list[dict[str, Any]]]:
    """Draw n of NASLib's cells with everything it measured for them."""
    with gzip.open(root / "naslib_zc" / "zc_nasbench201.json.gz", "rt") as file:
        records = json.load(file)["cifar10"]
    texts = sorted(records)
    drawn = numpy_generator(seed, "naslib agreement").permutation(len(texts))[:n]
    chosen = [texts[i] for i in drawn]
    return [from_naslib_codes(ast.literal_eval(t)) for t in chosen], [records[t] for t in chosen]


def make(registration: Registration, batch_size: int) -> Predictor:
    """Build a predictor, with NASLib's batch size where it looks at images."""
    module, _, attribute = str(registration.factory).partition(":")
    factory = getattr(importlib.import_module(module), attribute)
    options = {"batch_size": batch_size} if registration.name in BATCHED else {}
    predictor: Predictor = factory(**options)
    return predictor


def correlation(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Rank correlation with everything that is not a finite number ranked last, in a tie."""
    last = [np.where(np.isfinite(one), one, -1e300) for one in (ours, theirs)]
    return float(spearmanr(last[0], last[1])[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--images", default="", help="default: cifar10_train10000.npz of the root")
    parser.add_argument("--proxies", default="", help="default: every baseline")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 1))
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/naslib-agreement"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    source = arguments.images or f"cifar10:{arguments.data_root / 'cifar10_train10000.npz'}"
    cells, records = measured(arguments.data_root, arguments.n, 0)
    known = {one.name: one for one in register_predictors() if one.name in BASELINES}
    rows = []
    for name in arguments.proxies.split(",") if arguments.proxies else known:
        rows.append(compare(known[name], cells, records, source, arguments))
        print(rows[-1], flush=True)
    write(arguments.out, rows, source, arguments)


def compare(
    registration: Registration,
    cells: list[Cell],
    records: list[dict[str, Any]],
    source: str,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Score the cells under both seeds and correlate."""
    values, seconds = [], 0.0
    for seed in arguments.seeds:
        predictor = make(registration, arguments.batch_size)
        images = load_images(source, max(1, predictor.images_needed), seed)
        predictor.prepare(ScoringTask(NasBench201(), images, seed, arguments.device))
        started = time.process_time()
        values.append(predictor.aggregate([predictor.score_one(cell) for cell in cells]))
        seconds += time.process_time() - started
    accuracy = np.array([record["val_accuracy"] for record in records])
    naslib_name = NASLIB_NAMES.get(registration.name, registration.name)
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    row |= {"proxy": registration.name, "n": len(cells), "n_failed": int(np.isnan(values[0]).sum())}
    row["cpu_ms_per_cell"] = round(1000 * seconds / (len(arguments.seeds) * len(cells)), 1)
    row["rho_seeds"] = round(correlation(values[0], values[1]), 4)
    row["rho_accuracy"] = round(correlation(values[0], accuracy), 4)
    if naslib_name in records[0]:
        theirs = np.array([record[naslib_name]["score"] for record in records], dtype=float)
        row["naslib_name"] = naslib_name
        row["rho_naslib"] = round(correlation(values[0], theirs), 4)
        row["rho_accuracy_naslib"] = round(correlation(theirs, accuracy), 4)
    return row


def write(
    out: Path, rows: list[dict[str, Any]], source: str, arguments: argparse.Namespace
) -> None:
    """Write the table twice, and what it was measured with."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "naslib_agreement.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    lines = [
        f"NAS-Bench-201, CIFAR-10, n = {arguments.n}, seeds {arguments.seeds}, batch size "
        f"{arguments.batch_size} where images are looked at, images {Path(source).name}, device "
        f"{arguments.device}, one thread, torch {torch.__version__}, scipy {version('scipy')}, "
        f"Python {platform.python_version()}.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "| " + " | ".join("---" for _ in COLUMNS) + " |",
        *("| " + " | ".join(str(row[name]) for name in COLUMNS) + " |" for row in rows),
    ]
    (out / "naslib_agreement.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
