"""Does a scorer trained here order entropies as the published list does?

Trains ResNet-20 on the shared 10,000 CIFAR-10 images and compares its entropies of these images
with those that the authors of arXiv 2106.04784 published (their model saw all 50,000).

    python benchmarks/checks/scorer_quality.py

Scores are kept in the run folder and not computed again. ``--recipe paper`` is for a GPU.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from naslib_proxydata import plugins
from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.recipe import PAPER, QUICK
from naslib_proxydata.selection.scorers.scoring import score_dataset

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, machine_line, write_csv, write_json


def main() -> None:
    parser = arguments(__doc__, "scorer_quality")
    parser.add_argument("--recipe", choices=["quick", "paper"], default="quick")
    parser.add_argument("--model", default="resnet20")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    dataset = open_dataset(cifar10())
    recipe = {"quick": QUICK, "paper": PAPER}[options.recipe]
    context = ScoringContext(
        dataset, options.out, options.model, recipe, options.seed, options.device
    )
    loaded = plugins.load()
    published = entropies(dataset)
    started, rows = time.process_time(), []
    for name in ("entropy", "forgetting", "el2n"):
        scores = score_dataset(loaded.create("scorers", name), context)
        rho = float(spearmanr(scores, published).statistic)
        seconds = time.process_time() - started
        rows.append({"scorer": name, "spearman": rho, "cpu_seconds_so_far": seconds})
        print(rows[-1], flush=True)
    data = options.results / "data"
    write_csv(data / "scorer_quality.csv", rows)
    write_json(
        data / "scorer_quality.json",
        measured_on=machine_line(options.device, options.threads),
        model=options.model,
        recipe=options.recipe,
        seed=options.seed,
        images=len(dataset),
    )


def entropies(dataset: Dataset) -> NDArray[np.float64]:
    """Return the published entropies of the dataset's images, shape (images,)."""
    with np.load(data_root() / "entropy_lists.npz") as archive:
        labels = dataset.required_labels("this comparison")
        assert np.array_equal(archive["cifar10_class"][dataset.source_index], labels)
        return np.array(archive["cifar10_entropy"][dataset.source_index], dtype=np.float64)


if __name__ == "__main__":
    main()
