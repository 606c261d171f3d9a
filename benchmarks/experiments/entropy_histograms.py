"""Histograms of the published CIFAR-10 entropies and of the proxies drawn from them.

As figure 2 of arXiv 2106.04784: one row a selector, one column a proxy size, counts by bin of
log10 entropy. Writes the figure, and how each proxy is spread.

    python benchmarks/experiments/entropy_histograms.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import naslib_proxydata
from naslib_proxydata.figures import new_figure, save_figure
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.plots import draw_scores

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, write_csv

SIZES = (1500, 5000, 15000)
SELECTORS = ("random", "entropy-p1", "entropy-p2", "entropy-p3")
BIN_WIDTH = 0.5


def main() -> None:
    parser = arguments(__doc__, "entropy_histograms")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with np.load(data_root() / "entropy_lists.npz") as archive:
        entropies = np.array(archive["cifar10_entropy"], dtype=np.float64)
        labels = np.array(archive["cifar10_class"], dtype=np.int64)
    inputs = SelectorInputs(len(entropies), labels, entropies)
    figure = new_figure(3.4 * len(SIZES), 2.3 * len(SELECTORS) + 0.4)
    panels = figure.subplots(len(SELECTORS), len(SIZES), sharex=True, sharey=True)
    rows = []
    for row_of_axes, name in zip(panels, SELECTORS, strict=True):
        selector = naslib_proxydata.selector(name)
        for axes, size in zip(row_of_axes, SIZES, strict=True):
            chosen = selector.select(inputs, size, numpy_generator(options.seed, "figure", name))
            draw_scores(entropies, chosen, BIN_WIDTH, "entropy (nats)", ax=axes)
            axes.set_title(f"{name}, k = {size:,}", fontsize=9)
            axes.label_outer()
            rows.append({"selector": name, "size": size, **spread(chosen, entropies, labels)})
    figure.suptitle("CIFAR-10, published entropies of ResNet-20", fontsize=11)
    write_csv(options.results / "data" / "entropy_histograms.csv", rows)
    save_figure(figure, options.results / "figures" / "entropy_histograms.png")


def spread(
    chosen: NDArray[np.int64], entropies: NDArray[np.float64], labels: NDArray[np.int64]
) -> dict[str, object]:
    """Return which shares come from the lowest and highest tenth, and the sizes of the classes."""
    ranks = np.argsort(np.argsort(entropies)) / len(entropies)
    classes = np.bincount(labels[chosen], minlength=10)
    return {
        "lowest_tenth": float(np.mean(ranks[chosen] < 0.1)),
        "highest_tenth": float(np.mean(ranks[chosen] >= 0.9)),
        "smallest_class": int(classes.min()),
        "largest_class": int(classes.max()),
    }


if __name__ == "__main__":
    main()
