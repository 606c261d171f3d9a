"""What selections cost, as ratios measured in one run.

- greedy k-center against the textbook loop that recomputes distances with numpy, and against the
  matrix product that no exact method can do without;
- P1 on 14 million scores (an ImageNet-22K), with its peak of memory;
- k-means outlier removal on as many pixels as CIFAR-10 has;
- each as a share of one epoch of the search that it serves.

    python benchmarks/speed_selection.py                      # the sizes of the issue
    python benchmarks/speed_selection.py --quick              # a tenth, to try it

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

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.k_center import greedy_k_center
from naslib_proxydata.selection.kmeans_outliers import KMeansOutliersSelector
from naslib_proxydata.selection.probabilistic import EntropyP1Selector
from naslib_proxydata.selection.scorers.models import build_model

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


def epoch_seconds(count: int) -> float:
    """Return CPU seconds of training ResNet-20 on ``count`` images, from ten batches of 64."""
    model = build_model("resnet20", 10, 3, torch_generator(0)).train()
    images = torch.rand(64, 3, 32, 32, generator=torch_generator(1))
    labels = torch.arange(64) % 10

    def step() -> None:
        functional.cross_entropy(model(images), labels).backward()

    step()
    return seconds(lambda: [step() for _ in range(10)]) / 640 * count


def main() -> int:
    """Measure and print; return 1 if a bound of the issue is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    torch.set_num_threads(1)
    missed = []

    def report(what: str, value: float, unit: str, bound: str, met: bool) -> None:
        print(f"{what}: {value:.3g} {unit} (wanted: {bound}: {'met' if met else 'MISSED'})")
        sys.stdout.flush()
        if not met:
            missed.append(what)

    # P1 first: the peak of memory is the process's so far.
    count = 14_000_000 // scale
    scores = 10 ** np.random.default_rng(0).uniform(-12, 0.5, count)
    before = peak_mib()
    inputs = SelectorInputs(count, scores=scores)
    size = count // 10
    p1 = seconds(lambda: EntropyP1Selector().select(inputs, size, np.random.default_rng(0)))
    report(f"P1, {size:,} of {count:,}", p1, "s", "< 5 s", p1 < 5)
    print(f"  process held {before:.0f} MiB before, torch and the scores included")
    report("P1, peak of the whole process", peak_mib(), "MiB", "< 1024 MiB", peak_mib() < 1024)
    del scores, inputs

    count, size = 50_000 // scale, 5000 // scale
    features = features_like_a_classifiers(count)
    greedy_k_center(features, 20)  # the first call of BLAS is slow
    floors = [seconds(lambda: matrix_product(features, size)) for _ in range(3)]
    ours = [seconds(lambda: greedy_k_center(features, size)) for _ in range(3)]
    floor, own = float(np.median(floors)), float(np.median(ours))
    theirs = seconds(lambda: textbook_k_center(features, size))
    same = np.mean(greedy_k_center(features, size) == textbook_k_center(features, size))
    print(f"k-center, {size:,} of {count:,} x {DIMENSIONS}: {own:.2f} s; textbook {theirs:.2f} s;")
    print(f"  matrix product {floor:.2f} s; the same choice at {100 * same:.1f} % of places")
    report("k-center, textbook / ours", theirs / own, "times", ">= 3", theirs / own >= 3)
    report("k-center, ours / matrix product", own / floor, "times", "<= 1.5", own / floor <= 1.5)

    pixels = np.random.default_rng(0).random((count, PIXELS), dtype=np.float32)
    for start in range(0, count, CHUNK):  # classes, for the clusters to find
        pixels[start : start + CHUNK] += 0.3 * pixels[start]
    inputs = SelectorInputs(count, features=pixels)
    selector = KMeansOutliersSelector(clusters=100)
    means = seconds(lambda: selector.select(inputs, count // 10, np.random.default_rng(0)))
    report(f"k-means outliers, {count:,} x {PIXELS}", means, "s", "< 60 s", means < 60)

    epoch = epoch_seconds(count)
    print(f"one epoch of ResNet-20 on {count:,} images: {epoch:.0f} s")
    for what, cost in (("k-center", own), ("k-means outliers", means)):
        report(f"{what}, share of that epoch", cost / epoch, "", "<= 1", cost <= epoch)
    big = epoch_seconds(14_000_000 // scale)
    report("P1, share of an epoch on 14 million", p1 / big, "", "<= 1", p1 <= big)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
