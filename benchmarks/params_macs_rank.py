"""Rank every table by parameters alone and by multiply-accumulates alone, over all architectures.

    python benchmarks/params_macs_rank.py --data-root ../shared/data

No network is trained or run. Counts are those of the published networks: at the size of the
images and with the number of classes that they were trained on. Writes
``params_macs.csv`` into the run folder and ``reference/params_macs.md`` into the documentation.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import plugins
from naslib_proxydata.errors import TableAbsentError
from naslib_proxydata.ranking import spearman, top_retrieval

DOCS = Path(__file__).parent.parent / "docs"
SKIPPED = ("nds-resnet-reruns", "nds-vanilla-reruns")
"""Two networks each: nothing to rank."""


class Ranking(NamedTuple):
    """One row of the page."""

    benchmark: str
    dataset: str
    metric: str
    n: int
    params_spearman: float
    params_top10: float
    macs_spearman: float
    macs_top10: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-root", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("runs/params_macs"))
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args()
    rows, absent = [], []
    registry = plugins.load()
    for name in registry.names("benchmarks"):
        if name in SKIPPED:
            continue
        try:
            table = registry.create("benchmarks", name, root=options.data_root)
        except TableAbsentError:
            absent.append(name)
            continue
        for row in rankings(table, registry.create("spaces", table.space)):
            print(row, flush=True)
            rows.append(row)
    write(rows, absent, options)


def rankings(table: Any, space: Any) -> Iterator[Ranking]:
    """Yield a row for every dataset's default metric, counting each architecture once."""
    classes = getattr(space, "published_classes", 10)
    size = getattr(space, "published_size", space.image_size)
    nets = [space.parse(text) for text in table.architectures()]
    params = np.array([space.params(net, num_classes=classes) for net in nets], dtype=float)
    macs = np.array([space.macs(net, num_classes=classes, image_size=size) for net in nets], float)
    for dataset in table.columns():
        metric = table.default_metric(dataset)
        values = table.values(dataset, metric)
        known = np.isfinite(values)
        yield Ranking(
            table.name,
            dataset,
            metric,
            int(known.sum()),
            *measures(params[known], values[known]),
            *measures(macs[known], values[known]),
        )


def measures(scores: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """Return Spearman's rho and the share of the true top 10 % found."""
    return spearman(scores, values), top_retrieval(scores, values)


def write(rows: list[Ranking], absent: list[str], options: argparse.Namespace) -> None:
    """Write the run folder's csv and the documentation's page."""
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "params_macs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Ranking._fields)
        writer.writerows(rows)
    lines = [
        f"| `{row.benchmark}` | {row.dataset} | {row.metric} | {row.n:,} | "
        f"{row.params_spearman:.3f} | {100 * row.params_top10:.0f} % | "
        f"{row.macs_spearman:.3f} | {100 * row.macs_top10:.0f} % |"
        for row in rows
    ]
    names = ", ".join(f"`{name}`" for name in absent) or "none"
    page = options.docs / "reference" / "params_macs.md"
    page.write_text(PAGE.format(rows="\n".join(lines), absent=names), encoding="utf-8")


PAGE = """\
# Parameters and multiply-accumulates alone

Made by `benchmarks/params_macs_rank.py`. A predictor is worth its cost only where it ranks better
than counting does. These are Spearman's rho and the retrieval of the best 10 % for the number of
parameters and of multiply-accumulates of the published network, over **all** architectures that
the table at hand measures (`nb101` is a random 30,001 of the 423,624; see
[](table_checks.md) for how the counts agree with the tables' own).

| table | dataset | metric | n | params rho | params top 10 % | macs rho | macs top 10 % |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

Tables not at hand: {absent}. The `lr-wd` tables give each network a learning rate and a weight
decay of its own, which is most of what their accuracies differ by.

The release of Eproxy has the two data files of TransNAS-Bench-101 swapped: what it calls *micro* is
the macro space. On the macro space multiply-accumulates alone are a strong predictor, so figures
published for that "micro" are to be read beside the row `transnas-macro` here.
"""


if __name__ == "__main__":
    main()
