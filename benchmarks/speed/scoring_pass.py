"""Memory of a scoring pass over up to a million generated items, and what a kill changes: nothing.

Each pass runs in a process of its own, whose peak of memory is read when it ends. One more pass of
the largest size is killed when half of it is done, and started again in the same cache.

    python benchmarks/speed/scoring_pass.py
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers import formulas, passes
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.inference import score_outputs
from naslib_proxydata.selection.scorers.models import initialise
from naslib_proxydata.selection.scorers.scoring import score_dataset

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, machine_line, write_csv, write_json

SIDE, CLASSES = 4, 10
SECONDS_BETWEEN_PARTS = 0.5
POLL_SECONDS = 0.2


class Generated(Dataset):
    """Images of 4 x 4 pixels that follow from their indices and lie nowhere."""

    def __init__(self, count: int) -> None:
        self.name = "generated"
        self.count = count
        self.labels = np.arange(count) % CLASSES

    def __len__(self) -> int:
        """Return the number of images."""
        return self.count

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Return images, uint8, shape (len(indices), 3, 4, 4)."""
        places = np.arange(1, 3 * SIDE * SIDE + 1, dtype=np.uint32)
        mixed = (indices.astype(np.uint32)[:, None] * np.uint32(2654435761)) * places
        return torch.from_numpy((mixed >> np.uint32(24)).astype(np.uint8)).view(-1, 3, SIDE, SIDE)


class TinyEntropy(Scorer):
    """Entropy of a small network with random weights."""

    name = "tiny-entropy"

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Make one pass."""
        model = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * SIDE**2, CLASSES)
        )
        initialise(model, torch_generator(0, "tiny"))
        return score_outputs(
            model,
            context.dataset,
            lambda logits, _: formulas.entropy(logits),
            "cpu",
            context.scoring_pass,
        )


def one_pass(count: int, cache: Path) -> None:
    """Score ``count`` items and print what a row needs: what a child process does."""
    torch.set_num_threads(1)
    passes.SECONDS_BETWEEN_PARTS = SECONDS_BETWEEN_PARTS  # so that there are parts on any machine
    began: list[int] = []

    def progress(_: str, done: int, __: int) -> None:
        if not began:
            began.append(done)

    started = time.perf_counter()
    context = ScoringContext(Generated(count), cache, progress=progress)
    scores = score_dataset(TinyEntropy(), context)
    facts = {
        "items": count,
        "seconds": time.perf_counter() - started,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "began_after": began[0] - context_batch(count),
        "sha256": hashlib.sha256(scores.tobytes()).hexdigest()[:16],
    }
    print(json.dumps(facts))


def context_batch(count: int) -> int:
    """Return the number of items in the first batch of a pass."""
    return min(500, count)


def child(count: int, cache: Path) -> subprocess.Popen[str]:
    """Start a pass in a process of its own."""
    command = [sys.executable, __file__, "--one-pass", str(count), str(cache)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finished(count: int, cache: Path) -> dict[str, Any]:
    """Run a pass to its end and return its facts."""
    said, _ = child(count, cache).communicate()
    facts: dict[str, Any] = json.loads(said)
    print(facts, flush=True)
    return facts


def kill_in_the_middle(count: int, cache: Path) -> None:
    """Start a pass and kill it as soon as half of its rows are in the cache."""
    running = child(count, cache)
    while running.poll() is None:
        parts = sorted(cache.glob("scores/*.parts/[0-9]*.npy"))
        if parts and int(parts[-1].stem) >= count // 2:
            running.send_signal(signal.SIGKILL)
            running.wait()
            return
        time.sleep(POLL_SECONDS)
    raise SystemExit("the pass ended before half of it was kept; take more items")


def measured(sizes: list[int], folder: Path) -> list[dict[str, Any]]:
    """Return a row for each size, and one for the pass that was killed."""
    rows = [
        {"pass": "whole", **finished(count, folder / f"whole{count}"), "load": os.getloadavg()[1]}
        for count in sizes
    ]
    killed = folder / "killed"
    kill_in_the_middle(sizes[-1], killed)
    rows.append(
        {"pass": "killed, then goes on", **finished(sizes[-1], killed), "load": os.getloadavg()[1]}
    )
    return rows


def main() -> None:
    parser = arguments(__doc__, "scoring_pass")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--one-pass", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one_pass:
        one_pass(int(args.one_pass[0]), Path(args.one_pass[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(args.sizes, Path(folder))
    if rows[-1]["sha256"] != rows[-2]["sha256"]:
        raise SystemExit("the pass that was killed gives other scores")
    data = args.results / "data"
    write_csv(data / "scoring_pass.csv", rows)
    growth = (rows[-2]["peak_mib"] - rows[0]["peak_mib"]) * 2**20
    per_item = growth / (args.sizes[-1] - args.sizes[0])
    write_json(data / "scoring_pass.json", measured_on=machine_line(), bytes_per_item=per_item)


if __name__ == "__main__":
    main()
