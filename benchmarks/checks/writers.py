"""Measure where the one process that stores scores becomes the limit of 100 machines.

    python benchmarks/checks/writers.py --out runs/writers

Stands in for a leaderboard of all 423,624 cells of NAS-Bench-101 on 100 cards. A card is a clock:
its answer, a score with Eproxy's ten losses, is ready after the seconds that a score takes. All
else is the real thing: the run's loop, the packing and unpacking of calls and answers, and the
store on a disk. Then what Dask carries from two workers of this machine, and 100 processes that
write to one file themselves, which the package never does. Repeats differ in the numbers that are
stored. Writes ``data/writers.csv`` and ``data/writers.json``.
"""

from __future__ import annotations

import heapq
import json
import logging
import multiprocessing
import os
import pickle
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, machine_line, write_csv, write_json

from naslib_proxydata.predictors.base import Score
from naslib_proxydata.runs.evaluate import evaluate
from naslib_proxydata.runs.machines.calls import Answer, this_machine
from naslib_proxydata.runs.machines.dask import DaskExecutor
from naslib_proxydata.runs.machines.named import chosen
from naslib_proxydata.runs.machines.remote import RemoteExecutor
from naslib_proxydata.runs.machines.settings import Work
from naslib_proxydata.runs.setup import PredictorSetup
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from naslib_proxydata.spaces.nb101.space import NasBench101

CELLS = 423_624
CARDS = 100
DASK_WORKERS = 2
WARM = 1000
CONTEXT = ScoreContext("nb101", "eproxy", "{}", 0, "", 32, 10, "cuda", "")
SETUP = PredictorSetup((), "nb101", "random", "{}", "noise", 8, 0, "cpu", 10)
SECONDS_OF_WRITERS = 20.0


def cells(count: int) -> list[str]:
    """Return texts as long as those of NAS-Bench-101's cells."""
    return [f"{number:021b}:21021" for number in range(count)]


def score(generator: np.random.Generator) -> Score:
    """Return a score with as many losses as Eproxy's."""
    losses = generator.random(10).tolist()
    return Score(-losses[-1], "", generator.random(), {"losses": losses})


class Cards(RemoteExecutor):
    """Cards that need some seconds for a score, and answer as a worker would."""

    def __init__(self, seconds: float, together: int, seed: int) -> None:
        settings = chosen({"name": "dask", "scores": together})
        super().__init__("simulated cards", settings, Work(1, (), Path()))
        self.seconds = seconds
        self._generator = np.random.default_rng(seed)
        self._free = [0.0] * CARDS
        self._due: list[tuple[float, int, Future[Any], Answer]] = []
        self._sent = 0
        self._news = threading.Condition()
        self.worked = 0.0
        threading.Thread(target=self._answer, daemon=True).start()

    def _count(self) -> int:
        return CARDS

    def _cancel(self, futures: Sequence[Future[Any]]) -> None:
        raise NotImplementedError

    def _send(self, future: Future[Any], content: bytes) -> None:
        """Put a call on the card that is free first."""
        count, packed = self._packed(content)
        takes = self.seconds * count
        ends = max(time.monotonic(), heapq.heappop(self._free)) + takes
        heapq.heappush(self._free, ends)
        self.worked += takes
        with self._news:
            heapq.heappush(self._due, (ends, self._sent, future, Answer(this_machine(), packed)))
            self._news.notify()
        self._sent += 1

    def _packed(self, content: bytes) -> tuple[int, bytes]:
        """Return how many scores a call asks for, and what comes back."""
        function, given, _ = pickle.loads(content)
        calls = given[1] if function.__name__ == "answers" else [given]
        found: list[Any] = [[score(self._generator) for _ in call[1]] for call in calls]
        if function.__name__ == "answers":
            packed = [pickle.dumps((None, "", one)) for one in found]
            return sum(map(len, found)), pickle.dumps((None, "", packed))
        return len(found[0]), pickle.dumps((None, "", found[0]))

    def _answer(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._due)
                ends, _, future, answer = self._due[0]
                if (wait := ends - time.monotonic()) > 0:
                    self._news.wait(wait)
                    continue
                heapq.heappop(self._due)
            self._arrived(future, answer)


def through_cards(
    path: Path, count: int, seconds: float, together: int, seed: int
) -> dict[str, Any]:
    """Store the scores that cards compute."""
    keys = {one: one for one in cells(count)}
    with ScoreStore(path) as store, Cards(seconds, together, seed) as executor:
        began = time.perf_counter()
        evaluate(SETUP, keys, store, CONTEXT, executor)
        took = time.perf_counter() - began
        assert store.count() == count
    return {"rate": count / took, "busy": executor.worked / CARDS / took}


def through_dask(path: Path, count: int, together: int, seed: int) -> dict[str, Any]:
    """Store the scores that Dask's workers compute, with the predictor that costs nothing."""
    import dask
    import distributed

    generator = np.random.default_rng(seed)
    space = NasBench101()
    texts: dict[str, str] = {}
    while len(texts) < count:
        text = space.text(space.sample(generator))
        texts[text] = text
    with (
        dask.config.set({"logging.distributed": "error"}),
        distributed.LocalCluster(
            n_workers=DASK_WORKERS,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        ) as cluster,
        cluster.get_client() as client,
    ):
        settings = chosen({"name": "dask", "scores": together})
        with (
            ScoreStore(path) as store,
            DaskExecutor(client, settings, Work(1, (), Path())) as executor,
        ):
            executor.probe(60, "")
            first = dict(islice(texts.items(), WARM))  # both workers import torch meanwhile
            evaluate(SETUP, first, store, CONTEXT, executor)
            began = time.perf_counter()
            evaluate(SETUP, texts, store, CONTEXT, executor)
            took = time.perf_counter() - began
    return {"rate": (count - WARM) / took}


def alone(path: Path, count: int, seed: int) -> dict[str, Any]:
    """Store one score after the other, which no executor is waited for."""
    generator = np.random.default_rng(seed)
    made = [score(generator) for _ in range(1000)]
    keys = cells(count)
    with ScoreStore(path) as store:
        began = time.perf_counter()
        for number, key in enumerate(keys):
            store.add(CONTEXT, {key: made[number % 1000]})
        took = time.perf_counter() - began
    return {"rate": count / took}


def _writer(path: Path, number: int, seed: int, start: Any, queue: Any) -> None:
    """Be one of many that write for some seconds."""
    generator = np.random.default_rng([seed, number])
    waits, error = [], ""
    start.wait()
    ends = time.perf_counter() + SECONDS_OF_WRITERS
    try:
        with ScoreStore(path) as store:
            while time.perf_counter() < ends:
                began = time.perf_counter()
                store.add(CONTEXT, {f"{number}:{len(waits)}": score(generator)})
                waits.append(time.perf_counter() - began)
    except Exception as problem:
        error = str(problem)
    queue.put((waits, error))


def each_by_itself(path: Path, seed: int) -> dict[str, Any]:
    """Let as many processes as cards write to one file."""
    with ScoreStore(path):
        pass
    context = multiprocessing.get_context("fork")
    start, queue = context.Event(), context.Queue()
    writers = [
        context.Process(target=_writer, args=(path, number, seed, start, queue))
        for number in range(CARDS)
    ]
    for one in writers:
        one.start()
    began = time.perf_counter()
    start.set()
    told = [queue.get() for _ in writers]
    took = time.perf_counter() - began
    for one in writers:
        one.join()
    waits = [wait for some, _ in told for wait in some]
    return {
        "rate": len(waits) / took,
        "longest_wait": max(waits),
        "failed": sum(bool(error) for _, error in told),
    }


def again(path: Path, count: int) -> dict[str, Any]:
    """Open a file that is full, and find that nothing is left to do."""
    keys = {one: one for one in cells(count)}
    began = time.perf_counter()
    with ScoreStore(path) as store, Cards(0.0, 1, 0) as executor:
        assert evaluate(SETUP, keys, store, CONTEXT, executor) == 0
    return {"seconds": time.perf_counter() - began, "mib": path.stat().st_size / 2**20}


def main() -> None:
    parser = arguments(__doc__ or "", "writers")
    parser.add_argument("--cells", type=int, default=CELLS, help="scores that are stored")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    few = min(20_000, options.cells)

    def cards(seconds: float, count: int, together: int = 1) -> Callable[..., dict[str, Any]]:
        return partial(_cards, count=count, seconds=seconds, together=together)

    def _cards(path: Path, seed: int, **given: Any) -> dict[str, Any]:
        return through_cards(path, seed=seed, **given)

    ways: list[tuple[str, str, int, Callable[..., dict[str, Any]]]] = [
        ("the store by itself", "", options.cells, partial(alone, count=options.cells)),
        ("100 cards", "0", options.cells, cards(0.0, options.cells)),
        ("100 cards, 64 scores a call", "0", options.cells, cards(0.0, options.cells, 64)),
        ("100 cards", "0.01", few, cards(0.01, few)),
        ("100 cards", "0.1", few, cards(0.1, few)),
        ("100 cards", "1", few // 8, cards(1.0, few // 8)),
        ("2 Dask workers", "0", few // 4, partial(through_dask, count=few // 4, together=1)),
        (
            "2 Dask workers, 64 scores a task",
            "0",
            few,
            partial(through_dask, count=few, together=64),
        ),
        ("100 processes that write themselves", "0", 0, each_by_itself),
    ]
    rows: list[dict[str, Any]] = []
    for way, seconds, count, measure in ways:
        found = []
        for seed in range(options.repeats):
            path = _fresh(options.out / "scores.sqlite")
            found.append(measure(path, seed=seed))
            print(way, seconds, seed, json.dumps(found[-1]), flush=True)
        rates = [one["rate"] for one in found]
        rows.append(
            {
                "way": way,
                "seconds_a_score": seconds,
                "scores": count or "",
                "n": len(found),
                "rate": statistics.median(rates),
                "lowest": min(rates),
                "highest": max(rates),
                "busy": statistics.median([one.get("busy", float("nan")) for one in found]),
                "longest_wait": max(one.get("longest_wait", float("nan")) for one in found),
                "failed": sum(one.get("failed", 0) for one in found),
            }
        )
    path = _fresh(options.out / "scores.sqlite")
    alone(path, options.cells, 0)
    full = again(path, options.cells)
    path.unlink()
    write_csv(options.results / "data" / "writers.csv", rows)
    write_json(
        options.results / "data" / "writers.json",
        cells=options.cells,
        cards=CARDS,
        cores=os.cpu_count(),
        again_seconds=f"{full['seconds']:.1f}",
        mib=f"{full['mib']:.0f}",
        machine=machine_line(),
    )


def _fresh(path: Path) -> Path:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()
    return path


if __name__ == "__main__":
    main()
