"""Measure what twenty labelled architectures buy, and write the table of the documentation.

    python benchmarks/few_labels.py --data-root ../shared/data structure recorded page

Each part may be run alone; a part goes on where it stopped, and ``page`` writes what is there.

``structure``  few-label-structure on all architectures of every table (about 6 CPU minutes).
``proxies``    few-label on random subsets, whose networks are scored here; see ``SUBSETS``.
``cheap``      few-label without Eproxy, whose networks take long there, on 1,000 random networks of
               TransNAS-Bench-101 micro (about 30 CPU minutes).
``recorded``   few-label with the scores that NASLib's authors measured (``naslib_zc``).
``many``       the same 2,000 random NAS-Bench-201 cells, scored by networks of three seeds (about
               50 CPU minutes a seed; ``--seeds 1`` runs one, and ``page`` reads them all).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pages import DOCS, markdown_table

from naslib_proxydata import plugins
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.data.images import load_images
from naslib_proxydata.leaderboard.labels import draw_labels, mean_evaluation
from naslib_proxydata.leaderboard.rows import COLUMNS, Comparison, Row
from naslib_proxydata.predictors.base import LearningPredictor, Score, ScoringTask
from naslib_proxydata.predictors.few_label.models import MODELS
from naslib_proxydata.predictors.few_label.proxies import STRUCTURE, FewLabel
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.spaces.nb201.cell import EDGES, Cell
from naslib_proxydata.spaces.transnas.micro import TransNasCell

PARTS = ("structure", "proxies", "cheap", "recorded", "many", "page")
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
NO_LABELS_FLOOR = "0.88"
TOGETHER = "rank average of the three"
WITH_PROXIES: Mapping[str, Mapping[str, Any]] = {
    STRUCTURE: {},
    "few-label": {},
    WITHOUT_EPROXY: {"predictor": "few-label", "proxies": CHEAP},
    ZERO: {"predictor": "few-label", "learns": False},
    **{proxy: {} for proxy in (*CHEAP, "eproxy")},
}
"""What ranks architectures whose networks are scored here."""
FLOORS = {
    "nb201": (0.90, 0.50),
    "nb101": (0.74, 0.50),
    "transnas-micro": (0.75, 0.40),
    "transnas-macro": (0.82, 0.53),
    "nasbench-mr": (0.58, 0.30),
    "nds": (0.75, 0.42),
}
"""Spearman and top-10 % retrieval that were asked for, as means over the tasks at hand."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--benchmarks", help="some of the tables only, comma-separated")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="network seeds of many")
    parser.add_argument("--out", type=Path, default=Path("runs/few_labels"))
    parser.add_argument("--docs", type=Path, default=DOCS / "reference", help="where the page goes")
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
    if "page" in options.parts:
        page(options)


def structure(options: argparse.Namespace, name: str) -> None:
    """Rank all architectures of a table by structure alone."""
    predictors: dict[str, Mapping[str, Any]] = {STRUCTURE: {}}
    if name == "nb201":
        others = [one for one in MODELS if one != "gaussian_process"]
        predictors |= {one: {"predictor": STRUCTURE, "models": [one]} for one in others}
        predictors[TOGETHER] = {"predictor": STRUCTURE, "models": list(MODELS)}
    rows = leaderboard(options, f"structure_{name}", name, predictors, n="all")
    keep(options, f"structure_{name}", rows)


def proxies(options: argparse.Namespace, name: str) -> None:
    """Rank a random subset by structure and proxies, with and without labels."""
    rows = leaderboard(options, f"proxies_{name}", name, WITH_PROXIES, n=SUBSETS[name])
    keep(options, f"proxies_{name}", rows)


def cheap(options: argparse.Namespace, name: str) -> None:
    """Rank a larger random subset than ``proxies`` can, without Eproxy."""
    predictors = {one: WITH_PROXIES[one] for one in (STRUCTURE, WITHOUT_EPROXY, *CHEAP)}
    rows = leaderboard(options, f"cheap_{name}", name, predictors, n=CHEAP_SUBSET[name])
    keep(options, f"cheap_{name}", rows)


def many(options: argparse.Namespace, seed: int) -> None:
    """Rank many cells of NAS-Bench-201, scored by networks of a seed."""
    name = f"many_nb201_{seed}"
    rows = leaderboard(options, name, "nb201", WITH_PROXIES, n=MANY, seed=seed, sample_seed=0)
    keep(options, name, rows)


def leaderboard(
    options: argparse.Namespace,
    folder: str,
    name: str,
    predictors: Mapping[str, Any],
    n: Any,
    **others: Any,
) -> Sequence[Row]:
    values = {
        "benchmark": name,
        "dataset": list(TABLES[name]),
        "predictors": predictors,
        "n": n,
        "labels": LABELS,
        "draws": DRAWS,
        "images": f"cifar10:{options.data_root.resolve() / 'cifar10_train10000.npz'}",
        "data_root": options.data_root,
        "out": options.out / folder,
        **others,
    }
    return run_leaderboard(LeaderboardConfig.parse(values, "benchmark")).rows


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
        path = options.data_root / "naslib_zc" / f"{file}.json.gz"
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
    space = plugins.load().create("spaces", benchmark)
    describe = FewLabelStructure()
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
        subject = Comparison(
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
        rows.append(ranked(predictor, scores, values, subject))
    return rows


def ablations(names: Mapping[str, str]) -> dict[str, LearningPredictor[Any]]:
    """Return few-label with one model, or with one proxy less."""
    sets = {f"{name} alone": [name] for name in MODELS} | {TOGETHER: list(MODELS)}
    models = {name: FewLabel(proxies=list(names), models=some) for name, some in sets.items()}
    without = {
        f"without {name}": FewLabel(proxies=[other for other in names if other != name])
        for name in names
    }
    return {**{f"few-label, {name}": one for name, one in models.items()}, **without}


def ranked(
    predictor: LearningPredictor[Any], scores: Sequence[Score], values: Any, subject: Comparison
) -> Row:
    def rank(labelled: Any, rest: Any) -> Any:
        predictor.fit([scores[i] for i in labelled], values[labelled])
        return predictor.aggregate([scores[i] for i in rest])

    draws = draw_labels(values, LABELS, DRAWS, 0, subject.benchmark, subject.dataset)
    return mean_evaluation(rank, values, draws, subject).row


def recorded_cell(benchmark: str, key: str) -> Any:
    """Read NASLib's tuple of operation codes, for NAS-Bench-201 in an order of its own."""
    codes = tuple(map(int, key.strip("()").split(",")))
    if benchmark == "transnas-micro":
        return TransNasCell(codes)
    by_edge = dict(zip(NASLIB_EDGES, codes, strict=True))
    return Cell(tuple(NASLIB_NB201[by_edge[edge]] for edge in EDGES))


def keep(options: argparse.Namespace, name: str, rows: Sequence[Row]) -> None:
    """Keep the rows for ``page``."""
    path = options.out / "rows" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")


def page(options: argparse.Namespace) -> None:
    """Write the CSV of all rows, and the page."""
    kept = {
        path.stem: [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
        for path in sorted((options.out / "rows").glob("*.json"))
    }
    options.docs.mkdir(parents=True, exist_ok=True)
    with open(options.docs / "few_labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("part", *COLUMNS))
        for part, rows in kept.items():
            # The path is where the data lay on the machine that measured.
            written = [{**asdict(row), "source": Path(row.source).name} for row in rows]
            writer.writerows((part, *row.values()) for row in written)
    text = "\n\n".join(sections(kept)) + "\n"
    (options.docs / "few_labels.md").write_text(text, encoding="utf-8")


def sections(kept: Mapping[str, Sequence[Row]]) -> list[str]:
    whole = [row for part, rows in kept.items() if part.startswith("structure") for row in rows]
    subset = [row for part, rows in kept.items() if part.startswith("proxies") for row in rows]
    larger = [row for part, rows in kept.items() if part.startswith("cheap") for row in rows]
    dense = [row for part, rows in kept.items() if part.startswith("many") for row in rows]
    known = [row for part, rows in kept.items() if part.startswith("recorded") for row in rows]
    seeds = f"{MANY:,} cells, {len({row.seed for row in dense})} network seeds"
    parts = [
        "# Twenty labels",
        "Made by `benchmarks/few_labels.py`. Means over "
        f"{DRAWS} random draws of {LABELS} labelled architectures, ± the standard deviation over "
        "draws, [95 % interval of the mean]; the labelled ones are not ranked, and the draws are "
        "the same for all predictors. Models, features and proxies were chosen on NAS-Bench-201 "
        "CIFAR-10 alone. *Asked for* are the floors of the project's plan, as means over tasks.",
        "Earlier versions averaged ridge, a Gaussian process and a forest by rank, and weighed the "
        "size of a network (parameters and multiply-accumulates) anew after a first look at NDS. "
        "Now every kind of feature weighs the same and the process ranks alone: of what was tried "
        "that is best on NAS-Bench-201 CIFAR-10, where the rows of the other models below show by "
        "how much.",
        "## Means over tasks",
        markdown_table(
            ("tables", "predictor", "tasks", "Spearman", "top 10 %", "asked for"),
            [
                *means(whole, STRUCTURE, "all architectures"),
                *means(subset, STRUCTURE, "random subset"),
                *means(subset, "few-label", "random subset"),
                *means(larger, STRUCTURE, "larger random subset"),
                *means(larger, WITHOUT_EPROXY, "larger random subset"),
                *means(dense, "few-label", seeds),
                *means(dense, ZERO, seeds),
                *means(known, "few-label", "NASLib's records"),
            ],
        ),
        "## Structure alone, all architectures of each table",
        rows_table(whole),
    ]
    missing = [name for name in TABLES if name not in {row.benchmark for row in whole}]
    if missing:
        parts.append(f"Not measured with this version: {', '.join(missing)}.")
    if subset:
        parts += [
            "## With proxies, random subsets",
            "Networks scored here, on CIFAR-10 images, one seed.",
            rows_table(subset),
        ]
    if larger:
        parts += [
            "## Without Eproxy, larger random subsets",
            "Three proxies take "
            f"{seconds(larger, CHEAP):.1f} s a network there, Eproxy on the subset above "
            f"{seconds(subset, ['eproxy']):.1f}. The networks are scored here, on CIFAR-10 images, "
            "one seed.",
            rows_table(larger),
        ]
    if dense:
        parts += [
            f"## {MANY:,} cells of NAS-Bench-201, networks of several seeds",
            f"The same {MANY:,} random cells, those of seed 0, scored by networks of each seed on "
            "CIFAR-10 images drawn anew; the 20 draws of labels are the same as well. ± is the "
            "standard deviation over the network seeds.",
            seeds_table(dense),
        ]
    if known:
        parts += [
            "## With the scores that NASLib's authors recorded",
            "Proxies and one-trial accuracies of `naslib_zc`: none of these networks was run here.",
            rows_table(known),
        ]
    return parts


def seconds(rows: Sequence[Row], predictors: Sequence[str]) -> float:
    """Return what these together take for a network of the tables with a larger subset."""
    mine = {(r.benchmark, r.predictor): r.seconds_per_architecture for r in rows}
    return sum(mine.get((name, one), np.nan) for name in CHEAP_SUBSET for one in predictors)


def means(rows: Sequence[Row], predictor: str, which: str) -> list[Sequence[str]]:
    lines = []
    for group, (spearman, top10) in FLOORS.items():
        found = [r for r in rows if r.predictor == predictor and r.benchmark.startswith(group)]
        if group == "nb201":
            found = [row for row in found if row.dataset == "cifar10"]
        if found:
            rho = np.mean([row.spearman for row in found])
            top = np.mean([row.top10_retrieval for row in found])
            lines.append(
                (
                    group,
                    f"`{predictor}`, {which}",
                    str(len({(row.benchmark, row.dataset) for row in found})),
                    f"{rho:.3f}",
                    f"{100 * top:.0f} %",
                    NO_LABELS_FLOOR
                    if predictor == ZERO
                    else f"{spearman:.2f} / {100 * top10:.0f} %",
                )
            )
    return lines


def seeds_table(rows: Sequence[Row]) -> str:
    """Return a row for each dataset and predictor: the mean over seeds, and each seed's."""
    lines = []
    for dataset, predictor in dict.fromkeys((row.dataset, row.predictor) for row in rows):
        mine = [row for row in rows if (row.dataset, row.predictor) == (dataset, predictor)]
        rhos = [row.spearman for row in mine]
        tops = [100 * row.top10_retrieval for row in mine]
        if predictor != "random":
            lines.append(
                (
                    dataset,
                    f"`{predictor}`",
                    str(mine[0].n),
                    f"{np.mean(rhos):.3f} ± {np.std(rhos, ddof=1):.3f}",
                    ", ".join(f"{rho:.3f}" for rho in rhos),
                    f"{np.mean(tops):.0f} ± {np.std(tops, ddof=1):.0f} %",
                )
            )
    header = ("dataset", "predictor", "ranked", "Spearman", "by seed", "top 10 %")
    return markdown_table(header, lines)


def rows_table(rows: Sequence[Row]) -> str:
    header = ("benchmark", "dataset", "predictor", "ranked", "Spearman", "top 10 %")
    return markdown_table(
        header,
        [
            (
                row.benchmark,
                row.dataset,
                f"`{row.predictor}`",
                str(row.n),
                f"{row.spearman:.3f} ± {row.spearman_std:.3f} "
                f"[{row.spearman_low:.3f}, {row.spearman_high:.3f}]",
                f"{100 * row.top10_retrieval:.0f} ± {100 * row.top10_std:.0f} %",
            )
            for row in rows
            if row.predictor != "random"
        ],
    )


if __name__ == "__main__":
    main()
