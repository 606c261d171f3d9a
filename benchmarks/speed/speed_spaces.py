"""Measure Eproxy's CPU seconds an architecture in several spaces, beside any other program.

Both score the same architectures of a space's benchmark in one process, architecture by
architecture and in alternating order, so that whatever slows the machine slows both. The other
program is a Python file with ``prepare(space: str) -> Callable[[str], float]``: from a space's name
to what scores the text of an architecture (higher is better). Memory, the time without a compiler
and a profile are taken by ours alone. Each is a process of its own, on one thread, and is kept in
the run folder: a run that was stopped goes on from there. Give a new ``--out`` after a change.

    python benchmarks/speed/speed_spaces.py --other theirs.py --n 10
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from eproxy_work import shares, train_macs

import naslib_proxydata
from naslib_proxydata.data.images import load_images
from naslib_proxydata.kernels.compiled import SWITCH
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.ranking import spearman
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import common

SPACES = ("nb201", "nds-darts-in", "transnas-macro", "nb101", "nasbench-mr")
FEWEST_RANKED = 10
"""Architectures below which a rank correlation says nothing."""
COMPARED = (
    "ours_cpu_seconds",
    "theirs_cpu_seconds",
    "ratio_mean",
    "ratio_median",
    "rank_correlation",
)

Scorer = Callable[[str], float]
Taken = list[tuple[float, float]]
"""(CPU seconds, score) of each architecture."""


def main() -> None:
    options = arguments()
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options.spaces[0], options)))
        return
    data = options.results / "data"
    for space in options.spaces:
        found = {name: measured(name, space, options) for name in MEASURES}
        kinds = [{"work": kind, "share": one} for kind, one in found["work"]["shares"].items()]
        replace(data / "speed_spaces.csv", space, [line(found)])
        replace(data / "speed_spaces_work.csv", space, kinds)
        common.write_json(data / "speed_spaces.json", measured_on=common.machine_line())


def arguments() -> argparse.Namespace:
    parser = common.arguments(__doc__, "speed_spaces")
    parser.add_argument("--other", type=Path, help="another program, a file as described above")
    parser.add_argument("--n", type=int, default=10, help="architectures of each space")
    parser.add_argument("--spaces", nargs="+", default=SPACES, help="names, such as nb201")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    options: argparse.Namespace = parser.parse_args()
    return options


# ------------------------------------------------------------------------- one process, one space


def beside(space: str, options: argparse.Namespace) -> dict[str, Any]:
    """Take turns with the other program."""
    scorers = {"ours": scorer(prepared(space)), "theirs": other(options.other)(space)}
    return take_turns(scorers, draw(space, options.n))


def alone(space: str, options: argparse.Namespace) -> dict[str, Any]:
    """Score with nothing else in the process, and read the peak of its memory."""
    taken = take_turns({"ours": scorer(prepared(space))}, draw(space, options.n))
    return {**taken, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def work(space: str, options: argparse.Namespace) -> dict[str, Any]:
    """Profile one architecture, and count the arithmetic of all of them."""
    predictor, texts = prepared(space), draw(space, options.n)
    first, second, *others = map(predictor.task.space.parse, texts)
    predictor.score_one(first)
    return {
        "macs": [train_macs(predictor, one) for one in (second, *others)],
        "rate": product_rate(),
        "shares": shares(predictor, [second]),
    }


MEASURES: Mapping[str, Callable[[str, argparse.Namespace], dict[str, Any]]] = {
    "beside": beside,
    "alone": alone,
    "without-compiler": alone,
    "work": work,
}


def other(path: Path) -> Callable[[str], Scorer]:
    """Return the ``prepare`` of another program."""
    spec = importlib.util.spec_from_file_location("other", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"--other must name a Python file, got {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    prepare: Callable[[str], Scorer] = module.prepare
    return prepare


def prepared(name: str) -> Eproxy[Any]:
    torch.set_num_threads(1)
    predictor: Eproxy[Any] = Eproxy()
    source = common.cifar10("cifar10_batch64.npz")
    images = load_images(source, predictor.images_for(name), seed=0)
    predictor.prepare(ScoringTask(naslib_proxydata.space(name), images))
    return predictor


def scorer(predictor: Eproxy[Any]) -> Scorer:
    """Score texts."""
    space = predictor.task.space
    return lambda text: predictor.score_one(space.parse(text)).value


def draw(name: str, n: int) -> list[str]:
    """Draw n architectures of the space's benchmark, and one before them that warms up."""
    space = naslib_proxydata.space(name)
    texts = naslib_proxydata.table(name, common.data_root()).architectures()
    order = numpy_generator("speed_spaces", name).permutation(len(texts))
    drawn = (texts[place] for place in order)
    return list(islice((one for one in drawn if space.carries_signal(space.parse(one))), n + 1))


def take_turns(scorers: Mapping[str, Scorer], texts: Sequence[str]) -> dict[str, Taken]:
    """Time every scorer on each text in turn, the other way round each time; drop the first."""
    taken: dict[str, Taken] = {name: [] for name in scorers}
    for turn, text in enumerate(texts):
        names = list(scorers)
        for name in reversed(names) if turn % 2 else names:
            started = time.process_time()
            score = scorers[name](text)
            taken[name].append((time.process_time() - started, score))
    return {name: pairs[1:] for name, pairs in taken.items()}


def product_rate(size: int = 1024) -> float:
    """Measure the multiply-accumulates a second of a large matrix product."""
    matrix = torch.randn(size, size)
    times = []
    for _ in range(20):
        started = time.process_time()
        torch.mm(matrix, matrix)
        times.append(time.process_time() - started)
    return size**3 / float(np.median(times))


# --------------------------------------------------------------------------------- of all of them


def measured(name: str, space: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return what a process of its own measured, now or earlier; nothing of a program not given."""
    if name == "beside" and options.other is None:
        return {}
    path = options.out / "measured.jsonl"
    found: dict[str, Any] = common.kept(path, measure, name, space, options.n, given=options)
    return found


def measure(options: argparse.Namespace, name: str, space: str, n: int) -> dict[str, Any]:
    """Run this script as a child that measures one thing in one space."""
    command = [sys.executable, __file__, "--measure", name, "--spaces", space, "--n", str(n)]
    if options.other:
        command += ["--other", str(options.other)]
    switch = {SWITCH: "0"} if name == "without-compiler" else {}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **switch}
    print(f"{space}: {name}", flush=True)
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # others may print as well
    return result


def line(found: Mapping[str, Any]) -> dict[str, float]:
    """Return a space's line, of the architectures whose scores are finite wherever they were made.

    A training that diverges ends early here and not elsewhere: its times compare nothing.
    """
    taken = {name: found[name]["ours"] for name in ("alone", "without-compiler")}
    arrays = {name: np.array(one) for name, one in (taken | found["beside"]).items()}
    finite = np.all([np.isfinite(one[:, 1]) for one in arrays.values()], axis=0)
    kept = {name: one[finite] for name, one in arrays.items()}
    rate = found["work"]["rate"]
    return {
        "n": int(finite.sum()),
        **comparison(kept.get("ours"), kept.get("theirs")),
        "alone_cpu_seconds": kept["alone"][:, 0].mean(),
        "without_compiler_cpu_seconds": kept["without-compiler"][:, 0].mean(),
        "floor_seconds": np.mean(found["work"]["macs"], where=finite) / rate,
        "gmacs_per_second": rate / 1e9,
        "peak_mib": found["alone"]["peak_mib"],
    }


def comparison(ours: Any, theirs: Any) -> dict[str, float]:
    """Return the seconds of both, ours by theirs, and how alike the scores rank."""
    if theirs is None:
        return dict.fromkeys(COMPARED, math.nan)
    means = ours[:, 0].mean(), theirs[:, 0].mean()
    middle = np.median(ours[:, 0] / theirs[:, 0])
    alike = spearman(ours[:, 1], theirs[:, 1]) if len(ours) >= FEWEST_RANKED else math.nan
    return dict(zip(COMPARED, (*means, means[0] / means[1], middle, alike), strict=True))


def replace(path: Path, space: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """Put a space's lines where its old ones were, and leave the other spaces' alone."""
    old = common.read_csv(path)
    spaces = dict.fromkeys([*SPACES, *(row["space"] for row in old), space])
    of_space = {one: [row for row in old if row["space"] == one] for one in spaces}
    of_space[space] = [{"space": space, **one} for one in lines]
    common.write_csv(path, [row for rows in of_space.values() for row in rows])


if __name__ == "__main__":
    main()
