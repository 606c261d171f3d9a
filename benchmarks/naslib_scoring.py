"""Score the same NAS-Bench-201 cells in NASLib and here: agreement, CPU time, memory.

Both score the same cells on the same images with one thread; the two take turns cell by cell, so
that whatever slows the machine slows both. NASLib's time includes making its graph, ours making
our network, since every architecture needs that. Weights are drawn anew for every cell by each
side's own program, so that perfect agreement is not to be expected. A row is kept in --out for
each predictor and seed; what is there is not measured again. Needs NASLib:

    python benchmarks/naslib_scoring.py --n 100 --seeds 0,1,2
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from naslib_proxydata.data.images import ImageBatch, load_images
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.plugins import load
from naslib_proxydata.predictors.base import Predictor, ScoringTask
from naslib_proxydata.ranking import bootstrap_spearman, spearman
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.cell import Cell
from naslib_proxydata.spaces.nb201.codes import to_naslib_codes
from naslib_proxydata.spaces.nb201.space import NasBench201

from naslib_rows import DOCS, Row, Rows, provenance, spread  # isort: skip

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
    space, plugins = NasBench201(), load()
    batch = load_images(arguments.images, arguments.batch, seed)
    generator = numpy_generator(seed, "naslib scoring")
    drawn = [space.sample(generator) for _ in range(2 * arguments.n)]
    cells = [cell for cell in drawn if space.carries_signal(cell)][: arguments.n]
    options: dict[str, Any] = {} if name == "synflow" else {"batch_size": arguments.batch}
    predictor: Predictor = plugins.create("predictors", name, **options)
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


def table(rows: Sequence[Row]) -> list[str]:
    """Return a line for each predictor: means over seeds, intervals of the first seed."""
    lines = [
        "| predictor | seeds | Spearman | 90 % of the first seed | ours, s | NASLib's, s | "
        "times faster | grown, MiB: ours / NASLib's |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in dict.fromkeys(row["predictor"] for row in rows):
        runs = [row for row in rows if row["predictor"] == name]
        low, high = runs[0]["interval"]
        ours, naslibs = zip(*(row["seconds"] for row in runs), strict=True)
        grown = [statistics.fmean(side) for side in zip(*(r["grown"] for r in runs), strict=True)]
        cells = (
            f"`{name}`",
            str(len(runs)),
            spread([row["spearman"] for row in runs], 3),
            f"{low:.3f} to {high:.3f}",
            f"{statistics.fmean(ours):.3f}",
            f"{statistics.fmean(naslibs):.3f}",
            spread([row["ratio"] for row in runs], 2),
            f"{grown[0]:.0f} / {grown[1]:.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def page(arguments: argparse.Namespace, rows: Sequence[Row]) -> None:
    """Write docs/reference/naslib_scoring.md."""
    seeds = sorted({row["seed"] for row in rows})
    text = f"""# Scores in NASLib and here

Made by `benchmarks/naslib_scoring.py`: the same {arguments.n} random NAS-Bench-201 cells a seed
that carry a signal, the same {arguments.batch} images (`{arguments.images}`), NASLib's own
zero-cost predictors beside ours of the same name. The two take turns cell by cell in one process.
Seeds {", ".join(map(str, seeds))}; ± is the sample standard deviation over them, where there are
several. Seconds are medians of CPU time for one cell, making the network included. Weights are
drawn by each side's own program.

{chr(10).join(table(rows))}

*Grown* is how much resident memory the process gained while that side scored, over all cells of a
seed. Both share one allocator, so that one side may return what the other took: what the process
gained in all is the sum of the two.

{provenance(rows)}
"""
    (arguments.docs / "naslib_scoring.md").write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--predictors", default="synflow,naswot,snip")
    parser.add_argument("--images", default="photos")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--out", type=Path, default=Path("runs/naslib_scoring"))
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page goes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = Rows(arguments.out / "rows.jsonl")
    common = {"n": arguments.n, "images": arguments.images, "batch": arguments.batch}
    for seed in map(int, arguments.seeds.split(",")):
        for name in arguments.predictors.split(","):
            key = {**common, "predictor": name, "seed": seed}
            if not rows.having(**key):
                rows.add({**key, **measure(name, seed, arguments)})
    page(arguments, rows.having(**common))


if __name__ == "__main__":
    main()
