"""What scoring takes on the device that is there: Eproxy one by one, captured and many at once.

Each step is a process of its own, so that none costs the others anything, and leaves one JSON file
in the folder of results. ``run.sh`` beside this runs them all:

    python benchmarks/gpu/measure.py many --together 256 --way direct --out out
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from naslib_proxydata.data.batch import ImageBatch
from naslib_proxydata.data.images import load_images
from naslib_proxydata.plugins import load
from naslib_proxydata.predictors.base import Predictor, ScoringTask
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.ranking import spearman
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.nb201.space import NasBench201

SPACES = ("nb201", "nb101", "nds-darts", "transnas-micro", "nasbench-mr")
ZERO_COST = ("naswot", "synflow", "zico", "az-nas")
COUNTS = {"nb201": 30}  # architectures that are compared with the CPU; of other spaces, OTHERS
OTHERS = 6


# --------------------------------------------------------------------------- what is measured on


def space_of(name: str, quick: bool) -> SearchSpace[Any]:
    """Return a search space, a small one where it only is to be seen that all works."""
    if quick and name == "nb201":
        return NasBench201(channels=4, cells_per_stage=1)
    space: SearchSpace[Any] = load().create("spaces", name)
    return space


def images(count: int, size: int) -> ImageBatch:
    """Return CIFAR-10's images where they are at hand, random ones where not."""
    root = os.environ.get("NASLIB_PROXYDATA_DATA", "")
    file = Path(root, "cifar10_batch64.npz")
    if root and file.is_file() and count <= 64:
        return load_images(f"cifar10:{file}", count, 0, size)
    pixels = torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(count) % 10
    return ImageBatch(pixels, labels, (0.5,) * 3, (0.25,) * 3, "random", "random", 10)


def prepared(predictor: Predictor[Any], space: SearchSpace[Any], device: str) -> Predictor[Any]:
    """Return a predictor that is ready to score."""
    batch = images(max(1, predictor.images_needed), space.image_size)
    predictor.prepare(ScoringTask(space, batch, 0, device))
    return predictor


def eproxy(space: SearchSpace[Any], given: argparse.Namespace, capture: bool = True) -> Any:
    """Return Eproxy, ready; without ``capture`` it launches every iteration."""
    predictor = Eproxy(**({"batch": 4} if given.quick else {}))
    predictor.way = given.way
    prepared(predictor, space, given.device)
    if not capture:
        predictor._recorder.refused = "not wanted"
    return predictor


def architectures(space: SearchSpace[Any], count: int, seed: int = 0) -> list[Any]:
    """Return distinct architectures that carry signal, in canonical form."""
    generator = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    while len(found) < count:
        one = space.canonical(space.sample(generator))
        if space.carries_signal(one):
            found.setdefault(space.hash(one), one)
    return list(found.values())


def set_tf32(wanted: bool) -> None:
    """Let matrix products and convolutions round their inputs to TF32, or not."""
    torch.backends.cuda.matmul.allow_tf32 = wanted
    torch.backends.cudnn.allow_tf32 = wanted


# ------------------------------------------------------------------------------------- measuring


def wait(device: str) -> None:
    """Wait until the device has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def milliseconds(call: Callable[[], Any], device: str) -> float:
    """Return how long a call takes, until the device is done."""
    wait(device)
    started = time.perf_counter()
    call()
    wait(device)
    return 1000 * (time.perf_counter() - started)


def each(
    call: Callable[[Any], Any], items: Sequence[Any], device: str, budget: float
) -> dict[str, Any]:
    """Time a call of each item after the first two, while the budget of seconds lasts."""
    started = time.perf_counter()
    for item in items[:2]:
        milliseconds(lambda item=item: call(item), device)
    taken = []
    for item in items[2:]:
        taken.append(milliseconds(lambda item=item: call(item), device))
        if time.perf_counter() - started > budget:
            break
    return {"ms": median(taken), "slowest_ms": max(taken), "architectures": len(taken)}


class Memory:
    """Peak of the device's memory, in GiB, from here on."""

    def __init__(self, device: str) -> None:
        self.cuda = device.startswith("cuda")
        gc.collect()
        if self.cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak(self) -> dict[str, float]:
        """Return what tensors have taken at most, and what was reserved for them."""
        if not self.cuda:
            return {}
        gib = 2**30
        return {
            "peak_gib": torch.cuda.max_memory_allocated() / gib,
            "reserved_gib": torch.cuda.max_memory_reserved() / gib,
        }


def environment(device: str) -> dict[str, Any]:
    """Return what was measured on."""
    facts: dict[str, Any] = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cpu_cores": os.cpu_count(),
        "device": device,
    }
    if device.startswith("cuda"):
        facts["device"] = torch.cuda.get_device_name()
        facts["cudnn"] = torch.backends.cudnn.version()
        facts["cuda"] = torch.version.cuda
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        told = subprocess.run(query, capture_output=True, text=True, check=False)
        facts["driver"] = told.stdout.strip()
    return facts


# ----------------------------------------------------------------------------------------- steps

Facts = Iterator[tuple[str, Any]]


def device(given: argparse.Namespace) -> Facts:
    """Say what the device is, and how fast its matrix products and copies are."""
    size = 256 if given.quick else 8192
    one = torch.randn(size, size, device=given.device)
    for tf32 in (False, True):
        set_tf32(tf32)
        torch.mm(one, one)
        taken = median(milliseconds(lambda: torch.mm(one, one), given.device) for _ in range(5))
        yield f"teraflops_{'tf32' if tf32 else 'fp32'}", 2 * size**3 / taken / 1e9
    taken = median(milliseconds(one.clone, given.device) for _ in range(9))
    yield "copy_gb_per_s", 2 * 4 * size**2 / taken / 1e6


def one_by_one(given: argparse.Namespace) -> Facts:
    """Eproxy one by one, every iteration launched and captured, in some spaces."""
    for name in given.spaces.split(","):
        space = space_of(name, given.quick)
        some = architectures(space, 3 if given.quick else 32)
        for capture in (False, True):
            memory = Memory(given.device)
            predictor = eproxy(space, given, capture)
            built = each(predictor.student, some[:12], given.device, given.budget / 4)
            timed = each(predictor.score_one, some, given.device, given.budget)
            key = f"{name} {'captured' if capture else 'eager'}"
            why = predictor._recorder.refused
            yield key, {**timed, "build_ms": built["ms"], "refused": why, **memory.peak()}
            del predictor


def many(given: argparse.Namespace) -> Facts:
    """Eproxy with many architectures at once: building, training, and all that a user waits for."""
    space = space_of(given.spaces, given.quick)
    count = given.together
    some = architectures(space, 3 * count)
    groups = [some[start : start + count] for start in range(0, len(some), count)]
    for capture in (True, False):
        how, memory = "captured" if capture else "eager", Memory(given.device)
        try:
            yield how, {**_many(eproxy(space, given, capture), groups, given), **memory.peak()}
        except RuntimeError as error:  # of memory, say
            yield f"{how} failed", {"reason": str(error)[:300], **memory.peak()}


def _many(predictor: Any, groups: list[list[Any]], given: argparse.Namespace) -> dict[str, Any]:
    """Time groups of architectures: the first, a later one, and its parts."""
    count = len(groups[0])

    def took(call: Callable[[], Any]) -> float:
        return milliseconds(call, given.device) / count

    found = {"first_ms": took(lambda: predictor.evaluate_many(groups[0]))}
    found["ms"] = median(took(lambda one=one: predictor.evaluate_many(one)) for one in groups)
    found["build_ms"] = median(took(lambda one=one: predictor.stacked(one)) for one in groups)
    ready = predictor._training(predictor.stacked(groups[0]))
    found["run_ms"] = took(lambda: predictor._recorder.run(ready))
    ready.step()
    found["step_ms"] = took(ready.step)
    ways = {layer.way for layer in ready.student.modules() if hasattr(layer, "way")}
    return {**found, "ways": sorted(ways), "refused": predictor._recorder.refused}


def profile(given: argparse.Namespace) -> Facts:
    """Which kernels a step of many architectures spends its time in."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiled

    space = space_of(given.spaces, given.quick)
    predictor = eproxy(space, given)
    training = predictor._training(predictor.stacked(architectures(space, given.together)))
    training.step()
    wait(given.device)
    cuda = given.device.startswith("cuda")
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]
    with profiled(activities=activities) as taken:
        training.step()
        wait(given.device)
    rows = []
    for event in taken.key_averages():
        if cuda and "cuda" not in str(event.device_type).lower():
            continue  # an operator, whose kernels have lines of their own
        spent = event.self_device_time_total if cuda else event.self_cpu_time_total
        rows.append((spent / 1000, event.count, event.key[:160]))
    kernels = [event for event in taken.events() if "cuda" in str(event.device_type).lower()]
    yield "events_on_device", len(kernels)
    rows.sort(reverse=True)
    yield "total_ms", sum(row[0] for row in rows)
    yield "rows", [{"ms": ms, "count": count, "name": name} for ms, count, name in rows[:40]]


def reference(given: argparse.Namespace) -> Facts:
    """Score on the CPU, one by one, in as many processes as there are cores but two."""
    calls = []
    for name in SPACES:
        count = 2 if given.quick else COUNTS.get(name, OTHERS)
        names = [] if given.quick and name != "nb201" else range(count)
        calls += [(name, index, count, given.quick) for index in names]
    calls.sort(key=lambda call: call[0] == "nb201")  # the longest first
    workers = max(1, (os.cpu_count() or 1) - 2)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        found = list(pool.map(_referred, calls))
    for name in SPACES:
        rows = [value for call, value in zip(calls, found, strict=True) if call[0] == name]
        yield name, dict(rows)


def _referred(call: tuple[str, int, int, bool]) -> tuple[str, float]:
    name, index, count, quick = call
    torch.set_num_threads(1)
    space = space_of(name, quick)
    predictor = prepared(Eproxy(**({"batch": 4} if quick else {})), space, "cpu")
    one = architectures(space, count)[index]
    return space.text(one), predictor.score_one(one).value


def equal(given: argparse.Namespace) -> Facts:
    """Compare with the CPU's scores, and many at once with one by one, without and with TF32."""
    referred = json.loads((given.out / "reference.json").read_text())["facts"]
    for name, scores in referred.items():
        if not scores:
            continue
        space = space_of(name, given.quick)
        some = [space.parse(text) for text in scores]
        found = {"cpu": list(scores.values())}
        for tf32 in (False, True):
            set_tf32(tf32)
            label = "tf32" if tf32 else "fp32"
            ways = ["direct", "matmul", "grouped"] if name == "nb201" else [given.way]
            for way in ways:
                predictor = eproxy(space, argparse.Namespace(**{**vars(given), "way": way}))
                if way == ways[0]:
                    alone = [predictor.score_one(one).value for one in some]
                    found[f"one by one {label}"] = alone
                if predictor.stacked(some[:2]) is not None:
                    together = predictor.score_many(some)
                    found[f"many {way} {label}"] = [score.value for score in together]
                del predictor
        launched = eproxy(space, given, capture=False)
        set_tf32(False)
        found["eager fp32"] = [launched.score_one(one).value for one in some[:8]]
        yield name, found
        yield f"{name} compared", [_compared(a, b, found) for a, b in combinations(found, 2)]


def _compared(first: str, second: str, found: dict[str, list[float]]) -> dict[str, Any]:
    """Return relative differences and the rank correlation of two lists of scores."""
    pairs = [
        (a, b)
        for a, b in zip(found[first], found[second], strict=False)
        if math.isfinite(a) and math.isfinite(b)
    ]
    apart = [abs(a - b) / abs(a) for a, b in pairs]
    return {
        "pair": f"{first} / {second}",
        "n": len(pairs),
        "largest": max(apart),
        "median": median(apart),
        "spearman": float(spearman(*map(np.array, zip(*pairs, strict=True)))),
    }


def zero_cost(given: argparse.Namespace) -> Facts:
    """Zero-cost proxies on NAS-Bench-201."""
    space = space_of("nb201", given.quick)
    some = architectures(space, 4 if given.quick else 32)
    for name in ZERO_COST:
        memory = Memory(given.device)
        predictor = prepared(load().create("predictors", name), space, given.device)
        yield name, {**each(predictor.score_one, some, given.device, given.budget), **memory.peak()}


def everything(given: argparse.Namespace) -> Facts:
    """Score all distinct cells of NAS-Bench-201, where two groups say that it fits the budget."""
    space = space_of("nb201", given.quick)
    if given.quick:
        cells = architectures(space, 3 * given.together)
    else:
        from itertools import product

        from naslib_proxydata.spaces.nb201.cell import OPERATIONS, Cell

        distinct: dict[Any, None] = {}
        for operations in product(OPERATIONS, repeat=6):
            distinct.setdefault(space.canonical(Cell(operations)))
        cells = [cell for cell in distinct if space.carries_signal(cell)]
        np.random.default_rng(0).shuffle(cells)  # type: ignore[arg-type]
    yield "cells", len(cells)
    predictor = eproxy(space, given)
    groups = [cells[at : at + given.together] for at in range(0, len(cells), given.together)]
    predictor.score_many(groups[0])
    one = milliseconds(lambda: predictor.score_many(groups[1]), given.device) / 1000
    yield "extrapolated_s", one * len(groups)
    if one * len(groups) > given.budget:
        return
    scores: list[float] = []
    memory = Memory(given.device)
    taken = milliseconds(
        lambda: scores.extend(s.value for group in groups for s in predictor.score_many(group)),
        given.device,
    )
    yield "seconds", taken / 1000
    yield "failed", sum(not math.isfinite(score) for score in scores)
    yield "memory", memory.peak()
    yield "scores", {space.text(cell): s for cell, s in zip(cells, scores, strict=True)}


STEPS = {
    step.__name__.replace("_", "-"): step
    for step in (*(device, one_by_one, many, profile, reference, equal, zero_cost, everything),)
}


def main() -> None:
    """Run a step and write what it finds as it finds it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of results")
    parser.add_argument("--name", help="of the JSON file; the step's where not given")
    parser.add_argument("--quick", action="store_true", help="small, to see that all works")
    parser.add_argument("--spaces", default="nb201", help="comma-separated")
    parser.add_argument("--together", type=int, default=256, help="architectures at once")
    parser.add_argument("--way", default="direct", choices=("direct", "matmul", "grouped"))
    parser.add_argument("--tf32", action="store_true")
    parser.add_argument("--budget", type=float, default=6.0, help="seconds of a measurement")
    given = parser.parse_args()
    torch.set_num_threads(1)
    set_tf32(given.tf32)
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / f"{given.name or given.step}.json"
    told = {key: str(value) for key, value in vars(given).items()}
    facts: dict[str, Any] = {}
    for key, value in STEPS[given.step](given):
        facts[key] = value
        record = {"given": told, "environment": environment(given.device), "facts": facts}
        file.write_text(json.dumps(record, indent=1) + "\n")
        print(f"{given.name or given.step}: {key}: {json.dumps(value)[:300]}", flush=True)


if __name__ == "__main__":
    main()
