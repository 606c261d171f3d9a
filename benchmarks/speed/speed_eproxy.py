"""Measure Eproxy's CPU time a cell on NAS-Bench-201, its memory and its profile.

Compares with any other program whose timings are in a CSV with the columns ``architecture``,
``cpu_seconds`` and ``score`` (higher is better): ratio of CPU times on the same cells and rank
correlation of the scores. One thread; CPU time is that of the whole process.

    python benchmarks/speed/speed_eproxy.py --other theirs.csv
"""

from __future__ import annotations

import argparse
import csv
import math
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from eproxy_work import shares, train_macs
from torch import nn

from naslib_proxydata.data.images import load_images
from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.cell import Cell
from naslib_proxydata.spaces.nb201.space import NasBench201

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import cifar10, write_csv

Timing = dict[str, tuple[float, float]]
"""Architecture text to (CPU seconds, score)."""


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    predictor = prepared(options.seed)
    space = NasBench201()
    theirs = read(options.other) if options.other else {}
    texts = list(theirs) or draw(space, options.n)
    live = [text for text in texts if space.carries_signal(space.parse(text))]
    predictor.score_one(space.parse(live[0]))  # the first call compiles oneDNN's kernels
    ours = timed(predictor, live)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    mean = np.mean([seconds for seconds, _ in ours.values()])
    print(f"{len(live)} cells that carry signal ({len(texts) - len(live)} do not)")
    print(f"kernels          {'compiled' if lanes() else 'none, torch alone'}")
    print(f"Eproxy here      {mean:.3f} CPU s a cell")
    if theirs:
        compare(ours, theirs)
    print(f"peak memory      {peak:.0f} MiB")
    rate = convolution_rate()
    alone = np.mean([train_macs(predictor, space.parse(text)) for text in live]) / rate
    print(
        f"torch's convolution rate is {rate / 1e9:.1f} GMAC/s: {alone:.3f} s a cell for them alone"
    )
    for kind, share in shares(predictor, [space.parse(text) for text in live[:5]]).items():
        print(f"{share:6.1%}  {kind}")
    if options.out:
        write(options.out, ours)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--other", type=Path, help="CSV of another program's timings")
    parser.add_argument("--n", type=int, default=30, help="cells, without --other")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where to write our timings as a CSV")
    return parser.parse_args()


def prepared(seed: int) -> Eproxy[Cell]:
    predictor: Eproxy[Cell] = Eproxy()
    images = load_images(cifar10("cifar10_batch64.npz"), predictor.images_needed, seed)
    predictor.prepare(ScoringTask(NasBench201(), images, seed))
    return predictor


def draw(space: NasBench201, n: int) -> list[str]:
    generator = numpy_generator("speed_eproxy")
    return [space.text(space.sample(generator)) for _ in range(n)]


def timed(predictor: Eproxy[Cell], texts: Sequence[str]) -> Timing:
    timings = {}
    for text in texts:
        cell = predictor.task.space.parse(text)
        started = time.process_time()
        score = predictor.score_one(cell)
        timings[text] = (time.process_time() - started, score.value)
    return timings


def compare(ours: Timing, theirs: Timing) -> None:
    """Print ratio and rank correlation over the cells that both scored."""
    from scipy.stats import spearmanr  # after the memory was read, to which it would add

    both = [text for text in ours if text in theirs and math.isfinite(theirs[text][1])]
    seconds = np.array([[one[text][0] for one in (ours, theirs)] for text in both])
    scores = np.array([[one[text][1] for one in (ours, theirs)] for text in both])
    mean = seconds.mean(axis=0)
    print(f"the other        {mean[1]:.3f} CPU s a cell")
    middle = np.median(seconds[:, 0] / seconds[:, 1])
    print(f"ratio            {mean[0] / mean[1]:.3f} over {len(both)} cells, median {middle:.3f}")
    print(f"rank correlation {spearmanr(scores).statistic:.3f}")


def convolution_rate() -> float:
    """Measure multiply-accumulates a second of the three stages' 3x3 convolutions, both ways."""
    macs = seconds = 0.0
    for channels, size in ((16, 32), (32, 16), (64, 8)):
        layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        images = torch.randn(16, channels, size, size)
        images = images.to(memory_format=torch.channels_last).requires_grad_()
        gradient = torch.randn_like(images)
        times = []
        for _ in range(50):
            started = time.process_time()
            layer(images).backward(gradient)
            times.append(time.process_time() - started)
        seconds += float(np.median(times))
        macs += 3 * images.numel() * channels * 9
    return macs / seconds


def read(path: Path) -> Timing:
    with path.open(newline="") as file:
        return {
            row["architecture"]: (float(row["cpu_seconds"]), float(row["score"]))
            for row in csv.DictReader(file)
        }


def write(path: Path, timings: Timing) -> None:
    columns = ("architecture", "cpu_seconds", "score")
    lines = [(text, *values) for text, values in timings.items()]
    write_csv(path, [dict(zip(columns, line, strict=True)) for line in lines])


if __name__ == "__main__":
    main()
