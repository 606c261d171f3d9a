"""Measure what the shipped presets are worth, on the space they were searched on and elsewhere.

    python benchmarks/experiments/dps_transfer.py --n 30

Each preset was searched by the command ``dps`` with twenty labels of one task, and says so in its
file. Here it ranks networks on 16 CIFAR-10 images of 32x32, or as few as it was searched with,
beside the start point that the authors released for the space. Where the labels are of the same
space, few-label-structure learns from them, and they are not ranked. ``--boards`` scores some of
the boards only and writes no table, so that several processes can share the work; with ``--add`` it
puts their lines in place of those that the tables have of these spaces.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.leaderboard.published import published
from naslib_proxydata.leaderboard.rows import Row
from naslib_proxydata.predictors.eproxy.presets import read_preset
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, read_csv, run_line, write_csv, write_json

START = "eproxy"
COUNTED = "macs"
SUMMARISED = ("spearman", "top10_retrieval")
PAPER = "dps"
"""Eproxy with DPS, as ``published.yaml`` names it."""


@dataclass(frozen=True)
class Board:
    """What is ranked.

    Attributes:
        tasks: Datasets of the benchmark.
        presets: Whose fittest proxy ranks.
        labels: The preset with whose labels few-label-structure learns, if they are of the space.
        start: Whether the start point ranks too; where it is dear, its leaderboard has it.
    """

    tasks: tuple[str, ...]
    presets: tuple[str, ...]
    labels: str | None = None
    start: bool = False

    def predictors(self) -> list[str]:
        """Return what ranks, by name."""
        single = [f"{START}:{name}" for name in self.presets]
        learning = [FewLabelStructure.name] if self.labels else []
        return [*([START] if self.start else []), *single, *learning]


NB201, NB101, MACRO = "nb201-cifar10", "nb101-cifar10", "transnas-macro-class-scene"
DARTS = "darts-cifar10"
IMAGENET = ("darts", "darts-fix-w-d", "amoeba", "enas", "nasnet", "resnext-a")
"""NDS spaces trained on ImageNet, to which a preset of CIFAR-10 is transferred."""
BOARDS = {
    "nb201": Board(("cifar10", "cifar100"), (NB201,), labels=NB201, start=True),
    "nb101": Board(("cifar10",), (NB101,), labels=NB101),
    "transnas-macro": Board(
        ("class_scene", "class_object", "jigsaw", "segmentsemantic", "autoencoder"),
        (MACRO, NB201),
        labels=MACRO,
        start=True,
    ),
    **{f"nds-{name}-in": Board(("imagenet",), (DARTS,)) for name in IMAGENET},
}


def main() -> None:
    parser = arguments(__doc__, "dps_transfer")
    parser.add_argument("--n", type=int, default=30, help="networks of each space")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--boards", nargs="+", choices=BOARDS, help="score these alone")
    parser.add_argument("--add", action="store_true", help="put them into the tables")
    options = parser.parse_args()
    rows: list[Row] = []
    for name in options.boards or BOARDS:
        wanted = BOARDS[name]
        table = None if wanted.labels is None else labels(wanted.labels, options.out)
        board = naslib_proxydata.rank(
            benchmark=name,
            dataset=wanted.tasks,
            predictors=wanted.predictors(),
            images=cifar10(),
            n=options.n,
            seed=options.seed,
            label_table=table,
            data_root=data_root(),
            out=options.out / name,
        )
        shown = (*wanted.predictors(), COUNTED)
        rows += sorted(
            (row for row in board.rows if row.predictor in shown),
            key=lambda row: (wanted.tasks.index(row.dataset), shown.index(row.predictor)),
        )
    if options.boards and not options.add:
        return
    data, names = options.results / "data", {"": [line(row) for row in rows], "_means": means(rows)}
    for name, lines in names.items():
        path = data / f"dps_transfer{name}.csv"
        spaces = {one["space"] for one in lines}
        kept = [one for one in read_csv(path) if options.boards and one["space"] not in spaces]
        write_csv(path, [*kept, *lines])
    write_csv(data / "dps_transfer_presets.csv", [searched(name) for name in presets()])
    facts = data / "dps_transfer.json"
    before = json.loads(facts.read_text())["measured_on"] if options.boards else ""
    own = run_line(board.folder)
    write_json(facts, measured_on=before if own in before else f"{before} {own}".strip())


def labels(preset: str, folder: Path) -> Path:
    """Write the labels that a preset was searched with, one mean for architectures of one kind."""
    found = read_preset(preset).provenance
    table = naslib_proxydata.table(found.benchmark, data_root())
    values = dict(
        zip(table.architectures(), table.values(found.dataset, found.metric), strict=True)
    )
    space, equals = naslib_proxydata.space(table.space), defaultdict(list)
    for text in found.labelled:
        equals[space.text(space.canonical(space.parse(text)))].append(values[text])
    path = folder / f"labels-{preset}.csv"
    write_csv(
        path,
        [{"architecture": text, "accuracy": float(np.mean(of))} for text, of in equals.items()],
    )
    return path


def presets() -> list[str]:
    """Return every preset that is ranked with."""
    return list(dict.fromkeys(name for board in BOARDS.values() for name in board.presets))


def searched(name: str) -> dict[str, Any]:
    """Return how a preset was searched."""
    preset = read_preset(name)
    found = preset.provenance
    return {
        "preset": name,
        "task": f"{found.benchmark} {found.dataset}",
        "labels": found.labels,
        "images": preset.proxies[0].options.get("batch", 16),
        "cycles": found.cycles,
        "population": found.population,
        "scores": found.evaluations,
        "fitness": preset.proxies[0].fitness,
    }


def line(row: Row) -> dict[str, Any]:
    """Return what is told of one task."""
    fields = ("spearman", "spearman_low", "spearman_high", "top10_retrieval")
    values = {field: getattr(row, field) for field in fields}
    spearman, top10 = published(row.benchmark, row.dataset, PAPER)
    return {
        "space": row.benchmark,
        "task": row.dataset,
        "predictor": row.predictor,
        "n": row.n,
        **values,
        "published_spearman": spearman,
        "published_top10": top10,
    }


def means(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the means over the tasks of each family of boards and predictor."""
    table = []
    for family, predictor in dict.fromkeys((row.family, row.predictor) for row in rows):
        mine = [row for row in rows if (row.family, row.predictor) == (family, predictor)]
        paper = [published(row.benchmark, row.dataset, PAPER)[0] for row in mine]
        table.append(
            {
                "space": family,
                "predictor": predictor,
                "tasks": len(mine),
                "n": mine[0].n,
                **{
                    field: float(np.mean([getattr(row, field) for row in mine]))
                    for field in SUMMARISED
                },
                "published": float(np.mean(paper)),
                "seconds_per_architecture": float(
                    np.mean([row.seconds_per_architecture for row in mine])
                ),
            }
        )
    return table


if __name__ == "__main__":
    main()
