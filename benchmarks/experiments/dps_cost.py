"""Measure what racing saves DPS, and how to choose among the proxies it finds.

    python benchmarks/experiments/dps_cost.py draws tables

For each draw of labels there is a plain search: every proxy scores every labelled architecture,
builds its networks and barriers itself and convolves directly. Then racing stops proxies early
with a limit that holds for certain, which takes the same course with fewer of the same scores, and
last comes the search as shipped: raced by default, where proxies share what they can and 7x7
barriers are convolved by their spectrum. It computes its scores itself. Each is charged the CPU
seconds of every score that it asks for, and of the race. Proxies are then compared on cells that no
search has seen.

The searches are those of the authors' program (200 cycles, a population of 40, tournaments of 10),
the networks are declared small: NAS-Bench-201 CIFAR-10 with 8 channels and one cell a stage, on 8
CIFAR-10 images of 16x16. ``draws`` goes on where it stopped, ``--draws 2`` runs one draw alone,
``tables`` writes what is there. How racing estimates was chosen on draws 0 and 1, so others are
reported. Let nothing else run: with more processes than cores CPU seconds double.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import numpy as np
import torch
from torch.nn import functional as F

import naslib_proxydata
from naslib_proxydata.data.images import load_images
from naslib_proxydata.files import write_text
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.dps.scores import (
    ProxyScorer,
    training_key,
    training_options,
    with_mac_term,
)
from naslib_proxydata.predictors.dps.search import (
    LabelledArchitectures,
    LossRequest,
    search_proxies,
)
from naslib_proxydata.predictors.dps.settings import EvolutionSettings, Racing
from naslib_proxydata.predictors.eproxy.config import resolve
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.eproxy.spectral import SpectralConv2d
from naslib_proxydata.predictors.few_label.models import shares_below
from naslib_proxydata.predictors.labels import checked_labels
from naslib_proxydata.ranking import spearman
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.cell import Cell
from naslib_proxydata.spaces.nb201.space import NasBench201

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, machine_line, write_csv, write_json

CHANNELS, CELLS, SIZE, IMAGES = 8, 1, 16, 8
LABELS, TESTED = 20, 40
EVOLUTION = {"cycles": 200, "population": 40, "tournament": 10}
SEARCHES: Mapping[str, tuple[Racing, str]] = {
    "plain": ("none", "plain"),
    "raced for certain": ("exact", "plain"),
    "shipped": ("statistical", "shipped"),
}
"""What stops a proxy, and the way that scores are computed."""
LARGEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+" + (
    "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)


def main() -> None:
    parser = arguments(__doc__, "dps_cost")
    parser.add_argument("parts", nargs="+", choices=("draws", "tables"))
    parser.add_argument("--draws", default="2,3,4,6", help="which draws, comma-separated")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    if "draws" in options.parts:
        for number in map(int, options.draws.split(",")):
            path = options.out / f"draw_{number}.json"
            if not path.exists():
                found = draw(options.out, number)
                write_text(path, json.dumps(found, indent=1))
    if "tables" in options.parts:
        tables(options.out, options.results / "data")


class Scorer(Protocol):
    """Scores a cell by a proxy."""

    def score(self, options: Mapping[str, Any], architecture: Any) -> Score:
        """Return the negative loss without MAC term."""


class PlainScorer:
    """Eproxy as it stands: nothing is shared between proxies, and 7x7 barriers are direct."""

    def __init__(self, task: ScoringTask[Any]) -> None:
        self.task = task
        self.predictor: tuple[str, Eproxy[Any]] | None = None

    def score(self, options: Mapping[str, Any], architecture: Any) -> Score:
        """Return the negative loss without MAC term."""
        with patch.object(SpectralConv2d, "forward", torch.nn.Conv2d.forward):
            key = training_key(options)
            if self.predictor is None or self.predictor[0] != key:
                predictor: Eproxy[Any] = Eproxy(**training_options(options))
                predictor.prepare(self.task)
                self.predictor = key, predictor
            return self.predictor[1].score_one(architecture)


class Memory:
    """Every score without MAC term that was ever computed, and its CPU seconds, on disk.

    Attributes:
        asked: How many scores the search took.
        charged: CPU seconds of these, whenever they were computed.
        spent: CPU seconds of those of them that were computed now.
    """

    def __init__(self, path: Path, task: ScoringTask[Any], scorer: Scorer) -> None:
        self.path = path
        self.task = task
        self.scorer = scorer
        self.known: dict[tuple[str, str], tuple[float, float]] = {}
        self.restart()
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    key, text, value, seconds = json.loads(line)
                except json.JSONDecodeError:  # the last line of a run that was killed
                    continue
                self.known[key, text] = value, seconds

    def restart(self) -> None:
        """Start to count anew."""
        self.asked, self.charged, self.spent = 0, 0.0, 0.0

    def score(self, options: Mapping[str, Any], text: str) -> float:
        """Return a score and charge its seconds to whoever asks."""
        key = training_key(options), text
        if key not in self.known:
            started = time.process_time()
            value = self.scorer.score(options, self.task.space.parse(text)).value
            self.known[key] = value, time.process_time() - started
            self.spent += self.known[key][1]
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([*key, *self.known[key]]) + "\n")
        value, seconds = self.known[key]
        self.asked += 1
        self.charged += seconds
        return value


def small_task(seed: int) -> tuple[ScoringTask[Cell], dict[str, Any]]:
    """Return the small networks and images, and the options of Eproxy that suit them."""
    space = NasBench201(CHANNELS, CELLS)
    space.image_size = SIZE
    images = load_images(cifar10(), IMAGES, seed, SIZE)
    shared = {"mac_reference": float(space.macs(space.parse(LARGEST))), "batch": IMAGES}
    return ScoringTask(space, images, seed), shared


def draw(folder: Path, number: int) -> dict[str, Any]:
    """Search in every way with one draw of labels and compare what is found on the test cells."""
    table = naslib_proxydata.table("nb201", data_root())
    texts = table.architectures()
    accuracies = table.values("cifar10", table.default_metric("cifar10"))
    task, shared = small_task(number)
    space = task.space
    scorers: dict[str, Scorer] = {"plain": PlainScorer(task), "shipped": ProxyScorer(task)}
    memories = {
        way: Memory(folder / f"{way}_{number}.jsonl", task, scorer)
        for way, scorer in scorers.items()
    }
    mixed = numpy_generator("dps_cost", "cells").permutation(len(texts))
    tested = [int(row) for row in mixed[:TESTED]]
    chosen = numpy_generator("dps_cost", "labels", number).permutation(mixed[TESTED:])[:LABELS]
    cells = [space.parse(texts[int(row)]) for row in chosen]
    labels = checked_labels(accuracies[chosen], [True] * len(cells), "dps_cost")
    labelled = LabelledArchitectures.of(space, cells, shared, labels)
    names = [space.text(cell) for cell in labelled.architectures]

    searches: dict[str, dict[str, Any]] = {}
    for name, (racing, way) in SEARCHES.items():
        memory = memories[way]
        memory.restart()

        def score(requests: Sequence[LossRequest], memory: Memory = memory) -> list[float]:
            return [memory.score(options, names[position]) for options, position in requests]

        settings = EvolutionSettings(**EVOLUTION, racing=racing)
        started = time.process_time()
        searched = search_proxies(labelled, score, settings, number)
        race = time.process_time() - started - memory.spent
        searches[name] = {
            "evaluations": memory.asked,
            "cpu_seconds": memory.charged + race,
            "race_seconds": race,
            "parents": [one.parent for one in searched.individuals],
            "fitness": [one.fitness for one in searched.proxies],
            "proxies": [one.options for one in searched.proxies],
        }
    return {
        "draw": number,
        "labelled": [texts[int(row)] for row in chosen],
        "searches": searches,
        "test": {
            name: tests(
                memories["shipped"],
                shared,
                found["proxies"],
                [texts[row] for row in tested],
                accuracies[tested],
            )
            for name, found in searches.items()
        },
    }


def tests(
    memory: Memory,
    shared: Mapping[str, Any],
    proxies: Sequence[Mapping[str, Any]],
    texts: Sequence[str],
    accuracies: Any,
) -> dict[str, float]:
    """Return the Spearman correlation on the test cells of each way to use the proxies."""
    space = memory.task.space
    columns = [scores(memory, one, texts) for one in proxies]
    start = scores(memory, {**resolve(shared, space.name).model_dump(mode="json")}, texts)
    single = [spearman(column, accuracies) for column in columns]

    def averaged(*chosen: list[float]) -> float:
        ranks = np.array(chosen).T
        return spearman(shares_below(ranks, ranks).mean(axis=1), accuracies)

    return {
        "best": single[0],
        "mean of the ten": float(np.mean(single)),
        "average of 3": averaged(*columns[:3]),
        "average of 5": averaged(*columns[:5]),
        "average of 10": averaged(*columns[:10]),
        "best, shrunk to the start point": averaged(columns[0], start),
        "average of 10, shrunk to the start point": averaged(*columns[:10], *[start] * 10),
        "start point": spearman(start, accuracies),
    }


def scores(memory: Memory, options: Mapping[str, Any], texts: Sequence[str]) -> list[float]:
    """Return a proxy's scores of test cells, MAC term included."""
    space = memory.task.space
    config = resolve(options, space.name)
    values = []
    for text in texts:
        cell = space.canonical(space.parse(text))
        if not space.carries_signal(cell):
            values.append(float("-inf"))
            continue
        value = memory.score(options, space.text(cell))
        values.append(with_mac_term(value, config, space.macs(cell, image_size=SIZE)))
    return values


@cache
def barrier_seconds(inputs: int, outputs: int, side: int, images: int) -> tuple[float, float]:
    """Return CPU seconds of a 7x7 barrier there and back on such maps: direct, and spectral."""
    layer = SpectralConv2d(inputs, outputs, 7, 3).requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(images, inputs, side, side, generator=generator)
    maps = maps.to(memory_format=torch.channels_last).requires_grad_()
    times: dict[bool, list[float]] = {False: [], True: []}
    layer(maps)  # computes the spectrum, which is done once a proxy
    for _ in range(5):
        for spectral in times:
            started = time.process_time()
            out = layer(maps) if spectral else F.conv2d(maps, layer.weight, layer.bias, padding=3)
            torch.autograd.grad(out.sum(), maps)
            times[spectral].append(time.process_time() - started)
    return float(np.median(times[False])), float(np.median(times[True]))


def tables(folder: Path, data: Path) -> None:
    """Write the tables of the draws that are there."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("draw_*.json"))]
    write_csv(data / "dps_cost_searches.csv", [search_row(found, name) for name in SEARCHES])
    ways = found[0]["test"]["shipped"]
    write_csv(data / "dps_cost_averages.csv", [average_row(found, way) for way in ways])
    direct, spectral = zip(*(barrier_seconds(n, n, 8, 16) for n in (128, 512)), strict=True)
    write_json(
        data / "dps_cost.json",
        measured_on=machine_line(),
        plain_over_shipped=mean_ratio(found),
        by_draw={str(d["draw"]): ratio(d) for d in found},
        barrier_seconds={"direct": direct, "spectral": spectral},
    )


def search_row(found: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Return the means over draws of one way to search."""
    searches = [d["searches"][name] for d in found]
    tested = [d["test"][name] for d in found]
    same = [share_of_parents(d["searches"][name], d["searches"]["plain"]) for d in found]
    return {
        "search": name,
        "scores": round(float(np.mean([one["evaluations"] for one in searches]))),
        "cpu_seconds": float(np.mean([one["cpu_seconds"] for one in searches])),
        "fitness": float(np.mean([one["fitness"][0] for one in searches])),
        "rho_best": float(np.mean([one["best"] for one in tested])),
        "rho_average_of_10": float(np.mean([one["average of 10"] for one in tested])),
        "same_parents": float(np.mean(same)),
    }


def average_row(found: Sequence[Mapping[str, Any]], way: str) -> dict[str, Any]:
    """Return the correlation of one way to use the proxies: the mean, and each draw's."""
    rhos = {f"draw_{d['draw']}": d["test"]["shipped"][way] for d in found}
    return {"ranked_by": way, "mean": float(np.mean(list(rhos.values()))), **rhos}


def share_of_parents(mine: Mapping[str, Any], plain: Mapping[str, Any]) -> float:
    pairs = zip(mine["parents"], plain["parents"], strict=True)
    return float(np.mean([own == other for own, other in pairs if other is not None]))


def ratio(found: Mapping[str, Any]) -> float:
    searches = found["searches"]
    return float(searches["plain"]["cpu_seconds"] / searches["shipped"]["cpu_seconds"])


def mean_ratio(found: Sequence[Mapping[str, Any]]) -> float:
    """Return the ratio of the mean times."""
    plain, shipped = (
        np.mean([d["searches"][name]["cpu_seconds"] for d in found])
        for name in ("plain", "shipped")
    )
    return float(plain / shipped)


if __name__ == "__main__":
    main()
