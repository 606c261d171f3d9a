"""Measure whether what Eproxy's ten steps leave behind adds to twenty labels and structure.

    python benchmarks/experiments/training_dynamics.py scores tables

``scores``  Trains random networks of each table and keeps errors by branch and iteration, and norms
            by layer; goes on where it stopped.
``tables``  Ranks them from twenty labels, by structure alone and with each kind of dynamics.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

import naslib_proxydata
from naslib_proxydata import ranking
from naslib_proxydata.data.images import load_images
from naslib_proxydata.leaderboard.labels import draw_labels, mean_interval
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.eproxy.training import Training, losses
from naslib_proxydata.predictors.few_label.models import (
    Features,
    gaussian_process,
    normal_scores,
    ranker,
    standardiser,
)
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import Architecture
from naslib_proxydata.tables.base import BenchmarkTable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, deviation, kept, write_csv

Floats = NDArray[np.float64]
LABELS, DRAWS = 20, 20
LENGTH = 8
"""Numbers that the layers of a network are pooled to."""


class Sample(NamedTuple):
    """Random networks of a table, on how many images they are trained, and how many are skipped."""

    networks: int
    images: int
    skipped: int = 0


SAMPLES = {
    "nb201": Sample(120, 16),
    "nb101": Sample(50, 8),
    "nb101 again": Sample(50, 8, skipped=50),
    "transnas-micro": Sample(80, 16),
    "nds-darts-in": Sample(60, 4),
}
"""By benchmark. The second of NAS-Bench-101 was drawn after the first had been looked at."""
CHOSEN_ON = ("nb201", "cifar10")
"""The target that the form was chosen on."""
GROUPS: Mapping[str, Sequence[str]] = {
    "structure": (),
    "+ loss of every iteration": ("losses",),
    "+ loss by branch and iteration": ("branches",),
    "+ norms by layer": ("gradients", "movements"),
    "+ all of them": ("losses", "branches", "gradients", "movements"),
}
"""What is learnt from beside the structure."""


class RecordedTraining(Training):
    """Training that keeps the norms of gradients and weights by layer, in the order of layers.

    A layer is a weight of the trunk of more than one dimension that has a gradient.
    """

    def __init__(self, student: nn.Module, *others: Any, **named: Any) -> None:
        super().__init__(student, *others, **named)
        trunk = student.get_submodule("trunk")
        self._layers = [one for one in trunk.parameters() if one.requires_grad and one.dim() > 1]
        self._before = [layer.detach().clone() for layer in self._layers]
        self.gradients: list[list[float]] = []

    def step(self) -> Tensor:
        """Take a step, as :meth:`Training.step`, and keep its gradients' norms."""
        errors = self.errors()
        errors.sum().backward()  # type: ignore[no-untyped-call]
        known = [layer.grad for layer in self._layers]
        self.gradients.append([float(grad.norm()) for grad in known if grad is not None])
        self._moved = [grad is not None for grad in known]
        self.optimizer.step()
        return errors.detach()

    def movements(self) -> list[float]:
        """Return ``|w - w_0| / |w_0|`` by layer, w_0 the initial weight."""
        triples = zip(self._layers, self._before, self._moved, strict=True)
        return [
            float((after.detach() - before).norm() / before.norm())
            for after, before, moved in triples
            if moved
        ]


class EproxyDynamics(Eproxy[Architecture]):
    """Eproxy with what its steps leave behind as details, on the CPU."""

    name = "eproxy-dynamics"

    def evaluate(self, architecture: Architecture) -> Score:
        """Train the architecture's trunk; the score is Eproxy's."""
        student = self.student(architecture).to(memory_format=torch.channels_last)
        training = RecordedTraining(student, self._images, self._targets, self.config)
        errors = training.run()
        gradients, middle = training.gradients, len(training.gradients) // 2
        details = {
            "losses": losses(errors, self.config),
            "branches": errors.T.flatten().tolist(),
            "gradients": [x for step in (0, middle, -1) for x in pooled(gradients[step])],
            "movements": pooled(training.movements()),
        }
        return Score(-details["losses"][-1], details=details)


def pooled(values: Sequence[float]) -> list[float]:
    """Return the mean of each of :data:`LENGTH` parts, from the first layer to the last."""
    row = torch.tensor(values, dtype=torch.float64)[None]
    return [float(x) for x in F.adaptive_avg_pool1d(row, LENGTH)[0]]


def main() -> None:
    parser = arguments(__doc__, "training_dynamics")
    parser.add_argument("parts", nargs="+", choices=("scores", "tables"))
    parser.add_argument("--benchmarks", default=",".join(SAMPLES), help="comma-separated")
    options = parser.parse_args()
    names = options.benchmarks.split(",")
    if "scores" in options.parts:
        torch.set_num_threads(1)
        for name in names:
            scored(name, options.out)
    if "tables" in options.parts:
        lines = [line for name in names for line in measured(name, options.out)]
        write_csv(options.results / "data" / "training_dynamics.csv", lines)
        write_csv(options.results / "data" / "training_dynamics_means.csv", means(lines))


def table_of(name: str) -> BenchmarkTable:
    """Return the table of a sample."""
    return naslib_proxydata.table(name.split()[0], data_root())


def drawn(name: str, table: BenchmarkTable) -> list[int]:
    """Return the rows of a sample: random networks that carry signal."""
    sample = SAMPLES[name]
    space = naslib_proxydata.space(table.space)
    texts = table.architectures()
    mixed = numpy_generator(0, "training dynamics", table.name).permutation(len(texts))
    found: list[int] = []
    for row in mixed:
        if space.carries_signal(space.parse(texts[row])):
            found.append(int(row))
        if len(found) == sample.skipped + sample.networks:
            break
    return found[sample.skipped :]


def scored(name: str, out: Path) -> list[dict[str, Any]]:
    """Return the dynamics of the drawn networks, trained where they are not kept."""
    table = table_of(name)
    space = naslib_proxydata.space(table.space)
    eproxy: EproxyDynamics[Any] = EproxyDynamics(batch=SAMPLES[name].images)
    ready: list[bool] = []

    def trained(_: None, text: str) -> dict[str, Any]:
        if not ready:
            images = load_images(cifar10(), eproxy.images_needed, 0)
            eproxy.prepare(ScoringTask(space, images))
            ready.append(True)
        started = time.process_time()
        score = eproxy.score_one(space.parse(text))
        return {"seconds": time.process_time() - started, "reason": score.reason, **score.details}

    texts = table.architectures()
    path = out / f"{table.name}.jsonl"
    return [kept(path, trained, texts[row], given=None) for row in drawn(name, table)]


def measured(name: str, out: Path) -> list[dict[str, Any]]:
    """Return a line for every dataset of a table and group of features."""
    table = table_of(name)
    space = naslib_proxydata.space(table.space)
    describe: FewLabelStructure[Any] = FewLabelStructure()
    describe.prepare(ScoringTask(space, load_images("noise", 1, 0)))
    rows = drawn(name, table)
    texts = table.architectures()
    scores = [describe.score_one(space.parse(texts[row])) for row in rows]
    dynamics = scored(name, out)
    structure = describe.scaling(scores)(scores)
    datasets = [CHOSEN_ON[1]] if name == CHOSEN_ON[0] else list(table.columns())
    lines = []
    for dataset in datasets:
        values = table.values(dataset, table.default_metric(dataset))[rows]
        alone: list[float] = []
        for group, kinds in GROUPS.items():
            features = with_dynamics(structure, dynamics, kinds)
            pairs = ranked(features, values, name, dataset)
            rhos = [ranking.spearman(*pair) for pair in pairs]
            tops = [ranking.top_retrieval(*pair) for pair in pairs]
            alone = alone or rhos
            differences = [with_it - without for with_it, without in zip(rhos, alone, strict=True)]
            low, high = mean_interval(differences)
            lines.append(
                {
                    "benchmark": name,
                    "dataset": dataset,
                    "features": group,
                    "ranked": len(rows) - LABELS,
                    "images": SAMPLES[name].images,
                    "draws": DRAWS,
                    "spearman": float(np.mean(rhos)),
                    "spearman_std": deviation(rhos),
                    "difference": float(np.mean(differences)),
                    "difference_low": low,
                    "difference_high": high,
                    "top10_retrieval": float(np.mean(tops)),
                    "seconds": float(np.mean([one["seconds"] for one in dynamics])),
                }
            )
    return lines


def ranked(features: Features, values: Floats, *named: str) -> list[tuple[Floats, Floats]]:
    """Return predictions and values of the rest, for every draw of labels."""

    def rows_of(rows: Any) -> Features:
        return Features(*(part[rows] for part in features))

    found = []
    for labelled, rest in draw_labels(values, LABELS, DRAWS, 0, *named):
        predict = gaussian_process(rows_of(labelled), normal_scores(values[labelled]))
        found.append((predict(rows_of(rest)), values[rest]))
    return found


def with_dynamics(
    structure: Features, dynamics: Sequence[Mapping[str, Any]], kinds: Sequence[str]
) -> Features:
    """Return features with some kinds of dynamics, each the normal scores of ranks.

    Each kind weighs as much as a kind of structural features, as a proxy of few-label does; no
    straight line in them is among the processes.
    """
    if not kinds:
        return structure
    parts = []
    for kind in kinds:
        width = max(len(one.get(kind, ())) for one in dynamics)
        numbers = np.array([padded(one.get(kind, ()), width) for one in dynamics])
        ranks = ranker(numbers)(numbers)
        parts.append(standardiser(ranks)(ranks))
    return structure._replace(proxies=np.hstack(parts))


def padded(values: Sequence[float], width: int) -> list[float]:
    """Return values with nan behind them, where a training ended early."""
    return [*values, *[np.nan] * (width - len(values))]


def means(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the means over the datasets of each table."""
    found = []
    for benchmark, group in dict.fromkeys((one["benchmark"], one["features"]) for one in lines):
        mine = [one for one in lines if (one["benchmark"], one["features"]) == (benchmark, group)]
        found.append(
            {
                "benchmark": benchmark,
                "features": group,
                "tasks": len(mine),
                "ranked": mine[0]["ranked"],
                "images": mine[0]["images"],
                **{
                    key: float(np.mean([one[key] for one in mine]))
                    for key in ("spearman", "difference", "top10_retrieval", "seconds")
                },
            }
        )
    return found


if __name__ == "__main__":
    main()
