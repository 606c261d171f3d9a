"""CPU time of a training step against a plain PyTorch loop, on NAS-Bench-201 and DARTS networks.

Both train the same network (the same class, the same initial weights) on the same batches of
CIFAR-10's size: the plain loop as everybody writes it, with torch's layers, ours as ``train`` does
it. They take turns, one thread each, so that whatever slows the machine slows both:

    python benchmarks/speed/speed_training.py
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import naslib_proxydata
from naslib_proxydata.data.loader import Batch
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.training.learner import Learner
from naslib_proxydata.training.settings import TrainingSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, machine_line, write_csv, write_json

SIZES = {
    ("nb201", "published"): {"channels": 16, "cells": 5},
    ("nb201", "quick"): {"channels": 16, "cells": 1},
    ("darts", "quick"): {"channels": 8, "cells": 5},
    ("darts", "16 channels, 8 cells"): {"channels": 16, "cells": 8},
}
BATCH = 64


def main() -> None:
    parser = arguments(__doc__, "speed_training")
    parser.add_argument("--architectures", type=int, default=3, help="of each space")
    parser.add_argument("--steps", type=int, default=6, help="timed steps of each")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [line(space, name, options.architectures, options.steps) for space, name in SIZES]
    write_csv(options.results / "data" / "speed_training.csv", rows)
    facts = {"batch": BATCH, "steps": options.steps, "architectures": options.architectures}
    measured = machine_line()
    write_json(options.results / "data" / "speed_training.json", measured_on=measured, **facts)


def line(name: str, size: str, count: int, steps: int) -> dict[str, Any]:
    """Return medians over the architectures of a space, and of their ratios."""
    space = naslib_proxydata.space(name).resized(**SIZES[name, size])
    generator = numpy_generator(0, "speed of training", name)
    pairs = [compared(space, space.sample(generator), steps) for _ in range(count)]
    plain, ours = (statistics.median(pair[place] for pair in pairs) for place in (0, 1))
    ratios = [own / other for other, own in pairs]
    return {
        "space": name,
        "networks": size,
        "plain_ms": 1000 * plain,
        "ours_ms": 1000 * ours,
        "ratio": statistics.median(ratios),
        "largest_ratio": max(ratios),
        "images_per_second": BATCH / ours,
    }


def compared(space: Any, architecture: Any, steps: int) -> tuple[float, float]:
    """Return the median CPU seconds of a step, of the plain loop and ours."""
    generator = torch_generator(0, "batch")
    images = torch.randn(BATCH, 3, 32, 32, generator=generator)
    labels = torch.randint(10, (BATCH,), generator=generator)
    plain, ours = (space.network(architecture, torch_generator(0, "network")) for _ in range(2))
    takes = (plain_step(plain), our_step(ours))
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(steps + 1):
        for take, times in zip(takes, seconds, strict=True):
            started = time.process_time()
            take(images, labels)
            if number:  # the first of each makes memory
                times.append(time.process_time() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


Step = Callable[[Tensor, Tensor], None]


def plain_step(network: nn.Module) -> Step:
    """Return a step as everybody writes it."""
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4
    )

    def step(images: Tensor, labels: Tensor) -> None:
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def our_step(network: nn.Module) -> Step:
    """Return a step of ``train``."""
    learner = Learner(network, TrainingSettings(batch_size=BATCH))
    learner.begin_epoch(1, torch_generator(0))

    def step(images: Tensor, labels: Tensor) -> None:
        learner.step(Batch(images, labels, torch.from_numpy(np.arange(BATCH))), 0.1, BATCH)

    return step


if __name__ == "__main__":
    main()
