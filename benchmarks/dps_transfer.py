"""Measure what the shipped preset is worth at full scale and on other spaces; write the page.

    python benchmarks/dps_transfer.py --data-root ../shared/data --n 30

The preset ``nb201-cifar10`` was searched by ``dps_cost.py`` on small networks of NAS-Bench-201 with
twenty labels of CIFAR-10. Here it ranks the published networks of NAS-Bench-201 (CIFAR-10 and
CIFAR-100) and of TransNAS-Bench-101 macro, on 16 CIFAR-10 images of 32x32, beside the start point
that the authors released for each space. Thirty networks of each take about 8 CPU minutes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from pages import arguments, device_and_versions, markdown_table, run

from naslib_proxydata.leaderboard.rows import Row

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
        predictors = [*SINGLE, AVERAGED] if name == "nb201" else list(SINGLE)
        board = run(options, benchmark=name, dataset=datasets, predictors=predictors)
        rows += [row for row in board.rows if row.predictor in (*predictors, "macs")]
    machine = device_and_versions(json.loads((board.folder / "env.json").read_text()))
    text = page(rows, options.n, options.seeds, machine)
    (options.docs / "reference" / "dps_transfer.md").write_text(text, encoding="utf-8")


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

Made by `benchmarks/dps_transfer.py`. The preset `{PRESET}` was searched on small networks of
NAS-Bench-201 with twenty labels of CIFAR-10 ([](dps_cost.md)). Here it ranks {n} random published
networks of each space, on 16 CIFAR-10 images of 32x32, seed {seeds}. `eproxy` is the start point
that the authors released for the space, `eproxy:{PRESET}` the fittest proxy of the preset,
`dps:{PRESET}` the average rank by all of its proxies. The twenty labelled ones of
15,625 cells are not left out.

{machine} One thread a score.

{markdown_table(("space", "predictor", "tasks", "Spearman", "top 10 %", "s / network"), means)}

## By task

With 95 % intervals of the bootstrap over networks.

{markdown_table(("space", "task", "predictor", "Spearman", "top 10 %"), lines)}
"""


if __name__ == "__main__":
    main()
