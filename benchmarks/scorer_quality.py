"""Does a scorer trained here order entropies as the published list does?

Trains ResNet-20 on the shared 10,000 CIFAR-10 images and compares its entropies of these images
with those that the authors of arXiv 2106.04784 published (their model saw all 50,000).

    python benchmarks/scorer_quality.py --data ../shared/data --cache /tmp/scores

Wants a Spearman correlation of 0.5 or more; exits with 1 below. About eight CPU minutes on one
thread with the quick recipe; ``--recipe paper`` is for a GPU.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from naslib_proxydata import plugins as room
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.recipe import PAPER, QUICK
from naslib_proxydata.selection.scorers.scoring import score_dataset

WANTED = 0.5


def main() -> int:
    """Train, score, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--recipe", choices=["quick", "paper"], default="quick")
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)

    dataset = open_dataset(f"cifar10:{options.data / 'cifar10_train10000.npz'}")
    recipe = {"quick": QUICK, "paper": PAPER}[options.recipe]
    scorers = {
        name: room.load().create("scorers", name) for name in ("entropy", "forgetting", "el2n")
    }
    context = ScoringContext(
        dataset, options.cache, options.model, recipe, options.seed, options.device
    )
    started = time.process_time()
    own = score_dataset(scorers["entropy"], context)
    seconds = time.process_time() - started
    forgetting = score_dataset(scorers["forgetting"], context)
    el2n = score_dataset(scorers["el2n"], context)

    with np.load(options.data / "entropy_lists.npz") as archive:
        published = archive["cifar10_entropy"][dataset.source_index]
        assert np.array_equal(archive["cifar10_class"][dataset.source_index], dataset.labels)
    rho = float(spearmanr(own, published).statistic)
    print(f"{options.model}, {options.recipe} recipe, seed {options.seed}: {seconds:.0f} CPU s")
    print(f"Spearman of own and published entropies, {len(own)} images: {rho:.3f}")
    for name, scores in (("forgetting", forgetting), ("el2n", el2n)):
        other = float(spearmanr(scores, published).statistic)
        print(f"Spearman of {name} scores and published entropies: {other:.3f}")
    print(f"wanted: at least {WANTED}: {'met' if rho >= WANTED else 'MISSED'}")
    return 0 if rho >= WANTED else 1


if __name__ == "__main__":
    raise SystemExit(main())
