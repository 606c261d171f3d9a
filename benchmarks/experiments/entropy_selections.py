"""What the published CIFAR-10 entropies select of the real 50,000 images, by decile and class.

The selections of arXiv 2106.04784 at its sizes, 1.5K to 15K: how much of each comes from every
tenth of the images by entropy, and how many images of every class it has, mean and standard
deviation over seeds. Draws them as its figure 2 does; forgetting and k-center, which that figure
also shows, do not go by the list. Nothing is trained.

    python benchmarks/experiments/entropy_selections.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import naslib_proxydata
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.figures import new_figure, save_figure
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.plots import draw_scores
from naslib_proxydata.selection.score_files import read_scores

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import absent, arguments, cifar10, data_root, deviation, write_csv, write_json

SIZES = (1500, 2500, 5000, 10000, 15000)
SELECTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "random": ("random", {}),
    "top": ("entropy-top", {}),
    "bottom": ("entropy-bottom", {}),
    **{f"tails, beta {b}": ("entropy-tails", {"beta": b}) for b in (0.9, 0.8, 0.7, 0.6, 0.5)},
    "P1": ("entropy-p1", {}),
    "P2": ("entropy-p2", {}),
    "P3": ("entropy-p3", {}),
}
DRAWN = ("random", "top", "bottom", "tails, beta 0.9", "P1", "P2", "P3")
FILES = ("train10000", "rest1", "rest2", "rest3", "rest4")
BIN_WIDTH = 0.5


def main() -> None:
    parser = arguments(__doc__, "entropy_selections")
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds; the paper's is 10")
    options = parser.parse_args()
    entropies, labels, names = real_images()
    inputs = SelectorInputs(len(entropies), labels, entropies)
    deciles = np.argsort(np.argsort(entropies, kind="stable"), kind="stable") * 10 // len(entropies)
    by_decile, by_class = [], []
    figure = new_figure(2.6 * len(SIZES), 1.9 * len(DRAWN) + 0.4)
    panels = figure.subplots(len(DRAWN), len(SIZES), sharex=True, sharey=True)
    for label, (name, given) in SELECTIONS.items():
        selector = naslib_proxydata.selector(name, **given)
        for column, size in enumerate(SIZES):
            drawn = list(selections(selector, inputs, size, options.seeds))
            for decile, counts in enumerate(np.array([counted(deciles, d) for d in drawn]).T):
                percent = of(100 * counts / size, 1)
                by_decile.append({**head(label, size), "tenth": decile + 1, **percent})
            for index, counts in enumerate(np.array([counted(labels, d) for d in drawn]).T):
                by_class.append({**head(label, size), "class": names[index], **of(counts, 0)})
            if label in DRAWN:
                axes = panels[DRAWN.index(label), column]
                draw_scores(entropies, drawn[0], BIN_WIDTH, "entropy (nats)", ax=axes)
                axes.set_title(f"{label}, k = {size:,}", fontsize=9)
                axes.label_outer()
                axes.get_legend().remove()  # which would stand over the bars of so small a panel
    figure.suptitle(
        "CIFAR-10 by published entropies: grey all images, blue the chosen", fontsize=11
    )
    data = options.results / "data"
    write_csv(data / "entropy_deciles.csv", by_decile)
    write_csv(data / "entropy_classes.csv", by_class)
    write_json(data / "entropy_selections.json", images=len(entropies), seeds=options.seeds)
    save_figure(figure, options.results / "figures" / "entropy_selections.png")


def real_images() -> tuple[NDArray[np.float64], NDArray[np.int64], list[str]]:
    """Return entropy and class of every real image, in the original order, and the class names.

    Raises:
        SelectionError: The class of an image is not the one that the list has for its index.
    """
    listed = read_scores(data_root() / "entropy_lists.npz", "cifar10")
    count = len(listed.index)
    entropies, labels = np.full(count, np.nan), np.full(count, -1)
    for name in FILES:
        part = open_dataset(cifar10(f"cifar10_{name}.npz"))
        assert part.source_index is not None
        assert part.labels is not None
        entropies[part.source_index] = listed.for_dataset(part)
        labels[part.source_index] = part.labels
    if np.isnan(entropies).any():
        raise SystemExit(f"{np.isnan(entropies).sum()} of {count} images are in no file")
    return entropies, labels, list(part.class_names)


def selections(
    selector: Selector, inputs: SelectorInputs, size: int, seeds: int
) -> Iterator[NDArray[np.int64]]:
    """Yield a selection for each seed; one where seeds make no difference."""
    for seed in range(1 if selector.deterministic else seeds):
        yield selector.select(inputs, size, numpy_generator(seed, "entropy selections"))


def counted(groups: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of the chosen examples are in each of ten groups."""
    return np.bincount(groups[chosen], minlength=10)


def head(label: str, size: int) -> dict[str, Any]:
    """Return what identifies a selection in a table."""
    return {"selection": label, "size": size}


def of(values: NDArray[Any], digits: int) -> dict[str, Any]:
    """Return mean, standard deviation (nan of a single one), its text and the number of values."""
    sd = deviation([float(one) for one in values])
    spread = "" if absent(sd) else f"± {sd:.{digits}f}"
    return {"mean": float(np.mean(values)), "sd": sd, "spread": spread, "n": len(values)}


if __name__ == "__main__":
    main()
