"""Measure what 10, 20, 50 and 100 labels buy on every space, and how often intervals hold.

    python benchmarks/experiments/labels_needed.py

Random architectures of every table, of which some are labelled; the others are ranked, and their
ranks among themselves compared with the intervals predicted for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import naslib_proxydata
from naslib_proxydata import plugins, ranking
from naslib_proxydata.data.images import load_images
from naslib_proxydata.leaderboard.labels import draw_labels
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.few_label.posterior import rank_interval
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.predictors.few_label.transfer import FewLabelTransfer
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.tables.base import BenchmarkTable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, deviation, write_csv

CONFIDENCES = (0.5, 0.8, 0.9)
LABELS = (10, 20, 50, 100)
N, DRAWS = 400, 5
STRUCTURE, TRANSFER = "few-label-structure", "few-label-transfer"
TABLES = (
    *("nb201", "nb101", "transnas-micro", "transnas-macro", "nasbench-mr", "darts"),
    *("nds-resnext-a-in", "nds-darts-in", "nds-enas-in", "nds-amoeba-in", "nds-nasnet-in"),
)


def main() -> None:
    parser = arguments(__doc__, "labels_needed")
    parser.add_argument("--benchmarks", default=",".join(TABLES), help="comma-separated")
    options = parser.parse_args()
    lines: list[dict[str, Any]] = []
    for name in options.benchmarks.split(","):
        table = naslib_proxydata.table(name, data_root())
        several = len(table.columns()) > 1
        for predictor in (STRUCTURE, TRANSFER) if several else (STRUCTURE,):
            lines += measured(table, predictor)
            write_csv(options.results / "data" / "labels_needed.csv", means(lines))


def measured(table: BenchmarkTable, predictor: str) -> Iterator[dict[str, Any]]:
    """Yield a line for each dataset and number of labels."""
    learner: FewLabelStructure[Any] = FewLabelStructure()
    if predictor == TRANSFER:
        learner = FewLabelTransfer(plugins.load(), sources=[table.name], data_root=data_root())
    space = naslib_proxydata.space(table.space)
    learner.prepare(ScoringTask(space, load_images("noise", 1, 0)))
    rows = numpy_generator(0, "labels needed", table.name).permutation(len(table))[:N]
    texts = table.architectures()
    scores = [learner.score_one(space.parse(texts[row])) for row in rows]
    for dataset in table.columns():
        learner.set_target(dataset)
        values = table.values(dataset, table.default_metric(dataset))[rows]
        for labels in (count for count in LABELS if count <= len(rows) - 50):
            named = (table.name, dataset)
            draws = draw_labels(values, labels, DRAWS, 0, *named)
            found = [one_draw(learner, scores, values, *draw) for draw in draws]
            yield {
                "benchmark": table.name,
                "dataset": dataset,
                "predictor": predictor,
                "labels": labels,
                "ranked": len(draws[0].rest),
                "draws": DRAWS,
                **{key: float(np.mean([one[key] for one in found])) for key in found[0]},
                "spearman_std": deviation([one["spearman"] for one in found]),
            }


def one_draw(
    learner: FewLabelStructure[Any], scores: list[Score], values: Any, labelled: Any, rest: Any
) -> dict[str, float]:
    """Return how the rest is ranked, and how many of it lie within the intervals of their ranks."""
    learner.fit([scores[row] for row in labelled], values[labelled])
    expected = learner.distribution([scores[row] for row in rest])
    assert expected is not None
    predicted = np.nan_to_num(expected.mean, nan=-np.inf)
    known = np.isfinite(expected.mean)
    shares = (stats.rankdata(values[rest]) - 0.5) / len(rest)
    line = {
        "spearman": ranking.spearman(predicted, values[rest]),
        "top10_retrieval": ranking.top_retrieval(predicted, values[rest]),
    }
    for confidence in CONFIDENCES:
        low, high = rank_interval(expected, confidence)
        inside = ((low <= shares) & (shares <= high))[known]
        line[f"within_{100 * confidence:.0f}"] = float(inside.mean())
        line[f"width_{100 * confidence:.0f}"] = float((high - low)[known].mean())
    return line


def means(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the means over the datasets of each table."""
    keys = dict.fromkeys((one["benchmark"], one["labels"], one["predictor"]) for one in lines)
    found = []
    for key in keys:
        mine = [one for one in lines if (one["benchmark"], one["labels"], one["predictor"]) == key]
        numbers = [name for name, value in mine[0].items() if isinstance(value, float)]
        averages = {name: float(np.mean([one[name] for one in mine])) for name in numbers}
        named = dict(zip(("benchmark", "labels", "predictor"), key, strict=True))
        found.append({**named, "tasks": len(mine), "ranked": mine[0]["ranked"], **averages})
    return found


if __name__ == "__main__":
    main()
