"""Seconds of a search's pair of steps and epoch on the device that is there, and its waits.

A pair is an architecture step and a weight step with all that a search does in a batch: loader,
augmentation, meters, and the errors that bi-level pruning collects. On a GPU the waits of the host
are counted by ``torch.cuda.set_sync_debug_mode``, and each strategy is measured plainly and, where
it can be, with its steps recorded as CUDA graphs. The first three pairs are left out: one chooses
algorithms, one records. What recorded steps have made of the network is compared with what plain
ones have; with --deterministic they must be equal. One line a strategy, and the same as JSON:

    python benchmarks/gpu/search_step.py --strategies darts,gdas --precision bfloat16
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.resident import resident_images
from naslib_proxydata.oneshot.builder import supernet_builder
from naslib_proxydata.oneshot.examples import paired
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Meter, Search
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.plugins import Acting, Plugins, load
from naslib_proxydata.plugins.sources import Provider
from naslib_proxydata.pruning.bilevel import BilevelPruner
from naslib_proxydata.runs.device import resolved_device
from naslib_proxydata.runs.numerics import numerics

CLASSES, IMAGE = 10, 32
SETTLING = 3


def images(count: int) -> ArrayDataset:
    """Return random images of the size of CIFAR-10's."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 3, IMAGE, IMAGE), np.uint8)
    return ArrayDataset("random", pixels, np.arange(count) % CLASSES)


def prepared(plugins: Plugins, name: str, given: argparse.Namespace, graphs: bool) -> Search:
    """Return a search of a strategy that is ready for its first batch."""
    strategy = plugins.create("strategies", name)
    builder = supernet_builder(
        plugins,
        given.space,
        channels=given.channels,
        cells=given.cells,
        num_classes=CLASSES,
        partial=strategy.partial,
    )
    settings = SearchSettings.parse(
        {
            **strategy.published(given.space),
            "warm_up": 0,
            "batch_size": given.batch_size,
            "device": resolved_device(given.device),
            "precision": given.precision,
        },
        "the benchmark",
    )
    acting = Acting()
    acting.add("bdp", BilevelPruner(), Provider("bdp", "this script", "1"))
    learner = Learner(builder, strategy, settings, cells=given.cells)
    search = Search(images(given.examples), learner, acting, given.space, cuda_graphs=graphs)
    search._choose()
    acting.hook.search_started(info=search._info())
    search._resident = resident_images(search.dataset, settings.device, given.device_data)
    return search


def measured(search: Search) -> dict[str, Any]:
    """Return what one strategy's pairs took, in milliseconds, and how often they waited."""
    settings = search.learner.settings
    moment, cuda = Moment.of(settings, 2, "draws", 2), settings.device.startswith("cuda")
    meters = {level: Meter() for level in search.active}
    search._replayed = search._replayed_steps(moment)
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    seconds, waits = [], []
    for batches in paired(
        search._loader("weights", 2, None), search._loader("architecture", 2, None), "longer"
    ):
        started = time.perf_counter()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            if cuda:
                torch.cuda.set_sync_debug_mode("warn")
            search._pair(*batches, moment, meters)
            if cuda:
                torch.cuda.set_sync_debug_mode("default")
        waits.append(sum("synchroniz" in str(one.message) for one in told))
        if cuda:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    after = [1000 * one for one in seconds[SETTLING:]]
    if not after:
        raise SystemExit(
            f"expected more than the {SETTLING} pairs of batches that settle, got {len(seconds)}; "
            "give more --examples or a smaller --batch-size"
        )
    return {
        "recorded": bool(search._replayed),
        "pairs": len(after),
        "median_ms": float(np.median(after)),
        "quartiles_ms": np.percentile(after, (25, 75)).tolist(),
        "waits": float(np.mean(waits[SETTLING:])),
        "peak_MiB": torch.cuda.max_memory_allocated() / 2**20 if cuda else None,
        "loss": float(meters["weights"].loss) / meters["weights"].count,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strategies", default="darts", help="comma-separated  [darts]")
    parser.add_argument("--space", default="nb201")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--device-data", default="auto", choices=("auto", "always", "never"))
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--cells", type=int, default=None, help="the paper's where not given")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--examples", type=int, default=2560, help="of both levels together")
    parser.add_argument("--cudnn-benchmark", action="store_true")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--json", type=Path, help="where the figures are kept too")
    given = parser.parse_args()
    plugins = load()
    rows = []
    with numerics(cudnn_benchmark=given.cudnn_benchmark, deterministic=given.deterministic):
        for name in given.strategies.split(","):
            ended: list[Tensor] = []
            for graphs in (False, True):
                search = prepared(plugins, name, given, graphs)
                start = parameters(search)
                row = {"strategy": name, **measured(search)}
                ended.append(parameters(search))
                row["apart"] = float((ended[-1] - ended[0]).norm() / (ended[0] - start).norm())
                if graphs and not row["recorded"]:
                    continue  # the same as the row before
                device = search.learner.settings.device
                rows.append({**vars(given), **row, "device": described(device)})
                print(told(row, device, given), flush=True)
                if given.json is not None:
                    given.json.write_text(json.dumps(rows, indent=1, default=str))


def parameters(search: Search) -> Tensor:
    """Return all weights and architecture parameters, in one row."""
    learner = search.learner
    every = [*learner.weights, *learner.architecture_parameters]
    return torch.cat([one.detach().double().flatten().cpu() for one in every])


def described(device: str) -> str:
    """Return the name of the card, or cpu."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def told(row: dict[str, Any], device: str, given: argparse.Namespace) -> str:
    """Return one line about a strategy."""
    way = "recorded" if row["recorded"] else "plain"
    pairs = 25000 / given.batch_size
    waits = f", {row['waits']:.1f} waits a pair" if device != "cpu" else ""
    return (
        f"{row['strategy']} ({way}) on {described(device)}, {given.precision}: median "
        f"{row['median_ms']:.2f} ms a pair of {given.batch_size} (n = {row['pairs']}), "
        f"{pairs * row['median_ms'] / 1000:.2f} s an epoch of 25,000 a level{waits}, "
        f"loss {row['loss']:.5f}, parameters {row['apart']:.2g} of their way from the plain ones'"
    )


if __name__ == "__main__":
    main()
