"""Histograms of the published CIFAR-10 entropies and of the proxies drawn from them.

As figure 2 of arXiv 2106.04784: one row a selector, one column a proxy size, counts by bin of
log10 entropy. Writes the figure of the documentation and prints how each proxy is spread.

    python benchmarks/entropy_histograms.py --data ../shared/data --out docs/figures
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from naslib_proxydata import plugins as room
from naslib_proxydata.figures import new_figure, save_figure
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.plots import draw_scores

SIZES = (1500, 5000, 15000)
SELECTORS = ("random", "entropy-p1", "entropy-p2", "entropy-p3")
BIN_WIDTH = 0.5


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with np.load(options.data / "entropy_lists.npz") as archive:
        entropies = np.array(archive["cifar10_entropy"], dtype=np.float64)
        labels = np.array(archive["cifar10_class"], dtype=np.int64)
    inputs = SelectorInputs(len(entropies), labels, entropies)
    ranks = np.argsort(np.argsort(entropies)) / len(entropies)
    plugins = room.load()
    figure = new_figure(3.4 * len(SIZES), 2.3 * len(SELECTORS) + 0.4)
    panels = figure.subplots(len(SELECTORS), len(SIZES), sharex=True, sharey=True)
    print("| selector | size | lowest decile (%) | highest decile (%) | classes, least to most |")
    print("| --- | --- | --- | --- | --- |")
    for row, name in zip(panels, SELECTORS, strict=True):
        selector = plugins.create("selectors", name)
        for axes, size in zip(row, SIZES, strict=True):
            chosen = selector.select(inputs, size, numpy_generator(options.seed, "figure", name))
            draw_scores(entropies, chosen, BIN_WIDTH, "entropy (nats)", ax=axes)
            axes.set_title(f"{name}, k = {size:,}", fontsize=9)
            axes.label_outer()
            low = 100 * np.mean(ranks[chosen] < 0.1)
            high = 100 * np.mean(ranks[chosen] >= 0.9)
            classes = np.bincount(labels[chosen], minlength=10)
            spread = f"{classes.min()} to {classes.max()}"
            print(f"| {name} | {size:,} | {low:.1f} | {high:.1f} | {spread} |")
    figure.suptitle("CIFAR-10, published entropies of ResNet-20", fontsize=11)
    save_figure(figure, options.out / "entropy_histograms.png")


if __name__ == "__main__":
    main()
