"""Rank every table by parameters alone and by multiply-accumulates alone, over all architectures.

    python benchmarks/checks/params_macs_rank.py

No network is trained or run. Counts are those of the published networks: at the size of the
images and with the number of classes that they were trained on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata import plugins
from naslib_proxydata.errors import TableAbsentError
from naslib_proxydata.ranking import spearman, top_retrieval

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, write_csv, write_json

SKIPPED = ("nds-resnet-reruns", "nds-vanilla-reruns")
"""Two networks each: nothing to rank."""


class Ranking(NamedTuple):
    """How one column of a table is ranked by the two counts."""

    benchmark: str
    dataset: str
    metric: str
    n: int
    params_spearman: float
    params_top10: float
    macs_spearman: float
    macs_top10: float


def main() -> None:
    options = arguments(__doc__, "params_macs").parse_args()
    rows, absent = [], []
    registry = plugins.load()
    for name in registry.names("benchmarks"):
        if name in SKIPPED:
            continue
        try:
            table = registry.create("benchmarks", name, root=data_root())
        except TableAbsentError:
            absent.append(name)
            continue
        for row in rankings(table, registry.create("spaces", table.space)):
            print(row, flush=True)
            rows.append(row._asdict())
    write_csv(options.results / "data" / "params_macs.csv", rows)
    write_json(options.results / "data" / "params_macs.json", absent=absent)


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


if __name__ == "__main__":
    main()
