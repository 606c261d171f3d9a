"""Seconds of a search's pair of steps and epoch on the device that is there, and its waits.

A pair is an architecture step and a weight step with all that a search does in a batch: loader,
augmentation, meters, and the errors that bi-level pruning collects. On a GPU the waits of the host
are counted by ``torch.cuda.set_sync_debug_mode``, but for the first pair. One line a strategy:

    python benchmarks/gpu/search_step.py --strategies darts,gdas --precision bfloat16
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import torch

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

CLASSES, IMAGE = 10, 32


def images(count: int) -> ArrayDataset:
    """Return random images of the size of CIFAR-10's."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 3, IMAGE, IMAGE), np.uint8)
    return ArrayDataset("random", pixels, np.arange(count) % CLASSES)


def prepared(plugins: Plugins, name: str, given: argparse.Namespace) -> Search:
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
    search = Search(images(given.examples), learner, acting, given.space)
    search._choose()
    acting.hook.search_started(info=search._info())
    search._resident = resident_images(search.dataset, settings.device, given.device_data)
    return search


def measured(search: Search) -> tuple[list[float], float, list[int]]:
    """Return seconds of each pair after the first, of the whole epoch, and waits of each pair."""
    settings = search.learner.settings
    moment, cuda = Moment.of(settings, 2, "draws", 2), settings.device.startswith("cuda")
    meters = {level: Meter() for level in search.active}
    seconds, waits, began = [], [], time.perf_counter()
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
    return seconds[1:], time.perf_counter() - began, waits[1:]


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
    parser.add_argument("--examples", type=int, default=1280, help="of both levels together")
    given = parser.parse_args()
    plugins = load()
    for name in given.strategies.split(","):
        search = prepared(plugins, name, given)
        seconds, epoch, waits = measured(search)
        device = search.learner.settings.device
        counted = (
            f"{np.mean(waits):.1f} waits a pair" if device != "cpu" else "no device to wait for"
        )
        print(
            f"{name} on {device}, {given.precision}: median {1000 * np.median(seconds):.1f} ms a "
            f"pair of {given.batch_size}, {epoch:.2f} s an epoch of {given.examples}, {counted}"
        )


if __name__ == "__main__":
    main()
