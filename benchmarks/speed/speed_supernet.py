"""CPU (or GPU) time of a supernet step on NAS-Bench-201 against a plain loop, in one process.

The plain loop runs every operation of every edge on its own, as the equation is written, in
torch's default memory format; a second row gives it ours. The three take turns, one thread, so
that whatever slows the machine slows all of them; the ratio of medians is reported, with where
ours spends its time and what bi-level pruning adds to an epoch:

    python benchmarks/speed/speed_supernet.py --channels 16 --cells 1
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.loader import Batch
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.supernets.base import BatchNorm
from naslib_proxydata.oneshot.supernets.nb201 import NasBench201Supernet
from naslib_proxydata.plugins import Acting
from naslib_proxydata.plugins.sources import Provider
from naslib_proxydata.pruning.bilevel import BilevelPruner
from naslib_proxydata.pruning.schedule import Schedule
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.nb201.cell import EDGES

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, machine_line, write_csv, write_json


class PlainCell(nn.Module):
    """Every operation of every edge on its own, weighted and added up."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.edges: Any = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.Identity(),
                    self.convolution(channels, 1),
                    self.convolution(channels, 3),
                    nn.Sequential(
                        nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False), BatchNorm()
                    ),
                ]
            )
            for _ in EDGES
        )

    @staticmethod
    def convolution(channels: int, size: int) -> nn.Sequential:
        """Return ReLU, convolution and normalisation."""
        layer = nn.Conv2d(channels, channels, size, padding=size // 2, bias=False)
        return nn.Sequential(nn.ReLU(), layer, BatchNorm())

    def forward(self, features: Tensor, mixture: Mixture) -> Tensor:
        """Map (n, channels, h, w) to the same shape."""
        nodes = [features]
        for target in (1, 2, 3):
            terms = [0 * nodes[0]]
            for row, (source, into) in enumerate(EDGES):
                if into == target:
                    terms += [
                        mixture.weights[row, column] * operation(nodes[source])
                        for column, operation in enumerate(self.edges[row], start=1)
                    ]
            nodes.append(sum(terms[1:], terms[0]))
        return nodes[3]


class PlainSupernet(NasBench201Supernet):
    """The same network around plain cells."""

    def __init__(self, channels: int, cells: int) -> None:
        super().__init__(channels, cells)
        self.stages = nn.ModuleList(
            nn.ModuleList(PlainCell(width) for _ in range(cells))
            for width in (channels, 2 * channels, 4 * channels)
        )


def random_batch(size: int, device: str) -> Batch:
    generator = torch_generator(0, "batch")
    images = torch.randn(size, 3, 32, 32, generator=generator).to(device)
    labels = torch.randint(10, (size,), generator=generator).to(device)
    return Batch(images, labels, torch.arange(size))


class PlainLearner(Learner):
    """The same steps in torch's default memory format."""

    def loss(self, batch: Batch, mixtures: Mapping[str, Mixture]) -> tuple[Tensor, Tensor]:
        """Return the cross-entropy and the logits."""
        logits = self.supernet(batch.images, mixtures)
        return F.cross_entropy(logits, batch.labels), logits


def make(kind: str, args: argparse.Namespace) -> Learner:
    network = NasBench201Supernet if kind == "merged" else PlainSupernet
    learner = PlainLearner if kind == "plain" else Learner
    made = learner(
        lambda generator, depth: build(lambda: network(args.channels, args.cells), generator),
        Strategy("darts"),
        SearchSettings.parse({"device": args.device}, "the benchmark"),
    )
    if kind == "plain":
        for parameter in made.supernet.parameters():
            parameter.data = parameter.data.contiguous()
    return made


def clock(device: str) -> float:
    if device.startswith("cuda"):
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def take_turns(args: argparse.Namespace) -> dict[str, list[float]]:
    kinds = ("plain", "plain, our memory format", "merged")
    learners = {kind: make(kind, args) for kind in kinds}
    batch = random_batch(args.batch, args.device)
    moment = Moment(1, 50, torch_generator(0))
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(args.repeats + 1):
        for kind, learner in learners.items():
            started = clock(args.device)
            learner.architecture_step(batch, batch, moment)
            learner.weights_step(batch, moment)
            if turn:  # the first warms up
                times[kind].append(clock(args.device) - started)
    return times


def where_time_goes(args: argparse.Namespace) -> list[dict[str, object]]:
    """Return the operators that take most of a merged step, with their shares."""
    learner, batch = make("merged", args), random_batch(args.batch, args.device)
    moment = Moment(1, 50, torch_generator(0))
    on_gpu = args.device.startswith("cuda")
    learner.weights_step(batch, moment)
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as run:
        learner.architecture_step(batch, batch, moment)
        learner.weights_step(batch, moment)
    name = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    spent = sorted(run.key_averages(), key=lambda one: -getattr(one, name))
    total = sum(getattr(one, name) for one in spent)
    return [{"operator": one.key, "share": getattr(one, name) / total} for one in spent[:8]]


def pruning_overhead(args: argparse.Namespace) -> float:
    """Return the share of an epoch that BDP's hooks take, in CPU time."""
    generator = np.random.default_rng(0)
    dataset = ArrayDataset(
        "noise",
        generator.integers(0, 256, (args.examples, 3, 32, 32), dtype=np.uint8),
        generator.integers(0, 10, args.examples),
    )
    pruner, spent = BilevelPruner(Schedule(2, 0.0, 0.0)), [0.0]

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(*positional: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return function(*positional, **named)
            finally:
                spent[0] += time.process_time() - started

        return wrapper

    acting = Acting()
    acting.add("bdp", pruner, Provider("speed_supernet", "this script"))
    for hook in ("batch_finished", "prune_examples"):
        for implementation in getattr(acting.hook, hook).get_hookimpls():
            implementation.function = timed(implementation.function)
    learner = make("merged", args)
    learner.settings = learner.settings.model_copy(update={"epochs": 2})
    started = time.process_time()
    Search(dataset, learner, acting, "nb201").run()
    return spent[0] / (time.process_time() - started)


def main() -> None:
    parser = arguments(__doc__, "speed_supernet")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--cells", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--examples", type=int, default=1024, help="of the overhead's epochs")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    data, times = args.results / "data", take_turns(args)
    plain = statistics.median(times["plain"])
    rows = [line(step, seconds, plain) for step, seconds in times.items()]
    write_csv(data / "speed_supernet.csv", rows)
    write_csv(data / "speed_supernet_operators.csv", where_time_goes(args))
    share, measured_on = pruning_overhead(args), machine_line(args.device)
    write_json(data / "speed_supernet.json", measured_on=measured_on, hooks_share=share)


def line(step: str, seconds: Sequence[float], plain: float) -> dict[str, object]:
    """Return median and range of a step, in milliseconds, and the median by that of ``plain``."""
    middle = statistics.median(seconds)
    return {
        "step": step,
        "median_ms": 1000 * middle,
        "lowest_ms": 1000 * min(seconds),
        "highest_ms": 1000 * max(seconds),
        "of_plain": middle / plain,
    }


if __name__ == "__main__":
    main()
