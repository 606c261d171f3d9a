"""Compare our zero-cost scores with those that NASLib measured, on one of its benchmarks.

Writes into the run folder, for every proxy, the Spearman rank correlation of ours with
NASLib's, of each with the accuracy, of ours with ours under another seed (weights and images),
and the CPU time of an architecture. NASLib's scores are the files ``naslib_zc/*.json.gz`` (measured
with batches of 32 images), from which architectures are drawn at random.

    python benchmarks/checks/naslib_agreement.py --n 100
    python benchmarks/checks/naslib_agreement.py --benchmark transnas-macro --task class_scene
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

import naslib_proxydata
from naslib_proxydata.data.images import load_images
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.spaces.nb201.codes import from_naslib_codes
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.transnas.macro import TransNasMacro, TransNasSkeleton
from naslib_proxydata.spaces.transnas.micro import TransNasCell, TransNasMicro

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import cifar10, data_root, machine_line, write_csv, write_json

NASLIB_NAMES = {
    "macs": "flops",
    "naswot": "nwot",
    "jacob-cov": "jacov",
    "grad-norm": "grad_norm",
}
BATCHED = ("grad-norm", "snip", "grasp", "fisher", "naswot", "jacob-cov", "zico")
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


class Source(NamedTuple):
    """One of NASLib's files.

    Attributes:
        file: Its name.
        space: Makes the search space.
        task: The part of the file that is read unless another is named.
        read: Makes an architecture of the file's code.
    """

    file: str
    space: Callable[[], SearchSpace[Any]]
    task: str
    read: Callable[[tuple[int, ...]], Any]


def nb101_cell(code: tuple[int, ...]) -> Any:
    """Read NASLib's matrix of 7 x 7, row by row, and its operation codes."""
    ops = [NB101_OPERATIONS[op] for op in code[49:]]
    size = ops.index("output") + 1
    matrix = [list(code[7 * row : 7 * row + size]) for row in range(size)]
    return NasBench101().from_matrix(matrix, ops[:size])


NB101_OPERATIONS = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")
SOURCES = {
    "nb201": Source("zc_nasbench201", NasBench201, "cifar10", from_naslib_codes),
    "nb101": Source("zc_nasbench101", NasBench101, "cifar10", nb101_cell),
    "transnas-micro": Source("zc_transbench101_micro", TransNasMicro, "class_scene", TransNasCell),
    "transnas-macro": Source(
        "zc_transbench101_macro",
        TransNasMacro,
        "class_scene",
        lambda code: TransNasSkeleton(tuple(one for one in code if one)),
    ),
}


def measured(n: int, benchmark: str, task: str) -> tuple[list[Any], list[Any]]:
    """Draw n of NASLib's architectures with everything it measured for them."""
    source = SOURCES[benchmark]
    with gzip.open(data_root() / "naslib_zc" / f"{source.file}.json.gz", "rt") as file:
        content = json.load(file)
    records = content.get("nasbench101", content)[task]
    texts = sorted(records)
    drawn = numpy_generator(0, "naslib agreement").permutation(len(texts))[:n]
    chosen = [texts[i] for i in drawn]
    return [source.read(ast.literal_eval(text)) for text in chosen], [records[t] for t in chosen]


def value(score: Any) -> float:
    """Return a score, which most of the files hold together with its time."""
    return float(score["score"] if isinstance(score, dict) else score)


def correlation(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Rank correlation with everything that is not a finite number ranked last, in a tie."""
    last = [np.where(np.isfinite(one), one, -1e300) for one in (ours, theirs)]
    return float(spearmanr(last[0], last[1])[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark", choices=sorted(SOURCES), default="nb201")
    parser.add_argument("--task", default="", help="default: the benchmark's first")
    parser.add_argument(
        "--images", default="", help="default: the 10,000 CIFAR-10 images of the root"
    )
    parser.add_argument("--proxies", default="", help="default: every baseline")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 1))
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/naslib-agreement"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    source = arguments.images or cifar10()
    arguments.task = arguments.task or SOURCES[arguments.benchmark].task
    cells, records = measured(arguments.n, arguments.benchmark, arguments.task)
    rows = []
    for name in arguments.proxies.split(",") if arguments.proxies else BASELINES:
        rows.append(compare(name, cells, records, source, arguments))
        print(rows[-1], flush=True)
    write_csv(arguments.out / "naslib_agreement.csv", rows)
    write_json(
        arguments.out / "naslib_agreement.json",
        measured_on=machine_line(arguments.device),
        benchmark=arguments.benchmark,
        task=arguments.task,
        seeds=list(arguments.seeds),
        batch_size=arguments.batch_size,
        images=Path(source).name,
    )


def compare(
    name: str,
    cells: list[Any],
    records: list[dict[str, Any]],
    source: str,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Score the cells under both seeds and correlate."""
    values, seconds = [], 0.0
    options = {"batch_size": arguments.batch_size} if name in BATCHED else {}
    for seed in arguments.seeds:
        predictor = naslib_proxydata.predictor(name, **options)
        images = load_images(source, max(1, predictor.images_needed), seed)
        space = SOURCES[arguments.benchmark].space()
        predictor.prepare(ScoringTask(space, images, seed, arguments.device))
        started = time.process_time()
        values.append(predictor.aggregate([predictor.score_one(cell) for cell in cells]))
        seconds += time.process_time() - started
    accuracy = np.array([record["val_accuracy"] for record in records])
    naslib_name = NASLIB_NAMES.get(name, name)
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    row |= {"proxy": name, "n": len(cells), "n_failed": int(np.isnan(values[0]).sum())}
    row["cpu_ms_per_cell"] = round(1000 * seconds / (len(arguments.seeds) * len(cells)), 1)
    row["rho_seeds"] = round(correlation(values[0], values[1]), 4)
    row["rho_accuracy"] = round(correlation(values[0], accuracy), 4)
    if naslib_name in records[0]:
        theirs = np.array([value(record[naslib_name]) for record in records])
        row["naslib_name"] = naslib_name
        row["rho_naslib"] = round(correlation(values[0], theirs), 4)
        row["rho_accuracy_naslib"] = round(correlation(theirs, accuracy), 4)
    return row


if __name__ == "__main__":
    main()
