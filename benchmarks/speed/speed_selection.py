"""What selections cost, as ratios measured in one run.

- greedy k-center against the textbook loop that recomputes distances with numpy, and against the
  matrix product that no exact method can do without;
- P1 on 14 million scores (an ImageNet-22K), with its peak of memory;
- k-means outlier removal on as many pixels as CIFAR-10 has;
- each as a share of one epoch of the search that it serves.

    python benchmarks/speed/speed_selection.py
    python benchmarks/speed/speed_selection.py --quick   # a tenth of the sizes

CPU seconds on one thread; the machine's other work does not count. The epoch is the time of one
forward and backward pass of ResNet-20 over as many images, a lower bound: supernets cost more.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from torch.nn import functional

from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.k_center import greedy_k_center
from naslib_proxydata.selection.kmeans_outliers import (
    KMeansOutliersSelector,
    nearest_centre_distances,
    standardised,
)
from naslib_proxydata.selection.probabilistic import EntropyP1Selector
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.models import build_model
from naslib_proxydata.selection.scorers.plain import PixelScorer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import cifar10

DIMENSIONS = 64
PIXELS = 3072
CHUNK = 5000


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def peak_mib() -> float:
    """Return the most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def features_like_a_classifiers(count: int) -> NDArray[np.float32]:
    """Return penultimate-like features: ten classes, ReLU, float32, shape (count, 64)."""
    generator = np.random.default_rng(0)
    centres = generator.normal(0, 1, (10, DIMENSIONS))
    noise = generator.normal(0, 0.7, (count, DIMENSIONS))
    return np.maximum(centres[generator.integers(0, 10, count)] + noise, 0).astype(np.float32)


def textbook_k_center(features: NDArray[np.float32], size: int) -> NDArray[np.int64]:
    """Choose greedily, recomputing all distances to the newest centre at each step."""
    first = int(np.argmin(((features - features.mean(0)) ** 2).sum(1)))
    chosen, nearest = [first], np.full(len(features), np.inf, features.dtype)
    while len(chosen) < size:
        nearest = np.minimum(nearest, ((features - features[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(np.argmax(nearest)))
    return np.array(chosen)


def matrix_product(features: NDArray[np.float32], size: int) -> None:
    """Multiply all features with those of ``size`` centres, in pieces that stay in the cache."""
    centres = features[:size].T.copy()
    for start in range(0, len(features), 2048):
        for centre in range(0, size, 256):
            features[start : start + 2048] @ centres[:, centre : centre + 256]


def kmeans_agreement() -> None:
    """Compare the selector's centres with Lloyd's algorithm on 10,000 CIFAR-10 images."""
    dataset = open_dataset(cifar10())
    points = standardised(PixelScorer().compute(ScoringContext(dataset, Path())))
    inertias: list[float] = []
    kept: list[set[int]] = []
    for algorithm, starts in ((KMeans, 1), (KMeans, 1), (MiniBatchKMeans, 3)):
        means = algorithm(100, init="random", n_init=starts, random_state=len(kept)).fit(points)
        distances = nearest_centre_distances(points, means.cluster_centers_)
        inertias.append(float(distances.sum()))
        kept.append(set(np.argsort(distances)[: len(points) // 2].tolist()))
    excess = 100 * (inertias[2] / inertias[0] - 1)
    overlaps = [100 * 2 * len(kept[0] & other) / len(points) for other in kept[1:]]
    print(f"k-means, {len(points):,} images, K = 100: inertia {excess:.1f} % above a Lloyd start;")
    print(f"  half kept: {overlaps[1]:.1f} % the same; of two Lloyd starts {overlaps[0]:.1f} %")


def epoch_seconds(count: int) -> float:
    """Return CPU seconds of training ResNet-20 on ``count`` images, from ten batches of 64."""
    model = build_model("resnet20", 10, 3, torch_generator(0)).train()
    images = torch.rand(64, 3, 32, 32, generator=torch_generator(1))
    labels = torch.arange(64) % 10

    def step() -> None:
        loss: Any = functional.cross_entropy(model(images), labels)
        loss.backward()

    def steps() -> None:
        for _ in range(10):
            step()

    step()
    return seconds(steps) / 640 * count


def tell(what: str, value: float, unit: str = "") -> None:
    """Print a figure."""
    print(f"{what}: {value:.3g} {unit}".rstrip(), flush=True)


def measure_p1(count: int) -> None:
    """Draw a tenth of many scores; to be called first, for the peak is the process's so far."""
    scores = 10 ** np.random.default_rng(0).uniform(-12, 0.5, count)
    print(f"P1: {peak_mib():.0f} MiB held before, {scores.nbytes / 2**20:.0f} of them the scores")
    inputs = SelectorInputs(count, scores=scores)
    size = count // 10
    cost = seconds(lambda: EntropyP1Selector().select(inputs, size, np.random.default_rng(0)))
    tell(f"P1, {size:,} of {count:,}", cost, "s")
    tell("P1, peak of the whole process", peak_mib(), "MiB")
    tell("P1, share of an epoch on as many images", cost / epoch_seconds(count))


def measure_k_center(count: int, size: int) -> None:
    """Choose centres and compare with the textbook and with the product alone."""
    features = features_like_a_classifiers(count)
    greedy_k_center(features, 20)  # the first call of BLAS is slow
    products, ours = [], []
    for _ in range(5):
        products.append(seconds(lambda: matrix_product(features, size)))
        ours.append(seconds(lambda: greedy_k_center(features, size)))
    product, own = float(np.median(products)), float(np.median(ours))
    theirs = seconds(lambda: textbook_k_center(features, size))
    same = np.mean(greedy_k_center(features, size) == textbook_k_center(features, size))
    print(f"k-center, {size:,} of {count:,} x {DIMENSIONS}: {own:.2f} s; textbook {theirs:.2f} s;")
    print(f"  matrix product {product:.2f} s; the same choice at {100 * same:.1f} % of places")
    tell("k-center, textbook / ours", theirs / own)
    tell("k-center, ours / matrix product", own / product)
    tell("k-center, share of an epoch", own / epoch_seconds(count))


def measure_k_means(count: int) -> None:
    """Remove outliers of as many random images, in groups that clusters can find."""
    pixels = np.random.default_rng(0).random((count, PIXELS), dtype=np.float32)
    for start in range(0, count, CHUNK):
        pixels[start : start + CHUNK] += 0.3 * pixels[start]
    inputs = SelectorInputs(count, features=pixels)
    selector = KMeansOutliersSelector(clusters=100)
    cost = seconds(lambda: selector.select(inputs, count // 10, np.random.default_rng(0)))
    tell(f"k-means outliers, {count:,} x {PIXELS}", cost, "s")
    tell("k-means outliers, share of an epoch", cost / epoch_seconds(count))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes")
    parser.add_argument("--lloyd", action="store_true", help="compare with Lloyd's algorithm too")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    torch.set_num_threads(1)
    measure_p1(14_000_000 // scale)
    measure_k_center(50_000 // scale, 5000 // scale)
    measure_k_means(50_000 // scale)
    if options.lloyd:
        kmeans_agreement()


if __name__ == "__main__":
    main()
