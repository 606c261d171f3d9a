"""Score the same NAS-Bench-201 cells in NASLib and here: agreement, CPU time, memory.

Both score the same cells on the same images with one thread; the two take turns cell by cell, so
that whatever slows the machine slows both. NASLib's time includes making its graph, ours making
our network, since every architecture needs that. Weights are drawn anew for every cell by each
side's own program, so that perfect agreement is not to be expected. Needs NASLib:

    python benchmarks/naslib_scoring.py --n 100
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from naslib_proxydata.data.images import ImageBatch, load_images
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.plugins import load
from naslib_proxydata.predictors.base import Predictor, ScoringTask
from naslib_proxydata.ranking import bootstrap_spearman, spearman
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201 import NasBench201
from naslib_proxydata.spaces.nb201_cell import Cell
from naslib_proxydata.spaces.nb201_codes import to_naslib_codes

THEIR_NAMES = {"synflow": "synflow", "naswot": "nwot", "snip": "snip", "grad_norm": "grad_norm"}
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--predictors", default="synflow,naswot,snip")
    parser.add_argument("--images", default="photos")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    space, plugins = NasBench201(), load()
    batch = load_images(arguments.images, arguments.batch, arguments.seed)
    generator = numpy_generator(arguments.seed, "naslib scoring")
    drawn = [space.sample(generator) for _ in range(2 * arguments.n)]
    cells = [cell for cell in drawn if space.carries_signal(cell)][: arguments.n]
    print("| predictor | cells | Spearman | 90 % | ours, s | NASLib's, s | ratio | grown, MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in arguments.predictors.split(","):
        options: dict[str, Any] = {} if name == "synflow" else {"batch_size": arguments.batch}
        predictor: Predictor = plugins.create("predictors", name, **options)
        predictor.prepare(ScoringTask(space, batch, arguments.seed))
        sides = [
            Side(lambda cell, one=predictor: one.score_one(cell).value),
            Side(theirs(name, batch)),
        ]
        for side in sides:  # the first score pays for imports and memory that is kept
            side._score(cells[0])
        for number, cell in enumerate(cells):
            for side in sides[:: 1 if number % 2 else -1]:
                side.run(cell)
        ours, naslibs = sides
        low, high = _interval(ours.values, naslibs.values, arguments.seed)
        medians = [statistics.median(side.seconds) for side in sides]
        print(
            f"| {name} | {len(cells)} | {spearman(ours.values, naslibs.values):.3f} | "
            f"{low:.3f} to {high:.3f} | {medians[0]:.3f} | {medians[1]:.3f} | "
            f"{sum(naslibs.seconds) / sum(ours.seconds):.2f} | "
            f"{sum(ours.grown):.0f} / {sum(naslibs.grown):.0f} |",
            flush=True,
        )


def _interval(ours: list[float], naslibs: list[float], seed: int) -> tuple[float, float]:
    generator = numpy_generator(seed, "interval")
    low, high = bootstrap_spearman(ours, naslibs, generator, confidence=0.9)
    return low, high


if __name__ == "__main__":
    main()
