"""Measure what the shipped preset is worth on its own space and on another.

    python benchmarks/experiments/dps_transfer.py --n 30

The preset ``nb201-cifar10`` was searched by the command ``dps`` with twenty labels of NAS-Bench-201
CIFAR-10. Here it ranks networks of NAS-Bench-201 (CIFAR-10 and CIFAR-100) and of
TransNAS-Bench-101 macro, on 16 CIFAR-10 images of 32x32, beside the start point that the authors
released for each space. On NAS-Bench-201 few-label-structure learns from the same twenty labels,
which are not ranked.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.leaderboard.rows import Row
from naslib_proxydata.predictors.eproxy.presets import read_preset
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import (
    arguments,
    cifar10,
    data_root,
    run_line,
    write_csv,
    write_json,
)

PRESET = "nb201-cifar10"
SINGLE = ("eproxy", f"eproxy:{PRESET}")
AVERAGED = f"dps:{PRESET}"
"""Ten proxies, so ten times as dear: on NAS-Bench-201 alone."""
TASKS = ("class_scene", "class_object", "jigsaw", "segmentsemantic", "autoencoder")
TABLES = {
    "nb201": ("cifar10", "cifar100"),
    "transnas-macro": TASKS,
}


def main() -> None:
    parser = arguments(__doc__, "dps_transfer")
    parser.add_argument("--n", type=int, default=30, help="networks of each space")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    rows: list[Row] = []
    for name, datasets in TABLES.items():
        predictors, label_table = list(SINGLE), None
        if name == "nb201":
            predictors += [AVERAGED, FewLabelStructure.name]
            label_table = labels(options.out)
        board = naslib_proxydata.rank(
            benchmark=name,
            dataset=datasets,
            predictors=predictors,
            images=cifar10(),
            n=options.n,
            seed=options.seed,
            workers=options.workers,
            label_table=label_table,
            data_root=data_root(),
            out=options.out / name,
        )
        rows += [row for row in board.rows if row.predictor in (*predictors, "macs")]
    data = options.results / "data"
    write_csv(data / "dps_transfer.csv", [line(row) for row in rows])
    write_csv(data / "dps_transfer_means.csv", means(rows))
    write_json(data / "dps_transfer.json", measured_on=run_line(board.folder))


def labels(folder: Path) -> Path:
    """Write the labels that the preset was searched with, one mean for cells of equal function."""
    found = read_preset(PRESET).provenance
    table = naslib_proxydata.table(found.benchmark, data_root())
    values = dict(
        zip(table.architectures(), table.values(found.dataset, found.metric), strict=True)
    )
    space, equals = naslib_proxydata.space(table.space), defaultdict(list)
    for text in found.labelled:
        equals[space.text(space.canonical(space.parse(text)))].append(values[text])
    path = folder / "labels.csv"
    write_csv(
        path,
        [{"architecture": text, "accuracy": float(np.mean(of))} for text, of in equals.items()],
    )
    return path


def line(row: Row) -> dict[str, Any]:
    """Return what is told of one task."""
    fields = ("spearman", "spearman_low", "spearman_high", "top10_retrieval")
    values = {field: getattr(row, field) for field in fields}
    return {"space": row.benchmark, "task": row.dataset, "predictor": row.predictor, **values}


def means(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the means over the tasks of each space and predictor."""
    table = []
    for space, predictor in dict.fromkeys((row.benchmark, row.predictor) for row in rows):
        mine = [row for row in rows if (row.benchmark, row.predictor) == (space, predictor)]
        table.append(
            {
                "space": space,
                "predictor": predictor,
                "tasks": len(mine),
                "spearman": float(np.mean([row.spearman for row in mine])),
                "top10_retrieval": float(np.mean([row.top10_retrieval for row in mine])),
                "seconds_per_architecture": mine[0].seconds_per_architecture,
            }
        )
    return table


if __name__ == "__main__":
    main()
