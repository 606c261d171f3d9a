"""Score the same NAS-Bench-201 cells in NASLib and here: agreement, CPU time, memory.

Both score the same cells on the same images with one thread; the two take turns cell by cell, so
that whatever slows the machine slows both. NASLib's time includes making its graph, ours making
our network, since every architecture needs that. Weights are drawn anew for every cell by each
side's own program, so that perfect agreement is not to be expected. A row is kept in --out for
each predictor and seed; what is there is not measured again. Needs NASLib:

    python benchmarks/experiments/naslib_scoring.py --n 100 --seeds 0,1,2
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

import naslib_proxydata
from naslib_proxydata.data.batch import ImageBatch
from naslib_proxydata.data.images import load_images
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.ranking import bootstrap_spearman, spearman
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.cell import Cell
from naslib_proxydata.spaces.nb201.codes import to_naslib_codes
from naslib_proxydata.spaces.nb201.space import NasBench201

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, deviation, write_csv, write_json
from naslib_rows import Row, Rows, provenance

THEIR_NAMES = {"synflow": "synflow", "naswot": "nwot", "snip": "snip", "grad-norm": "grad_norm"}
MIB = 2**20


def resident() -> float:
    """Return the memory of this process in MiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


class Side:
    """One of the two programs, with what it took."""

    def __init__(self, score: Callable[[Cell], float]) -> None:
        self._score = score
        self.values: list[float] = []
        self.seconds: list[float] = []
        self.grown: list[float] = []

    def run(self, cell: Cell) -> None:
        """Score a cell, and keep what it took."""
        memory, started = resident(), time.process_time()
        self.values.append(self._score(cell))
        self.seconds.append(time.process_time() - started)
        self.grown.append(resident() - memory)


def theirs(name: str, batch: ImageBatch) -> Callable[[Cell], float]:
    graph_class = naslib("naslib.search_spaces:NasBench201SearchSpace")
    measure = naslib("naslib.predictors.zerocost:ZeroCost")(method_type=THEIR_NAMES[name])
    loader = [(batch.normalise(batch.pixels), batch.labels)]

    def score(cell: Cell) -> float:
        graph = graph_class()
        graph.set_spec(list(to_naslib_codes(cell)))
        graph.parse()
        return float(measure.query(graph, dataloader=loader))

    return score


def measure(name: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Score the cells of a seed on both sides."""
    space = NasBench201()
    batch = load_images(arguments.images, arguments.batch, seed)
    generator = numpy_generator(seed, "naslib scoring")
    drawn = [space.sample(generator) for _ in range(2 * arguments.n)]
    cells = [cell for cell in drawn if space.carries_signal(cell)][: arguments.n]
    options: dict[str, Any] = {} if name == "synflow" else {"batch_size": arguments.batch}
    predictor = naslib_proxydata.predictor(name, **options)
    predictor.prepare(ScoringTask(space, batch, seed))
    sides = [Side(lambda cell: predictor.score_one(cell).value), Side(theirs(name, batch))]
    for side in sides:  # the first score pays for imports and memory that is kept
        side._score(cells[0])
    for number, cell in enumerate(cells):
        for side in sides[:: 1 if number % 2 else -1]:
            side.run(cell)
    ours, naslibs = sides
    interval = bootstrap_spearman(
        ours.values, naslibs.values, numpy_generator(seed, "interval"), confidence=0.9
    )
    return {
        "spearman": spearman(ours.values, naslibs.values),
        "interval": list(interval),
        "seconds": [statistics.median(side.seconds) for side in sides],
        "ratio": sum(naslibs.seconds) / sum(ours.seconds),
        "grown": [sum(side.grown) for side in sides],
    }


def line(rows: Sequence[Row]) -> dict[str, Any]:
    """Return a predictor's means over seeds, and the interval of the first seed."""
    rhos = [row["spearman"] for row in rows]
    ratios = [row["ratio"] for row in rows]
    seconds = [statistics.fmean(side) for side in zip(*(r["seconds"] for r in rows), strict=True)]
    grown = [statistics.fmean(side) for side in zip(*(r["grown"] for r in rows), strict=True)]
    return {
        "predictor": rows[0]["predictor"],
        "seeds": len(rows),
        "spearman": statistics.fmean(rhos),
        "spearman_std": deviation(rhos),
        "low": rows[0]["interval"][0],
        "high": rows[0]["interval"][1],
        "seconds": seconds[0],
        "naslib_seconds": seconds[1],
        "times_faster": statistics.fmean(ratios),
        "times_faster_std": deviation(ratios),
        "grown_mib": grown[0],
        "naslib_grown_mib": grown[1],
    }


def main() -> None:
    parser = arguments(__doc__, "naslib_scoring")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--predictors", default="synflow,naswot,snip")
    parser.add_argument("--images", default="photos")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seeds", default="0,1,2")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = Rows(options.out / "rows.jsonl")
    common = {"n": options.n, "images": options.images, "batch": options.batch}
    names = options.predictors.split(",")
    for seed in map(int, options.seeds.split(",")):
        for name in names:
            key = {**common, "predictor": name, "seed": seed}
            if not rows.having(**key):
                rows.add({**key, **measure(name, seed, options)})
    lines = [line(rows.having(**common, predictor=name)) for name in names]
    write_csv(options.results / "data" / "naslib_scoring.csv", lines)
    measured_on = provenance(rows.having(**common))
    write_json(options.results / "data" / "naslib_scoring.json", measured_on=measured_on)


if __name__ == "__main__":
    main()
