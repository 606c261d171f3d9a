"""Measure the best accuracy against the number of queries on NAS-Bench-101, and write the page.

    python benchmarks/accuracy_queries_nb101.py --data-root ../shared/data

The protocol of table 7 of arXiv 2210.09459 on the cells that the table holds. What a run found is
kept in ``--out``, and is not run again.
"""

from __future__ import annotations

import argparse

import numpy as np
from pages import markdown_table
from search_protocol import (
    GUIDED,
    LABELS,
    PER_ROUND,
    TableByHash,
    arguments,
    kept,
    mean_cell,
)

from naslib_proxydata import plugins
from naslib_proxydata.evolution.plots import Curve, draw_curves
from naslib_proxydata.figures import save_figure
from naslib_proxydata.leaderboard.labels import mean_interval

COLUMN = ("cifar10", "validation_accuracy")
QUERIES = 150
SHOWN = (20, 50, 100, 150)
EVALUATIONS = 1000
NAMES = {
    "random": "random search",
    "re": "regularised evolution",
    GUIDED: f"random pool ranked by `{GUIDED}`",
}


def main() -> None:
    options = arguments(__doc__.splitlines()[0], "accuracy_queries_nb101")
    table = plugins.load().create("benchmarks", "nb101", root=options.data_root)
    protocol = TableByHash(table, COLUMN, "random", EVALUATIONS)
    kept_in = options.out / "runs.jsonl"
    curves = {}
    for method in NAMES:
        seeds = range(options.seeds)
        runs = [kept(kept_in, best, method, seed, given=protocol) for seed in seeds]
        curves[method] = np.array(runs)  # seeds x queries
    page(options, curves, protocol)


def best(protocol: TableByHash, method: str, seed: int) -> list[float]:
    """Return the best accuracy after each query, in percent."""
    true = protocol.run(method, seed, QUERIES, lambda _: False)
    return [query.best for query in true.queries]


def page(options: argparse.Namespace, curves: dict[str, np.ndarray], protocol: TableByHash) -> None:
    means = {}
    for method, runs in curves.items():
        intervals = [mean_interval(list(column)) for column in runs.T]
        means[NAMES[method].replace("`", "")] = Curve(
            runs.mean(axis=0),
            np.array([one.low for one in intervals]),
            np.array([one.high for one in intervals]),
        )
    drawn = draw_curves(
        means,
        f"NAS-Bench-101, {len(protocol.texts):,} cells, {options.seeds} seeds: mean and 95 %",
        "best validation accuracy so far, %",
        lowest=93.0,
    )
    save_figure(drawn, options.docs / "figures" / "accuracy_queries_nb101.png")
    lines = [
        (NAMES[method], *(mean_cell(list(runs[:, count - 1]), 2) for count in SHOWN))
        for method, runs in curves.items()
    ]
    top = float(np.max(protocol.values))
    cells = len(protocol.texts)
    text = f"""# Accuracy against queries on NAS-Bench-101

Made by `benchmarks/accuracy_queries_nb101.py`: the protocol of table 7 of arXiv 2210.09459 on the
{cells:,} cells at hand, of 423,624, {options.seeds} seeds. Only those cells are proposed: drawn
among them, and mutated into one of them. Each has one trained network and its **validation**
accuracy after 108 epochs; test accuracies are not at hand, so this table is not the paper's, whose
own figures could not be read here either. The best of all {cells:,} has {top:.2f} %.

Best validation accuracy in percent, mean over seeds and 95 % interval of the mean:

{markdown_table(("search", *(f"{count} queries" for count in SHOWN)), lines)}

![Mean best validation accuracy](../figures/accuracy_queries_nb101.png)

- **Random search** draws cells; **regularised evolution** (arXiv 1802.01548) has a population of 50
  and tournaments of 10. A mutation goes to a neighbour that is among the cells at hand, as one in
  fourteen is, so evolution gains less here than it would on the whole space.
- **Random pool ranked by `{GUIDED}`** draws {LABELS} cells as labels, which count as queries. Then,
  in rounds, it ranks {EVALUATIONS:,} random cells, queries the best {PER_ROUND} unknown ones and
  learns from all that is known.

One such run:

```text
naslib-proxydata evolve --space nb101 --optimizer random --predictor {GUIDED} \\
    --evaluations {EVALUATIONS} --labels {LABELS} --queries {QUERIES} --out runs/nb101
```
"""
    (options.docs / "reference" / "accuracy_queries_nb101.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
