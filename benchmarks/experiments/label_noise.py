"""Which scorers and selectors pick the examples whose labels are wrong?

A tenth of scikit-learn's digits get another class, drawn at random. ResNet-20 learns them for 15
epochs, without augmentation, and as many digits as were flipped are chosen: by each scorer the
hardest and the easiest, and by each selector as it stands. What is counted is the share of the
flipped digits among the chosen ones; random choice gives a tenth.

    python benchmarks/experiments/label_noise.py

Trained models and scores are kept in the run folder and not computed again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from naslib_proxydata import plugins
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.run import selector_inputs
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.recipe import QUICK
from naslib_proxydata.selection.scorers.scoring import scored

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, deviation, machine_line, write_csv, write_json

SHARE = 0.1
"""How many of the labels are wrong, and how many examples are chosen."""
SCORERS = (
    *("el2n", "loss", "forgetting", "aum", "dyn-unc", "tdds"),
    *("entropy", "margin", "reconstruction"),
)
SELECTORS = (
    *("random", "class-random", "el2n", "forgetting", "aum", "dyn-unc", "tdds"),
    *("entropy-top", "entropy-bottom", "entropy-tails", "entropy-p1", "entropy-p2", "entropy-p3"),
    *("autoencoder-loss", "coverage-centric", "k-center", "prototypes", "moderate", "herding"),
    *("kmeans-outliers", "class-outliers"),
)


def main() -> None:
    parser = arguments(__doc__, "label_noise")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = plugins.load()
    rows: dict[tuple[str, str], list[float]] = {}
    accuracies = []
    for seed in range(options.seeds):
        shares, accuracy = of_seed(found, options, seed)
        accuracies.append(accuracy)
        for key, share in shares.items():
            rows.setdefault(key, []).append(share)
        print(f"seed {seed}: training accuracy {accuracy:.1f} %", flush=True)
    data = options.results / "data"
    write_csv(
        data / "label_noise.csv",
        [
            {"choice": choice, "name": name, "flipped": fmean(values), "std": deviation(values)}
            for (choice, name), values in rows.items()
        ],
    )
    write_json(
        data / "label_noise.json",
        measured_on=machine_line("cpu", options.threads),
        seeds=options.seeds,
        accuracy=fmean(accuracies),
        wrong=int(SHARE * len(open_dataset("digits"))),
    )


def of_seed(
    found: Plugins, options: argparse.Namespace, seed: int
) -> tuple[dict[tuple[str, str], float], float]:
    """Return the share of flipped digits of each choice, and the training accuracy in percent."""
    dataset, flipped = noisy_digits(seed)
    recipe = QUICK.model_copy(update={"augment": False})
    context = ScoringContext(dataset, options.out, recipe=recipe, seed=seed)
    made = {name: scored(found.create("scorers", name), context) for name in SCORERS}
    for name in ("features", "pixels"):
        made[name] = scored(found.create("scorers", name), context)
    size = len(flipped)

    def share(chosen: NDArray[Any]) -> float:
        return float(np.isin(chosen, flipped).mean())

    shares = {}
    for name in SCORERS:
        hardest = found.create("scorers", name).hardest
        order = np.argsort(made[name].values, kind="stable")
        ends = {"lowest": order[:size], "highest": order[-size:]}
        easiest = "lowest" if hardest == "highest" else "highest"
        shares["hardest", name] = share(ends[hardest])
        shares["easiest", name] = share(ends[easiest])
    for name in SELECTORS:
        selector = found.create("selectors", name)
        own = made.get(selector.scorer)
        values = None if own is None else own.values
        inputs = selector_inputs(dataset, values, None if own is None else own.origin)
        generator = numpy_generator(seed, "label noise", name)
        shares["selector", name] = share(selector.select(inputs, size, generator))
    accuracy = made["entropy"].origin.training_accuracy
    assert accuracy is not None  # it was trained here
    return shares, accuracy


def noisy_digits(seed: int) -> tuple[ArrayDataset, NDArray[np.int64]]:
    """Return digits of which a tenth have another class, and which those are."""
    digits = open_dataset("digits")
    labels = digits.required_labels("label noise").copy()
    generator = numpy_generator(seed, "label noise", "flips")
    flipped = np.sort(generator.choice(len(labels), int(SHARE * len(labels)), replace=False))
    other = generator.integers(1, digits.num_classes, len(flipped))
    labels[flipped] = (labels[flipped] + other) % digits.num_classes
    pixels = digits.pixels(np.arange(len(labels))).numpy()
    return ArrayDataset("noisy digits", pixels, labels), flipped


if __name__ == "__main__":
    main()
