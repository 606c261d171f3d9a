"""Count the queries until a search finds the best cell of NAS-Bench-201, and write the page.

    python benchmarks/queries_nb201.py --data-root ../shared/data

The protocol of table 6 of arXiv 2210.09459. What a run found is kept in ``--out``, and is not
run again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from pages import markdown_table
from search_protocol import (
    GUIDED,
    LABELS,
    PER_ROUND,
    WholeTable,
    arguments,
    kept,
    mean_cell,
)

from naslib_proxydata import plugins
from naslib_proxydata.evolution.plots import draw_shares
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.figures import save_figure

DATASETS = ("cifar10", "cifar100")
METRIC = "validation_accuracy"
MOST = {"random": 16_000, "re": 5_000, GUIDED: 300}
"""Queries after which a run counts as one that did not find the best cell."""
EVALUATIONS = 200
NAMES = {
    "random": "random search",
    "re": "regularised evolution",
    GUIDED: f"evolution on `{GUIDED}`",
}


def main() -> None:
    options = arguments(__doc__.splitlines()[0], "queries_nb201")
    table = plugins.load().create("benchmarks", "nb201", root=options.data_root)
    runs = options.out / "runs.jsonl"
    found = {}
    for dataset in DATASETS:
        protocol = WholeTable(table, (dataset, METRIC), "re", EVALUATIONS)
        for method in MOST:
            for seed in range(options.seeds):
                number = kept(runs, counted, dataset, method, seed, given=protocol)
                found[dataset, method, seed] = number
    page(options, found)


def counted(protocol: WholeTable, dataset: str, method: str, seed: int) -> int | None:
    """Return the number of the query that found the dataset's best cell, None where none did."""
    best = protocol.space.parse(protocol.texts[int(np.argmax(protocol.values))])
    wanted = protocol.domain.key(best)

    def is_found(true: TrueFitness[Any]) -> bool:
        return wanted in true.values

    true = protocol.run(method, seed, MOST[method], is_found)
    return next((query.number for query in true.queries if query.hash == wanted), None)


def page(options: argparse.Namespace, found: dict[tuple[str, str, int], int | None]) -> None:
    lines = []
    for dataset in DATASETS:
        for method in MOST:
            numbers = [found[dataset, method, seed] for seed in range(options.seeds)]
            lines.append((dataset, NAMES[method], *cells(numbers, MOST[method])))
    drawn = draw_shares(
        {
            NAMES[method].replace("`", ""): [
                found[DATASETS[0], method, seed] for seed in range(options.seeds)
            ]
            for method in MOST
        },
        f"NAS-Bench-201, {DATASETS[0]}: runs that have found the best cell",
    )
    save_figure(drawn, options.docs / "figures" / "queries_nb201.png")
    lines = markdown_table(("dataset", "search", "found", "mean [95 %]", "median", "worst"), lines)
    text = f"""# Queries to the best cell of NAS-Bench-201

Made by `benchmarks/queries_nb201.py`: the protocol of table 6 of arXiv 2210.09459,
{options.seeds} seeds. How many cells must be trained, here looked up, until one is among them that
computes the same function as the cell with the best validation accuracy (200 epochs, mean of the
trials)? No function is queried twice. The paper's own figures could not be read here, so none
stands beside.

{lines}

![Share of the runs that have found the best cell](../figures/queries_nb201.png)

- **Random search** draws cells; **regularised evolution** (arXiv 1802.01548) has a population of 50
  and tournaments of 10, and mutates a known child on.
- **Evolution on `{GUIDED}`** draws {LABELS} cells as labels. Then, in rounds, evolution that starts
  with the best 25 known cells proposes {EVALUATIONS} cells that the predictor ranks, the best
  {PER_ROUND} unknown ones are queried, and the predictor learns from all that is known. The labels
  count as queries. Its features and models were chosen on this benchmark's CIFAR-10 column, so
  [NAS-Bench-101](accuracy_queries_nb101.md) is the fairer test.
- A run that has not found the cell after {MOST[GUIDED]} queries ({MOST["re"]:,} by evolution alone)
  is not in the mean; *found* says how many are.

One such run, which goes on to its last query:

```text
naslib-proxydata evolve --space nb201 --optimizer re --predictor {GUIDED} \\
    --labels {LABELS} --queries 60 --out runs/nb201
```
"""
    (options.docs / "reference" / "queries_nb201.md").write_text(text, encoding="utf-8")


def cells(numbers: Sequence[int | None], most: int) -> tuple[str, ...]:
    """Return how many runs found it; mean, median and worst of their queries."""
    known = [number for number in numbers if number is not None]
    ordered = sorted(most + 1 if number is None else number for number in numbers)
    middle = float(np.median(ordered))
    return (
        f"{len(known)} of {len(numbers)}",
        mean_cell(known, 0) if known else "",
        f"{middle:.0f}" if middle <= most else f"over {most}",
        f"{ordered[-1]}" if ordered[-1] <= most else f"over {most}",
    )


if __name__ == "__main__":
    main()
