"""Measure what twenty labelled architectures buy.

    python benchmarks/experiments/few_labels.py structure recorded tables

Each part may be run alone; a part goes on where it stopped, and ``tables`` writes what is there.

``structure``  few-label-structure on all architectures of every table.
``proxies``    few-label on random subsets, whose networks are scored here; see ``SUBSETS``.
``cheap``      few-label without Eproxy, whose networks take long there, on 1,000 random networks of
               TransNAS-Bench-101 micro.
``recorded``   few-label with the scores that NASLib's authors measured (``naslib_zc``).
``many``       the same 2,000 random NAS-Bench-201 cells, scored by networks of three seeds
               (``--seeds 1`` runs one, and ``tables`` reads them all).
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.data.images import load_images
from naslib_proxydata.files import write_text
from naslib_proxydata.leaderboard.labels import draw_labels, mean_evaluation
from naslib_proxydata.leaderboard.rows import Comparison, Row
from naslib_proxydata.predictors.base import LearningPredictor, Score, ScoringTask
from naslib_proxydata.predictors.few_label.models import MODELS
from naslib_proxydata.predictors.few_label.proxies import STRUCTURE, FewLabel
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.spaces.nb201.cell import EDGES, Cell
from naslib_proxydata.spaces.transnas.micro import TransNasCell

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, deviation, write_csv

PARTS = ("structure", "proxies", "cheap", "recorded", "many", "tables")
LABELS, DRAWS = 20, 20
TASKS = ("class_scene", "class_object", "jigsaw", "segmentsemantic", "autoencoder")
TABLES: Mapping[str, tuple[str, ...]] = {
    "nb201": ("cifar10", "cifar100"),
    "nb101": ("cifar10",),
    "transnas-micro": TASKS,
    "transnas-macro": TASKS,
    "nasbench-mr": (
        "cls-50-1000",
        "cls-50-100",
        "cls-10-1000",
        "cls-10c",
        "video-p",
        "seg",
        "seg-4x",
    ),
    **{
        f"nds-{name}-in": ("imagenet",)
        for name in ("darts", "darts-fix-w-d", "amoeba", "enas", "nasnet", "resnext-a")
    },
    "darts": ("cifar10",),
}
"""Benchmarks and datasets; the lr-wd tables of NDS are left out: each network of theirs has a
learning rate and weight decay of its own, which no predictor is told."""
SUBSETS = {"nb201": 300, "transnas-micro": 200, "transnas-macro": 200, "nb101": 50}
"""How many random architectures are scored for ``proxies``; the first of a leaderboard's draw."""
MANY, SEEDS = 2000, [0, 1, 2]
CHEAP = ["synflow", "naswot", "jacob-cov"]
"""The proxies of few-label without Eproxy, which ``recorded`` has."""
CHEAP_SUBSET = {"transnas-micro": 1000}
"""How many random architectures are scored for ``cheap``."""
WITHOUT_EPROXY = "without Eproxy"
ZERO = "0 labels"
TOGETHER = "rank average of the three"
WITH_PROXIES: Mapping[str, Mapping[str, Any]] = {
    STRUCTURE: {},
    "few-label": {},
    WITHOUT_EPROXY: {"predictor": "few-label", "proxies": CHEAP},
    ZERO: {"predictor": "few-label", "learns": False},
    **{proxy: {} for proxy in (*CHEAP, "eproxy")},
}
"""What ranks architectures whose networks are scored here."""
GROUPS = ("nb201", "nb101", "transnas-micro", "transnas-macro", "nasbench-mr", "nds")
"""Beginnings of the benchmarks' names; tasks are averaged within each."""


def main() -> None:
    parser = arguments(__doc__, "few_labels")
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--benchmarks", help="some of the tables only, comma-separated")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="network seeds of many")
    options = parser.parse_args()
    chosen = options.benchmarks.split(",") if options.benchmarks else list(TABLES)
    if "structure" in options.parts:
        for name in chosen:
            structure(options, name)
    if "proxies" in options.parts:
        for name in (name for name in chosen if name in SUBSETS):
            proxies(options, name)
    if "cheap" in options.parts:
        for name in (name for name in chosen if name in CHEAP_SUBSET):
            cheap(options, name)
    if "recorded" in options.parts:
        recorded(options)
    if "many" in options.parts:
        for seed in map(int, options.seeds.split(",")):
            many(options, seed)
    if "tables" in options.parts:
        tables(options.out / "rows", options.results / "data")


def structure(options: argparse.Namespace, name: str) -> None:
    """Rank all architectures of a table by structure alone."""
    predictors: dict[str, Mapping[str, Any]] = {STRUCTURE: {}}
    if name == "nb201":
        others = [one for one in MODELS if one != "gaussian_process"]
        predictors |= {one: {"predictor": STRUCTURE, "models": [one]} for one in others}
        predictors[TOGETHER] = {"predictor": STRUCTURE, "models": list(MODELS)}
    rows = ranked_rows(options, f"structure_{name}", name, predictors, n="all")
    keep(options, f"structure_{name}", rows)


def proxies(options: argparse.Namespace, name: str) -> None:
    """Rank a random subset by structure and proxies, with and without labels."""
    rows = ranked_rows(options, f"proxies_{name}", name, WITH_PROXIES, n=SUBSETS[name])
    keep(options, f"proxies_{name}", rows)


def cheap(options: argparse.Namespace, name: str) -> None:
    """Rank a larger random subset than ``proxies`` can, without Eproxy."""
    predictors = {one: WITH_PROXIES[one] for one in (STRUCTURE, WITHOUT_EPROXY, *CHEAP)}
    rows = ranked_rows(options, f"cheap_{name}", name, predictors, n=CHEAP_SUBSET[name])
    keep(options, f"cheap_{name}", rows)


def many(options: argparse.Namespace, seed: int) -> None:
    """Rank many cells of NAS-Bench-201, scored by networks of a seed."""
    name = f"many_nb201_{seed}"
    rows = ranked_rows(options, name, "nb201", WITH_PROXIES, n=MANY, seed=seed, sample_seed=0)
    keep(options, name, rows)


def ranked_rows(
    options: argparse.Namespace,
    folder: str,
    name: str,
    predictors: Mapping[str, Any],
    n: Any,
    **others: Any,
) -> Sequence[Row]:
    """Return a leaderboard's rows, all with the same draws of labels."""
    return naslib_proxydata.rank(
        benchmark=name,
        dataset=list(TABLES[name]),
        predictors=predictors,
        n=n,
        labels=LABELS,
        draws=DRAWS,
        images=cifar10(),
        data_root=data_root(),
        out=options.out / folder,
        **others,
    ).rows


NASLIB_NAMES = {"synflow": "synflow", "naswot": "nwot", "jacob-cov": "jacov"}
NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
NASLIB_NB201 = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")


def recorded(options: argparse.Namespace) -> None:
    """Rank the networks of NASLib's tables by the scores and accuracies recorded there."""
    for file, benchmark, names in (
        ("zc_nasbench201", "nb201", NASLIB_NAMES),
        # There synflow is missing or overflowed for most networks.
        ("zc_transbench101_micro", "transnas-micro", without_synflow()),
    ):
        path = data_root() / "naslib_zc" / f"{file}.json.gz"
        rows = []
        for dataset, records in json.loads(gzip.decompress(path.read_bytes())).items():
            rows += recorded_rows(benchmark, dataset, records, names, str(path))
        keep(options, f"recorded_{benchmark}", rows)


def without_synflow() -> dict[str, str]:
    return {ours: theirs for ours, theirs in NASLIB_NAMES.items() if ours != "synflow"}


def recorded_rows(
    benchmark: str,
    dataset: str,
    records: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    source: str,
) -> list[Row]:
    """Return the rows of one dataset; networks without one of the scores are left out."""
    complete = {
        key: record for key, record in records.items() if set(names.values()) <= set(record)
    }
    space = naslib_proxydata.space(benchmark)
    describe: FewLabelStructure[Any] = FewLabelStructure()
    describe.prepare(ScoringTask(space, load_images("noise", 1, 0)))
    parts = [
        {
            STRUCTURE: describe.score_one(recorded_cell(benchmark, key)),
            **{ours: Score(float(record[theirs]["score"])) for ours, theirs in names.items()},
        }
        for key, record in complete.items()
    ]
    values = np.array([record["val_accuracy"] for record in complete.values()], dtype=np.float64)
    predictors: dict[str, LearningPredictor[Any]] = {
        STRUCTURE: describe,
        "few-label": FewLabel(proxies=list(names)),
        ZERO: FewLabel(proxies=list(names), learns=False),
    }
    if (benchmark, dataset) == ("nb201", "cifar10"):
        predictors |= ablations(names)
    rows = []
    for label, predictor in predictors.items():
        parts_of = isinstance(predictor, FewLabel)
        scores = [predictor.combine(one) if parts_of else one[STRUCTURE] for one in parts]
        comparison = Comparison(
            registered_name=label,
            benchmark=benchmark,
            dataset=dataset,
            metric="val_accuracy",
            predictor=label,
            seed=0,
            seconds_per_architecture=0.0,
            device="",
            images="",
            label="NASLib",
            source=source,
        )
        rows.append(ranked(predictor, scores, values, comparison))
    return rows


def ablations(names: Mapping[str, str]) -> dict[str, LearningPredictor[Any]]:
    """Return few-label with one model, or with one proxy less."""
    sets = {f"{name} alone": [name] for name in MODELS} | {TOGETHER: list(MODELS)}
    models: dict[str, LearningPredictor[Any]] = {
        f"few-label, {name}": FewLabel(proxies=list(names), models=some)
        for name, some in sets.items()
    }
    without: dict[str, LearningPredictor[Any]] = {
        f"without {name}": FewLabel(proxies=[other for other in names if other != name])
        for name in names
    }
    return {**models, **without}


def ranked(
    predictor: LearningPredictor[Any], scores: Sequence[Score], values: Any, comparison: Comparison
) -> Row:
    def rank(labelled: Any, rest: Any) -> Any:
        predictor.fit([scores[i] for i in labelled], values[labelled])
        return predictor.aggregate([scores[i] for i in rest])

    draws = draw_labels(values, LABELS, DRAWS, 0, comparison.benchmark, comparison.dataset)
    return mean_evaluation(rank, values, draws, comparison).row


def recorded_cell(benchmark: str, key: str) -> Any:
    """Read NASLib's tuple of operation codes, for NAS-Bench-201 in an order of its own."""
    codes = tuple(map(int, key.strip("()").split(",")))
    if benchmark == "transnas-micro":
        return TransNasCell(codes)
    by_edge = dict(zip(NASLIB_EDGES, codes, strict=True))
    return Cell(tuple(NASLIB_NB201[by_edge[edge]] for edge in EDGES))


def keep(options: argparse.Namespace, name: str, rows: Sequence[Row]) -> None:
    """Keep the rows for ``tables``."""
    write_text(options.out / "rows" / f"{name}.json", json.dumps([row.plain() for row in rows]))


def tables(folder: Path, data: Path) -> None:
    """Write all rows that are kept, and their means over tasks and over seeds."""
    rows = [
        {"part": path.stem, **one}
        for path in sorted(folder.glob("*.json"))
        for one in json.loads(path.read_text(encoding="utf-8"))
    ]
    for row in rows:  # the path is where the data lay on the machine that measured
        row["source"] = Path(row["source"]).name
    write_csv(data / "few_labels.csv", rows)
    if averaged := means(rows):
        write_csv(data / "few_labels_means.csv", averaged)
    if many_rows := of_part(rows, "many"):
        write_csv(data / "few_labels_seeds.csv", over_seeds(many_rows))


def of_part(rows: Sequence[Mapping[str, Any]], part: str) -> list[Mapping[str, Any]]:
    """Return the rows of a part of this script."""
    return [row for row in rows if row["part"].split("_")[0] == part]


def means(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the means over tasks; of NAS-Bench-201 the task CIFAR-10 alone."""
    seeds = f"{MANY:,} cells, {len({row['seed'] for row in of_part(rows, 'many')})} network seeds"
    shown = (
        ("structure", STRUCTURE, "all architectures"),
        ("proxies", STRUCTURE, "random subset"),
        ("proxies", "few-label", "random subset"),
        ("cheap", STRUCTURE, "larger random subset"),
        ("cheap", WITHOUT_EPROXY, "larger random subset"),
        ("many", "few-label", seeds),
        ("many", ZERO, seeds),
        ("recorded", "few-label", "NASLib's records"),
    )
    lines = []
    for part, predictor, networks in shown:
        mine = [row for row in of_part(rows, part) if row["predictor"] == predictor]
        for group in GROUPS:
            tasks = [row for row in mine if counts_for(row, group)]
            if tasks:
                named = {"tables": group, "predictor": predictor, "networks": networks}
                lines.append({**named, **mean_row(tasks)})
    return lines


def counts_for(row: Mapping[str, Any], group: str) -> bool:
    """Return whether a row is one of a group's tasks."""
    return row["benchmark"].startswith(group) and (group, row["dataset"]) != ("nb201", "cifar100")


def mean_row(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the means of rows, and of how many tasks they are."""
    return {
        "tasks": len({(row["benchmark"], row["dataset"]) for row in rows}),
        "spearman": float(np.mean([row["spearman"] for row in rows])),
        "top10_retrieval": float(np.mean([row["top10_retrieval"] for row in rows])),
    }


def over_seeds(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the mean and the deviation over seeds, and each seed's correlation."""
    lines = []
    for dataset, predictor in dict.fromkeys((row["dataset"], row["predictor"]) for row in rows):
        if predictor == "random":
            continue
        mine = [row for row in rows if (row["dataset"], row["predictor"]) == (dataset, predictor)]
        rhos = [row["spearman"] for row in mine]
        tops = [row["top10_retrieval"] for row in mine]
        lines.append(
            {
                "dataset": dataset,
                "predictor": predictor,
                "n": mine[0]["n"],
                "spearman": float(np.mean(rhos)),
                "spearman_std": deviation(rhos),
                **{f"seed_{row['seed']}": row["spearman"] for row in mine},
                "top10_retrieval": float(np.mean(tops)),
                "top10_std": deviation(tops),
            }
        )
    return lines


if __name__ == "__main__":
    main()
