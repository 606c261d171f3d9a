"""Measure what the other tasks of a space add to twenty labelled architectures.

    python benchmarks/experiments/few_label_transfer.py tasks strict useless spaces tables

Each part may be run alone; a part goes on where it stopped, and ``tables`` writes what is there.

``tasks``    Every task of every table with several, from all its other tasks.
``strict``   NAS-Bench-MR, where tasks that share images are left out together.
``useless``  NAS-Bench-201 CIFAR-10 from seven columns of random numbers, alone and beside the
             other two datasets: what useless tasks cost.
``spaces``   From tables of other search spaces, by structure: NAS-Bench-201 for TransNAS-Bench-101
             micro, the DARTS space on CIFAR-10 for NDS on ImageNet, and the two cases that the
             form was chosen on.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.files import write_text
from naslib_proxydata.leaderboard.rows import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, deviation, write_csv

PARTS = ("tasks", "strict", "useless", "spaces", "tables")
DRAWS = 20
TRANSFER, STRUCTURE = "few-label-transfer", "few-label-structure"
NO_LABELS = "0 labels"
TABLES = ("nb201", "transnas-micro", "transnas-macro", "nasbench-mr")
SAME_IMAGES = (
    ("cls-50-1000", "cls-50-100", "cls-10-1000", "cls-10c"),
    ("seg", "seg-4x"),
    ("video", "video-p"),
)
"""Tasks of NAS-Bench-MR that are trained on parts of one dataset: ImageNet, Cityscapes, HMDB51."""
CHOSEN_ON = ("nb201", "cifar10")
"""The target that form and constants were chosen on; it counts in no mean."""
OTHER_SPACES = {
    "nb201": "transnas-micro",
    "nb101": "nb201",
    "transnas-micro": "nb201",
    **{
        f"nds-{family}-in": "darts"
        for family in ("darts", "darts-fix-w-d", "amoeba", "enas", "nasnet", "resnext-a")
    },
}
"""The table of another space, by target; the form was chosen on CIFAR-10 of the first two."""
USELESS, CELLS = 7, 2500
"""Columns of random numbers, and how many cells are ranked from them."""


def main() -> None:
    parser = arguments(__doc__, "few_label_transfer")
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--benchmarks", help="some of the tables only, comma-separated")
    parser.add_argument("--labels", type=int, default=20, help="labelled architectures")
    options = parser.parse_args()
    chosen = options.benchmarks.split(",") if options.benchmarks else list(TABLES)
    if "tasks" in options.parts:
        for name in chosen:
            tasks(options, name)
    if "strict" in options.parts:
        strict(options)
    if "useless" in options.parts:
        useless(options)
    if "spaces" in options.parts:
        for name in OTHER_SPACES:
            spaces(options, name)
    if "tables" in options.parts:
        tables(options.out / "rows", options.results / "data")


def tasks(options: argparse.Namespace, name: str) -> None:
    """Rank all architectures on every task of a table, from its other tasks."""
    predictors = {TRANSFER: {}, NO_LABELS: {"predictor": TRANSFER, "learns": False}}
    datasets = list(naslib_proxydata.table(name, data_root()).columns())
    keep(options, f"tasks_{name}", ranked(options, f"tasks_{name}", name, datasets, predictors))


def strict(options: argparse.Namespace) -> None:
    """Rank NAS-Bench-MR's networks from tasks on other images alone."""
    rows: list[Row] = []
    held = naslib_proxydata.table("nasbench-mr", data_root()).columns()
    for group in SAME_IMAGES:
        predictors = {TRANSFER: {"without": list(group)}}
        datasets = [dataset for dataset in group if dataset in held]
        rows += ranked(options, f"strict_{group[0]}", "nasbench-mr", datasets, predictors)
    keep(options, "strict_nasbench-mr", rows)


def useless(options: argparse.Namespace) -> None:
    """Rank NAS-Bench-201's cells from random numbers, with and without the other datasets."""
    path = options.out / "useless.csv"
    texts = naslib_proxydata.table("nb201", data_root()).architectures()
    numbers = np.random.default_rng(0).standard_normal((len(texts), USELESS))
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", *(f"random{number}" for number in range(USELESS))])
        writer.writerows([text, *row] for text, row in zip(texts, numbers.tolist(), strict=True))
    predictors = {
        "others": {"predictor": TRANSFER},
        "useless": {"predictor": TRANSFER, "sources": [f"csv:{path}"]},
        "useless and others": {"predictor": TRANSFER, "sources": ["nb201", f"csv:{path}"]},
    }
    rows = ranked(options, "useless", "nb201", ["cifar10"], predictors, CELLS)
    keep(options, "useless_nb201", rows)


def spaces(options: argparse.Namespace, name: str) -> None:
    """Rank a table from one of another space, alone and with its own tasks.

    Of the two that the form was chosen on so many cells as for ``useless``, of others all.
    """
    other = [OTHER_SPACES[name]]
    predictors = {"another space": {"predictor": TRANSFER, "sources": [], "other_spaces": other}}
    datasets = list(naslib_proxydata.table(name, data_root()).columns())
    if name == CHOSEN_ON[0]:
        datasets = [CHOSEN_ON[1]]
    if name == CHOSEN_ON[0] or len(datasets) > 1:
        predictors |= {
            "own tasks": {"predictor": TRANSFER},
            "own tasks and another space": {"predictor": TRANSFER, "other_spaces": other},
        }
    n = CELLS if name in ("nb201", "nb101") else "all"
    rows = ranked(options, f"spaces_{name}", name, datasets, predictors, n)
    keep(options, f"spaces_{name}", rows)


def ranked(
    options: argparse.Namespace,
    folder: str,
    benchmark: str,
    datasets: Sequence[str],
    predictors: Mapping[str, Any],
    n: Any = "all",
) -> Sequence[Row]:
    """Return a leaderboard's rows, all with the same draws of labels."""
    return naslib_proxydata.rank(
        benchmark,
        predictors,
        n,
        dataset=list(datasets),
        labels=options.labels,
        draws=DRAWS,
        data_root=data_root(),
        out=options.out / f"{folder}_{options.labels}",
    ).rows


def keep(options: argparse.Namespace, name: str, rows: Sequence[Row]) -> None:
    """Keep the rows for ``tables``."""
    path = options.out / "rows" / f"{name}_{options.labels}.json"
    write_text(path, json.dumps([row.plain() for row in rows]))


def tables(folder: Path, data: Path) -> None:
    """Write all rows that are kept, and their means over tasks."""
    rows = [
        {"part": path.stem.split("_")[0], **one}
        for path in sorted(folder.glob("*.json"))
        for one in json.loads(path.read_text(encoding="utf-8"))
        if one["predictor"] != "random"
    ]
    for row in rows:  # the path is where the data lay on the machine that measured
        row["source"] = Path(row["source"]).name
    tasks_of_one = [row for row in rows if row["part"] != "spaces"]
    of_others = [row for row in rows if row["part"] == "spaces"]
    if tasks_of_one:
        write_csv(data / "few_label_transfer.csv", tasks_of_one)
        write_csv(data / "few_label_transfer_means.csv", means(tasks_of_one))
    if of_others:
        write_csv(data / "few_label_other_spaces.csv", of_others)
        grouped = [{**row, "benchmark": group_of(row["benchmark"])} for row in of_others]
        write_csv(data / "few_label_other_spaces_means.csv", means(grouped))


def group_of(benchmark: str) -> str:
    """Return of which mean a table is: those of NDS are one."""
    return "nds" if benchmark.startswith("nds-") else benchmark


def means(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return means over tasks, the one that the form was chosen on left out."""
    lines = []
    held_out = [row for row in rows if (row["benchmark"], row["dataset"]) != CHOSEN_ON]
    keys = ((row["part"], row["benchmark"], row["labels"], row["predictor"]) for row in held_out)
    for key in dict.fromkeys(keys):
        mine = [
            row
            for row in held_out
            if (row["part"], row["benchmark"], row["labels"], row["predictor"]) == key
        ]
        part, benchmark, labels, predictor = key
        rhos = [row["spearman"] for row in mine]
        tops = [row["top10_retrieval"] for row in mine]
        lines.append(
            {
                "part": part,
                "benchmark": benchmark,
                "labels": labels,
                "predictor": predictor,
                "tasks": len(mine),
                "spearman": float(np.mean(rhos)),
                "spearman_between_tasks": deviation(rhos),
                "top10_retrieval": float(np.mean(tops)),
                "top10_between_tasks": deviation(tops),
            }
        )
    return lines


if __name__ == "__main__":
    main()
