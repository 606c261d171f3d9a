"""Measure what the shipped preset is worth on its own space and on another; write the page.

    python benchmarks/dps_transfer.py --data-root ../shared/data --n 30

The preset ``nb201-cifar10`` was searched by the command ``dps`` with twenty labels of NAS-Bench-201
CIFAR-10. Here it ranks networks of NAS-Bench-201 (CIFAR-10 and CIFAR-100) and of
TransNAS-Bench-101 macro, on 16 CIFAR-10 images of 32x32, beside the start point that the authors
released for each space. On NAS-Bench-201 few-label-structure learns from the same twenty labels,
which are not ranked. Thirty networks of each take about 8 CPU minutes.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pages import arguments, device_and_versions, markdown_table, run

from naslib_proxydata import plugins
from naslib_proxydata.leaderboard.rows import Row
from naslib_proxydata.predictors.eproxy.presets import read_preset
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure

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
    options = arguments(__doc__.splitlines()[0], n=30, out="dps_transfer", seeds="0")
    folder, rows = options.out, []
    for name, datasets in TABLES.items():
        options.out = folder / name
        predictors, others = list(SINGLE), {}
        if name == "nb201":
            predictors += [AVERAGED, FewLabelStructure.name]
            others = {"label_table": labels(options.data_root, folder)}
        board = run(options, benchmark=name, dataset=datasets, predictors=predictors, **others)
        rows += [row for row in board.rows if row.predictor in (*predictors, "macs")]
    machine = device_and_versions(json.loads((board.folder / "env.json").read_text()))
    text = page(rows, options.n, options.seeds, machine)
    (options.docs / "reference" / "dps_transfer.md").write_text(text, encoding="utf-8")


def labels(data_root: Path, folder: Path) -> Path:
    """Write the labels that the preset was searched with, one mean for cells of equal function."""
    found = read_preset(PRESET).provenance
    registry = plugins.load()
    table = registry.create("benchmarks", found.benchmark, root=data_root)
    values = dict(
        zip(table.architectures(), table.values(found.dataset, found.metric), strict=True)
    )
    space, equals = registry.create("spaces", table.space), defaultdict(list)
    for text in found.labelled:
        equals[space.text(space.canonical(space.parse(text)))].append(values[text])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "labels.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("architecture", "accuracy"))
        writer.writerows((text, np.mean(several)) for text, several in equals.items())
    return path


def page(rows: Sequence[Row], n: int, seeds: str, machine: str) -> str:
    """Return the page."""
    means = []
    for name, datasets in TABLES.items():
        for predictor in dict.fromkeys(row.predictor for row in rows):
            mine = [r for r in rows if (r.benchmark, r.predictor) == (name, predictor)]
            if not mine:
                continue
            rho = np.mean([row.spearman for row in mine])
            top = 100 * np.mean([row.top10_retrieval for row in mine])
            seconds = f"{mine[0].seconds_per_architecture:.2g}"
            cells = (name, f"`{predictor}`", str(len(datasets)), f"{rho:.3f}", f"{top:.0f} %")
            means.append((*cells, seconds))
    lines = [
        (
            row.benchmark,
            row.dataset,
            f"`{row.predictor}`",
            f"{row.spearman:.3f} [{row.spearman_low:.2f}, {row.spearman_high:.2f}]",
            f"{100 * row.top10_retrieval:.0f} %",
        )
        for row in rows
    ]
    return f"""# What a searched preset is worth elsewhere

Made by `benchmarks/dps_transfer.py`. The preset `{PRESET}` was searched with twenty labels of
NAS-Bench-201 CIFAR-10 ([](../howto/dps.md)). Here it ranks {n} random networks of each space, on 16
CIFAR-10 images of 32x32, seed {seeds}. `eproxy` is the start point that the authors released for
the space, `eproxy:{PRESET}` the fittest proxy of the preset, `dps:{PRESET}` the average rank by all
of its proxies. `few-label-structure` learns from the same twenty labels, which are not ranked.

{machine} One thread a score.

{markdown_table(("space", "predictor", "tasks", "Spearman", "top 10 %", "s / network"), means)}

## By task

With 95 % intervals of the bootstrap over networks.

{markdown_table(("space", "task", "predictor", "Spearman", "top 10 %"), lines)}
"""


if __name__ == "__main__":
    main()
