"""The same DARTS search on NAS-Bench-201 in stock NASLib and with proxy data and BDP.

Four searches take turns, one thread each: NASLib's own; the bridge with an empty block (all
examples, no pruning); with bi-level pruning; and with a selection and pruning. For what the
bridge costs, stock NASLib and the bridge with a pruner that drops nothing search at the same time
and take turns step by step, so that whatever slows the machine slows both. Then NASLib's loaders
and the bridge's are emptied once, 50,000 examples, without a network. Each measured row is kept
in --out; what is there is not run again. Needs NASLib; on a CPU, shrink the images:

    python benchmarks/experiments/naslib_search.py search overhead loaders tables --seeds 0,1,2
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

import naslib_proxydata
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.hookspecs import LEVELS
from naslib_proxydata.naslib_bridge import ProxyTrainer, proxied
from naslib_proxydata.naslib_bridge.architectures import graph_text
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.naslib_bridge.loader import PassLoader
from naslib_proxydata.plugins import load
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments as common_arguments
from common import data_root, deviation, write_csv, write_json
from naslib_rows import Row, Rows, provenance

Trainer = naslib("naslib.defaults.trainer:Trainer")
DARTSOptimizer = naslib("naslib.optimizers:DARTSOptimizer")
NasBench201SearchSpace = naslib("naslib.search_spaces:NasBench201SearchSpace")
STOCK, EMPTY, PRUNED, REDUCED = WAYS = (
    "stock NASLib",
    "bridge, all examples",
    "BDP",
    "selection and BDP",
)
TABLE = {
    "valid_cifar10": ("cifar10", "validation_accuracy"),
    "test_cifar10": ("cifar10", "test_accuracy"),
    "test_cifar100": ("cifar100", "test_accuracy"),
}
EXAMPLES = 50_000
SETTINGS = ("dataset", "count", "size", "epochs", "batch_size", "fraction", "bdp")


class Stock(DARTSOptimizer):  # type: ignore[misc,valid-type]
    """NASLib's DARTS, without the parameter count that fails on numpy 2.4."""

    def get_model_size(self) -> float:
        """Return nothing of interest."""
        return 0.0


class Clock:
    """CPU seconds spent inside ``with`` blocks, nested ones counted once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth == 1:
            self._started = time.process_time()

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.process_time() - self._started

    def timed(self, function: Any) -> Any:
        """Return a function that is timed whenever it is called."""

        def wrapper(*positional: Any, **named: Any) -> Any:
            with self:
                return function(*positional, **named)

        return wrapper


class TimedQueue:
    """A queue whose loading is timed."""

    def __init__(self, queue: Any, clock: Clock) -> None:
        self._queue, self._clock = queue, clock

    def __iter__(self) -> Iterator[Any]:
        """Yield the queue's batches."""
        with self._clock:
            batches = iter(self._queue)
        while True:
            with self._clock:
                batch = next(batches, None)
            if batch is None:
                return
            yield batch


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


def queues(data: Any, batch_size: int) -> list[Any]:
    """Return queues such as NASLib makes of a dataset, half of it each."""
    half = len(data) // 2
    parts = range(half), range(half, len(data))
    return [
        DataLoader(data, batch_size, sampler=SubsetRandomSampler(p), pin_memory=True) for p in parts
    ]


def over(base: Any, data: TensorDataset) -> Any:
    """Return a Trainer whose queues are those NASLib would make of the data."""

    class OverData(base):  # type: ignore[misc]
        def build_search_dataloaders(self, config: Any) -> tuple[Any, Any, None]:
            train, valid = queues(data, config.search.batch_size)
            return train, valid, None

    return OverData


def timed(base: Any, loading: Clock) -> Any:
    """Return a Trainer whose queues are timed."""

    class TimedLoading(base):  # type: ignore[misc]
        def build_search_dataloaders(self, config: Any) -> tuple[Any, Any, None]:
            train, valid, _ = super().build_search_dataloaders(config)
            return TimedQueue(train, loading), TimedQueue(valid, loading), None

    return TimedLoading


def configuration(arguments: argparse.Namespace, seed: int, folder: str, block: Any) -> Any:
    node = naslib("fvcore.common.config:CfgNode")
    (Path(folder) / "search").mkdir()
    search = {
        "seed": seed,
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


def block_of(way: str, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Return what stands under ``search.proxy_data``."""
    if way == STOCK:
        return None
    block: dict[str, Any] = {}
    if way in (PRUNED, REDUCED):
        block["bdp"] = {"preset": arguments.bdp}
    if way == REDUCED:
        block["selector"] = {"name": "class-random", "fraction": arguments.fraction}
    return block


def prepared(
    arguments: argparse.Namespace, seed: int, folder: str, block: Any, loading: Clock
) -> Any:
    """Return a Trainer, NASLib's own where there is no block."""
    data = training_data(arguments.dataset, arguments.count, arguments.size, seed)
    stock = over(Trainer, data)
    base = stock if block is None else type("Ours", (ProxyTrainer, stock), {})
    optimizer = Stock if block is None else proxied(DARTSOptimizer)
    config = configuration(arguments, seed, folder, block)
    torch.manual_seed(seed)
    one = optimizer(**config.search)
    one.adapt_search_space(NasBench201SearchSpace(), "cifar10")
    return timed(base, loading)(one, config)


def search(arguments: argparse.Namespace, way: str, seed: int) -> dict[str, Any]:
    """Search once; ``bridge`` is the CPU time in hooks, pruning and checkpoints of ours."""
    loading, bridge = Clock(), Clock()
    with tempfile.TemporaryDirectory() as folder:
        made = prepared(arguments, seed, folder, block_of(way, arguments), loading)
        one = made.optimizer
        if way != STOCK:
            made.build_search_dataloaders = bridge.timed(made.build_search_dataloaders)
            made._epoch_done = bridge.timed(made._epoch_done)
            one.on_epoch, one.on_step = bridge.timed(one.on_epoch), bridge.timed(one.on_step)
        cpu, wall = time.process_time(), time.perf_counter()
        made.search()
        found: dict[str, Any] = {
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
            "loading": loading.seconds,
            "bridge": bridge.seconds,
            "cell": graph_text(one.get_final_architecture(), load()),
        }
        whole = [{"weights": arguments.count // 2}] * arguments.epochs
        sizes = whole if way == STOCK else made.run.sizes
        found["examples"] = sum(2 * max(one.values()) for one in sizes)
    return found


def side_by_side(arguments: argparse.Namespace, seed: int) -> dict[str, float]:
    """Return the CPU seconds of stock NASLib and of the bridge, which take turns step by step."""
    turns = {STOCK: threading.Semaphore(1), EMPTY: threading.Semaphore(0)}
    seconds: dict[str, float] = {}

    def run(way: str, trainer: Any) -> None:
        step, others = trainer.optimizer.step, turns[EMPTY if way == STOCK else STOCK]

        def in_turn(*batches: Any) -> Any:
            turns[way].acquire()
            try:
                return step(*batches)
            finally:
                others.release()

        trainer.optimizer.step = in_turn
        started = time.thread_time()
        trainer.search()
        seconds[way] = time.thread_time() - started

    blocks = {STOCK: None, EMPTY: {"bdp": {"fraction": 1.0}}}
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        threads = [
            threading.Thread(
                target=run, args=(way, prepared(arguments, seed, folder, blocks[way], Clock()))
            )
            for way, folder in ((STOCK, first), (EMPTY, second))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return {"stock": seconds[STOCK], "bridge": seconds[EMPTY]}


def draw(train: Any, valid: Any) -> dict[str, float]:
    """Empty the training queue as NASLib does, and count what is seen of validation."""
    seen: set[int] = set()
    half, steps, started = EXAMPLES // 2, 0, time.process_time()
    for _ in train:
        labels = next(iter(valid))[1]
        seen.update(labels.tolist())
        steps += 1
    return {"cpu": (time.process_time() - started) / steps, "coverage": len(seen) / half}


def loaders(arguments: argparse.Namespace, seed: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Draw one epoch's batches from NASLib's loaders and from ours."""
    image = torch.zeros(1, 3, 32, 32)
    data = TensorDataset(image.expand(EXAMPLES, -1, -1, -1), torch.arange(EXAMPLES))
    batch_size = arguments.batch_size
    torch.manual_seed(seed)
    for way in (STOCK, EMPTY)[:: 1 if seed % 2 else -1]:
        train, valid = queues(data, batch_size)
        if way == EMPTY:
            indices = [torch.tensor(one.sampler.indices).numpy() for one in (train, valid)]
            train, valid = (
                PassLoader(data, part, batch_size=batch_size, seed=seed, level=level)
                for part, level in zip(indices, LEVELS, strict=True)
            )
        yield way, draw(train, valid)


def measure(arguments: argparse.Namespace, rows: Rows) -> None:
    """Run what has no row yet, seed by seed."""
    settings = {name: getattr(arguments, name) for name in SETTINGS}
    for seed in map(int, arguments.seeds.split(",")):
        for way in WAYS[:: -1 if seed % 2 else 1]:
            key = {"part": "search", "way": way, "seed": seed, "settings": settings}
            if "search" in arguments.parts and not rows.having(**key):
                rows.add({**key, **search(arguments, way, seed)})
        key = {"part": "overhead", "seed": seed, "settings": settings}
        if "overhead" in arguments.parts and not rows.having(**key):
            rows.add({**key, **side_by_side(arguments, seed)})
        key = {"part": "loaders", "seed": seed, "settings": settings}
        if "loaders" in arguments.parts and not rows.having(**key):
            for way, found in list(loaders(arguments, seed)):
                rows.add({**key, "way": way, **found})


def search_line(runs: Sequence[Row], base: Mapping[int, Row], table: Any) -> dict[str, Any]:
    """Return the means of one way to search over seeds, its times against stock NASLib's too.

    Args:
        runs: One for each seed.
        base: Stock NASLib's, by seed.
        table: NAS-Bench-201.
    """
    values: dict[str, list[float]] = {
        "cpu_seconds": [row["cpu"] for row in runs],
        "wall_seconds": [row["wall"] for row in runs],
        "cpu_of_stock": [row["cpu"] / base[row["seed"]]["cpu"] for row in runs],
        "wall_of_stock": [row["wall"] / base[row["seed"]]["wall"] for row in runs],
        **{
            name: [table.query(row["cell"], *column) for row in runs]
            for name, column in TABLE.items()
        },
    }
    line: dict[str, Any] = {"search": runs[0]["way"], "runs": len(runs)}
    for name, found in values.items():
        line |= {name: statistics.fmean(found), f"{name}_std": deviation(found)}
    line["examples"] = round(statistics.fmean(row["examples"] for row in runs))
    shares = [row["bridge"] / row["cpu"] for row in runs]
    line["bridge_share"] = "" if runs[0]["way"] == STOCK else statistics.fmean(shares)
    return line


def skips(rows: Sequence[Row]) -> float:
    """Return the share of edges that are skip connections."""
    edges = [edge for row in rows for edge in row["cell"].replace("+", "").split("|") if edge]
    return statistics.fmean(edge.startswith("skip") for edge in edges)


def loader_line(way: str, drawn: Sequence[Row], searches: Sequence[Row]) -> dict[str, Any]:
    """Return the time of a step's two batches, and what is seen of validation in an epoch."""
    runs = [row for row in drawn if row["way"] == way]
    steps = [1000 * row["cpu"] for row in runs]
    shares = [row["loading"] / row["cpu"] for row in searches if row["way"] == way]
    return {
        "loaders": "NASLib's" if way == STOCK else "the bridge's",
        "ms_per_step": statistics.fmean(steps),
        "ms_per_step_std": deviation(steps),
        "coverage": statistics.fmean(row["coverage"] for row in runs),
        "loading_share": statistics.fmean(shares),
    }


def tables(rows: Rows, settings: Mapping[str, Any], data: Path) -> None:
    """Write the tables of the rows with these settings."""
    searches = rows.having(part="search", settings=settings)
    drawn = rows.having(part="loaders", settings=settings)
    base = {row["seed"]: row for row in searches if row["way"] == STOCK}
    table = naslib_proxydata.table("nb201", data_root())
    by_way = [[row for row in searches if row["way"] == way] for way in WAYS]
    lines = [search_line(runs, base, table) for runs in by_way if runs]
    write_csv(data / "naslib_search.csv", lines)
    loaded = [loader_line(way, drawn, searches) for way in (STOCK, EMPTY)]
    write_csv(data / "naslib_search_loaders.csv", loaded)
    turns = rows.having(part="overhead")
    write_json(
        data / "naslib_search.json",
        measured_on=provenance([*searches, *drawn]),
        skip_connections=skips(searches),
        overhead=[row["bridge"] / row["stock"] - 1 for row in turns],
    )


def main() -> None:
    parser = common_arguments(__doc__, "naslib_search")
    parser.add_argument("parts", nargs="+", choices=("search", "overhead", "loaders", "tables"))
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--size", type=int, default=8, help="height and width of the images")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=40)
    parser.add_argument("--fraction", type=float, default=0.5)
    parser.add_argument("--bdp", default="to-4-percent")
    parser.add_argument("--seeds", default="0,1,2")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.getLogger("naslib").setLevel(logging.ERROR)
    rows = Rows(arguments.out / "rows.jsonl")
    measure(arguments, rows)
    if "tables" in arguments.parts:
        settings = {name: getattr(arguments, name) for name in SETTINGS}
        tables(rows, settings, arguments.results / "data")


if __name__ == "__main__":
    main()
