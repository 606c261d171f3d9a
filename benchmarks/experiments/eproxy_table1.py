"""Table 1 of the Eproxy paper: with and without barrier, by learning rate and iterations.

    python benchmarks/experiments/eproxy_table1.py --n 50 --iterations 10
    python benchmarks/experiments/eproxy_table1.py --n 50

Each of the six settings trains an architecture once, for 200 iterations, and is ranked by its
losses at the tenth, the hundredth and the last. What another number of images gave stays in the
data. As in the release's configurations of this table a frozen 3x3 convolution stands on the trunk,
without transform layer; what the paper has in its place where there is no barrier it does not say:
here a trainable 1x1 convolution, ReLU and normalisation. Scores are kept in the run folder, so that
running again, or with more seeds, goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata import ranking
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.runs.executors import default_executor
from naslib_proxydata.runs.scores import StoredScores
from naslib_proxydata.runs.setup import PredictorSetup
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import (
    arguments,
    cifar10,
    data_root,
    machine_line,
    read_csv,
    write_csv,
    write_json,
)

RATES = (1.0, 0.1, 0.01)
PAPER = {
    ("w/o", 10): (0.08, -0.22, -0.19),
    ("w/o", 100): (0.07, 0.67, 0.76),
    ("w/o", 200): (0.22, 0.64, 0.66),
    ("w/", 10): (0.65, 0.46, 0.09),
    ("w/", 100): (0.65, 0.79, 0.79),
    ("w/", 200): (0.61, 0.83, 0.81),
}
"""Spearman's rho by learning rate (arXiv 2210.09459, table 1)."""


def main() -> None:
    options = given()
    table = naslib_proxydata.table("nb101", data_root())
    texts, values = drawn(table, options.n, options.sample_seed)
    iterations = [int(number) for number in options.iterations.split(",")]
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    with (
        ScoreStore(options.out / "scores.sqlite") as store,
        default_executor(options.workers) as executor,
    ):
        scores = StoredScores(store, executor)
        for seed in map(int, options.seeds.split(",")):
            for barrier in ("w/o", "w/"):
                for place, rate in enumerate(RATES):
                    setup = setting(barrier, rate, max(iterations), seed, options)
                    found = scores.get(setup, setup.create(), texts, f"{barrier} {rate:g}")
                    rows += [
                        {
                            "images": options.batch,
                            "barrier": barrier,
                            "learning_rate": rate,
                            "iterations": number,
                            "seed": seed,
                            **measured(found, number, values, seed),
                            "paper_spearman": PAPER.get((barrier, number), (None,) * 3)[place],
                        }
                        for number in iterations
                    ]
    path = options.results / "data" / "eproxy_table1.csv"
    others = [row for row in read_csv(path) if row["images"] != str(options.batch)]
    write_csv(path, sorted([*others, *rows], key=lambda row: -int(row["images"])))
    said = path.with_suffix(".json")
    lines = json.loads(said.read_text(encoding="utf-8")) if said.exists() else {}
    line = machine_line(options.device)
    write_json(said, **{**lines, f"images_{options.batch}": line})


def given() -> argparse.Namespace:
    """Read the command line."""
    parser = arguments(__doc__, "eproxy_table1")
    parser.add_argument("--images", help="default: 64 CIFAR-10 images of the data root")
    parser.add_argument("--n", type=int, default=30, help="architectures of NAS-Bench-101")
    parser.add_argument("--batch", type=int, default=16, help="images; the paper's 16")
    parser.add_argument("--iterations", default="10,100,200", help="comma-separated")
    parser.add_argument("--seeds", default="0", help="of weights and images, comma-separated")
    parser.add_argument("--sample-seed", type=int, default=0, help="of the draw of architectures")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def drawn(table: Any, n: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Draw cells and return their texts and validation accuracies."""
    values = table.values("cifar10", "validation_accuracy")
    chosen = numpy_generator(seed, "eproxy table 1").permutation(len(values))[:n]
    texts = table.architectures()
    return [texts[row] for row in chosen], values[chosen]


def setting(
    barrier: str, rate: float, iterations: int, seed: int, options: argparse.Namespace
) -> PredictorSetup:
    """Return what makes Eproxy in one of the six settings."""
    with_barrier = barrier == "w/"
    eproxy = {
        "preset": "nb101",
        "branches": [{"mid_channels": 512, "out_channels": 32}],
        "barrier": with_barrier,
        "transform": not with_barrier,
        "learning_rate": rate,
        "iterations": iterations,
        "batch": options.batch,
    }
    return PredictorSetup(
        plugin_files=(),
        space="nb101",
        predictor="eproxy",
        options=json.dumps(eproxy),
        images=options.images or cifar10("cifar10_batch64.npz"),
        image_size=None,
        seed=seed,
        device=options.device,
        num_classes=None,
    )


def measured(
    scores: Sequence[Score], iteration: int, values: np.ndarray, seed: int
) -> dict[str, Any]:
    """Rank by the loss at an iteration; one that diverged before ranks last."""
    losses = [score.details.get("losses", []) for score in scores]
    taken = np.array([-one[iteration - 1] if len(one) >= iteration else np.nan for one in losses])
    generator = numpy_generator(seed, "bootstrap", "eproxy table 1", iteration)
    interval = ranking.bootstrap_spearman(taken, values, generator, resamples=1000)
    return {
        "n": len(values),
        "n_failed": int(np.isnan(taken).sum()),
        "spearman": ranking.spearman(taken, values),
        "spearman_low": interval.low,
        "spearman_high": interval.high,
    }


if __name__ == "__main__":
    main()
