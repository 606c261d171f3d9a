"""Search on one dataset, train on another, both ways: NASTransfer's protocol, much reduced.

    python benchmarks/experiments/transfer.py

Sources and targets are CIFAR-10 (the shared 10,000 and 2,000 images) and Fashion-MNIST (Debian's
package ``dataset-fashion-mnist``), the same number of images of each class. DARTS and ENAS search
the DARTS space on each; every cell, and random ones, are trained on each by ``nastransfer-quick``
with two seeds of the augmentation (arXiv 2006.13314). What is finished is kept in ``--out``.
"""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.assemble.train_outcomes import Group, Improvement
from naslib_proxydata.data.idx import DEBIAN
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, run_line, write_csv, write_json

TARGETS = {"cifar10": "CIFAR-10", "fashion-mnist": "Fashion-MNIST"}
STRATEGIES: dict[str, dict[str, Any]] = {"darts": {}, "enas": {"steps": 5, "cells": 10}}
"""Both with their options; ENAS' program has 50 steps of 20 cells after each epoch."""
AUGMENTATION_SEEDS = (2, 3)
SEARCH: dict[str, Any] = {
    "epochs": 5,
    "channels": 8,
    "cells": 5,
    "training": {"image_reduction": 2, "batch_size": 64},
}


def main() -> None:
    parser = arguments(__doc__, "transfer")
    parser.add_argument("--images", type=int, default=2000, help="of each training set")
    parser.add_argument("--epochs", type=int, default=4, help="of the trainings")
    parser.add_argument("--random", type=int, default=5, help="architectures to compare with")
    options = parser.parse_args()
    out, started = options.out, time.process_time()
    sources = {"cifar10": cifar10(), "fashion-mnist": "fashion-mnist"}
    images = {name: chosen(sources[name], options.images, out / name) for name in TARGETS}
    cells = {
        (name, strategy): cell(sources[name], strategy, images[name], out / f"{strategy}-{name}")
        for name in TARGETS
        for strategy in STRATEGIES
    }
    rows: list[dict[str, Any]] = []
    for target in TARGETS:
        done = naslib_proxydata.train(
            list(dict.fromkeys(cells.values())),
            space="darts",
            dataset=sources[target],
            selection=images[target],
            test=held_out(target, out),
            recipe="nastransfer-quick",
            seeds=AUGMENTATION_SEEDS,
            epochs=options.epochs,
            random=options.random,
            out=out / f"on-{target}",
        )
        improvements = {one.architecture: one for one in done.improvements}
        groups = {one.architecture: one for one in done.groups}
        rows += [
            line(TARGETS[target], TARGETS[name], strategy, groups[text], improvements[text])
            for (name, strategy), text in cells.items()
        ]
        drawn = [one for one in done.groups if one.random]
        rows.append(
            {
                "target": TARGETS[target],
                "strategy": f"random, mean of {len(drawn)}",
                "accuracy": float(np.mean([one.accuracy for one in drawn])),
            }
        )
    write_csv(options.results / "data" / "transfer.csv", rows)
    write_json(
        options.results / "data" / "transfer.json",
        measured_on=run_line(out / "on-cifar10"),
        images=options.images,
        epochs=options.epochs,
        random=options.random,
        core_minutes=(time.process_time() - started) / 60,
    )


def line(
    target: str, name: str, strategy: str, group: Group, improvement: Improvement
) -> dict[str, Any]:
    """Return the row of one cell on one target: accuracies by seed, and RI over random ones."""
    by_seed = {
        f"seed_{row.wanted.job.seed}": row.trained.result.accuracy
        for row in group.rows
        if row.trained
    }
    return {
        "target": target,
        "source": name,
        "strategy": strategy,
        "accuracy": group.accuracy,
        **by_seed,
        "improvement": improvement.value,
        "low": improvement.low,
        "high": improvement.high,
    }


def cell(dataset: str, strategy: str, images: Path, out: Path) -> str:
    """Search, and return the genotype that was found."""
    found = naslib_proxydata.search(
        "darts",
        {strategy: STRATEGIES[strategy]},
        dataset,
        selection=images,
        seed=0,
        out=out,
        **SEARCH,
    )
    return str(found.cell)


def chosen(dataset: str, count: int, out: Path) -> Path:
    """Choose the same number of training images of each class."""
    naslib_proxydata.select(dataset, "class-random", size=count, seed=0, out=out)
    return out


def held_out(name: str, out: Path) -> str:
    """Return the source of 2,000 test images, the same number of each class."""
    if name == "cifar10":
        return cifar10("cifar10_test2000.npz")
    images, labels = (
        np.frombuffer(gzip.decompress((DEBIAN / file).read_bytes()), np.uint8, offset=offset)
        for file, offset in (("t10k-images-idx3-ubyte.gz", 16), ("t10k-labels-idx1-ubyte.gz", 8))
    )
    generator = numpy_generator(0, "transfer", name)
    rows = np.concatenate(
        [
            generator.choice(np.flatnonzero(labels == one), 200, replace=False)
            for one in np.unique(labels)
        ]
    )
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "test.npz", images=images.reshape(-1, 28, 28, 1)[rows], labels=labels[rows])
    return f"npz:{out / 'test.npz'}"


if __name__ == "__main__":
    main()
