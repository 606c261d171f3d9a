"""The same DARTS search on NAS-Bench-201 in stock NASLib and with proxy data and BDP.

Three searches take turns, one thread each: NASLib's own; the bridge with an empty block (all
examples, no pruning: what the bridge costs); and the bridge with a selection and BDP. Reported
are CPU and wall time, that time against stock NASLib's, examples processed, and what the
table says of the cell. Needs NASLib; on a CPU, shrink the images:

    python benchmarks/naslib_search.py --data-root DIR --dataset digits --epochs 10
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.naslib_bridge import ProxyTrainer, proxied
from naslib_proxydata.naslib_bridge.architectures import graph_text
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.tables.nb201 import open_nb201

Trainer = naslib("naslib.defaults.trainer:Trainer")
DARTSOptimizer = naslib("naslib.optimizers:DARTSOptimizer")
NasBench201SearchSpace = naslib("naslib.search_spaces:NasBench201SearchSpace")


class Stock(DARTSOptimizer):  # type: ignore[misc,valid-type]
    """NASLib's DARTS, without the parameter count that fails on numpy 2.4."""

    def get_model_size(self) -> float:
        """Return nothing of interest."""
        return 0.0


def training_data(source: str, count: int, size: int, seed: int) -> TensorDataset:
    """Draw images of a dataset, shrunk and normalised, as NASLib's training data."""
    dataset = open_dataset(source)
    labels = dataset.required_labels("a search")
    picked = numpy_generator(seed, "images").permutation(len(dataset))[:count]
    pixels = dataset.pixels(picked).float() / 255
    pixels = torch.nn.functional.interpolate(pixels, (size, size), mode="area")
    pixels = pixels.repeat(1, 3 // pixels.shape[1], 1, 1)
    normal = (pixels - pixels.mean((0, 2, 3), keepdim=True)) / pixels.std((0, 2, 3), keepdim=True)
    data = TensorDataset(normal, torch.from_numpy(labels[picked]))
    data.targets = labels[picked].tolist()  # type: ignore[attr-defined]
    return data


def over(base: Any, data: TensorDataset) -> Any:
    """Return a Trainer whose queues are those NASLib would make of the data."""

    class OverData(base):  # type: ignore[misc]
        def build_search_dataloaders(self, config: Any) -> tuple[Any, Any, None]:
            half, size = len(data) // 2, config.search.batch_size
            parts = range(half), range(half, len(data))
            train, valid = (DataLoader(data, size, sampler=SubsetRandomSampler(p)) for p in parts)
            return train, valid, None

    return OverData


def configuration(arguments: argparse.Namespace, folder: str, block: Any) -> Any:
    node = naslib("fvcore.common.config:CfgNode")
    (Path(folder) / "search").mkdir()
    search = {
        "seed": arguments.seed,
        "epochs": arguments.epochs,
        "batch_size": arguments.batch_size,
        "train_portion": 0.5,
        "learning_rate": 0.025,
        "learning_rate_min": 0.001,
        "checkpoint_freq": arguments.epochs,
    }
    if block is not None:
        search["proxy_data"] = block
    values = {"dataset": "cifar10", "save": folder, "save_arch_weights": False, "search": search}
    return node(values)


def run(arguments: argparse.Namespace, trainer: Any, optimizer: Any, block: Any) -> dict[str, Any]:
    """Search once."""
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(arguments, folder, block)
        torch.manual_seed(arguments.seed)
        one = optimizer(**config.search)
        one.adapt_search_space(NasBench201SearchSpace(), "cifar10")
        made = trainer(one, config)
        cpu, wall = time.process_time(), time.perf_counter()
        made.search()
        found = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        proxy = getattr(made, "run", None)
        whole = [{"weights": arguments.count // 2}] * arguments.epochs
        sizes = whole if proxy is None else proxy.sizes
        found["examples"] = sum(2 * max(one.values()) for one in sizes)
        return {**found, "cell": graph_text(one.get_final_architecture())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, help="folder of a NAS-Bench-201 table")
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--count", type=int, default=960)
    parser.add_argument("--size", type=int, default=8, help="height and width of the images")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--fraction", type=float, default=0.5)
    parser.add_argument("--bdp", default="to-4-percent")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.getLogger("naslib").setLevel(logging.ERROR)
    data = training_data(arguments.dataset, arguments.count, arguments.size, arguments.seed)
    stock = over(Trainer, data)
    ours = type("Ours", (ProxyTrainer, stock), {})
    reduced = {
        "selector": {"name": "class-random", "fraction": arguments.fraction},
        "bdp": {"preset": arguments.bdp},
    }
    ways: dict[str, tuple[Any, Any, Any]] = {
        "stock NASLib": (stock, Stock, None),
        "bridge, all examples": (ours, proxied(DARTSOptimizer), {}),
        "selection and BDP": (ours, proxied(DARTSOptimizer), reduced),
    }
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    for repeat in range(arguments.repeats):
        for way in list(ways)[:: 1 if repeat % 2 == 0 else -1]:
            found[way].append(run(arguments, *ways[way]))
    report(found, open_nb201(arguments.data_root))


def report(found: dict[str, list[dict[str, Any]]], table: Any) -> None:
    print("| search | CPU s | wall s | of stock CPU | examples | CIFAR-10 test | cell |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    base = statistics.median(one["cpu"] for one in found["stock NASLib"])
    for way, runs in found.items():
        cpu = statistics.median(one["cpu"] for one in runs)
        wall = statistics.median(one["wall"] for one in runs)
        cell = runs[0]["cell"]
        columns = table.columns()["cifar10"]
        metric = "test_accuracy" if "test_accuracy" in columns else columns[0]
        accuracy = table.query(cell, "cifar10", metric)
        print(
            f"| {way} | {cpu:.1f} | {wall:.1f} | {cpu / base:.3f} | {runs[0]['examples']} | "
            f"{accuracy:.2f} | {cell.replace('|', chr(92) + '|')} |"
        )


if __name__ == "__main__":
    main()
