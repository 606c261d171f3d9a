"""Measure how often the rank of an architecture lies where few labels say it does.

    python benchmarks/experiments/few_label_intervals.py

Random architectures of every table, of which some are labelled; the others' ranks among
themselves are compared with the intervals predicted for them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import naslib_proxydata
from naslib_proxydata import plugins
from naslib_proxydata.data.images import load_images
from naslib_proxydata.leaderboard.labels import draw_labels
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.few_label.posterior import rank_interval
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.predictors.few_label.transfer import FewLabelTransfer
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, deviation, write_csv

CONFIDENCES = (0.5, 0.8, 0.9, 0.95)
TABLES = ("nb201", "nb101", "transnas-micro", "transnas-macro", "nasbench-mr", "darts")
N, DRAWS = 1000, 20
LABELS = (20, 50)


def main() -> None:
    parser = arguments(__doc__, "few_label_intervals")
    parser.add_argument("--benchmarks", default=",".join(TABLES), help="comma-separated")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in options.benchmarks.split(","):
        for predictor in ("few-label-structure", "few-label-transfer"):
            rows += covered(name, predictor)
            write_csv(options.results / "data" / "few_label_intervals.csv", rows)


def covered(name: str, predictor: str) -> list[dict[str, Any]]:
    """Return the coverage on each dataset of a table; none where there is nothing to transfer."""
    table = naslib_proxydata.table(name, data_root())
    datasets = tuple(table.columns())
    learner: FewLabelStructure[Any] = FewLabelStructure()
    if predictor == "few-label-transfer":
        if len(datasets) == 1:
            return []
        learner = FewLabelTransfer(plugins.load(), sources=[name], data_root=data_root())
    space = naslib_proxydata.space(table.space)
    learner.prepare(ScoringTask(space, load_images("noise", 1, 0)))
    rows = numpy_generator(0, "intervals", name).permutation(len(table))[:N]
    texts = table.architectures()
    scores = [learner.score_one(space.parse(texts[row])) for row in rows]
    lines = []
    for dataset in datasets:
        values = table.values(dataset, table.default_metric(dataset))[rows]
        for labels in LABELS:
            learner.set_target(dataset)
            shares = []
            for labelled, rest in draw_labels(values, labels, DRAWS, 0, name, dataset):
                learner.fit([scores[row] for row in labelled], values[labelled])
                expected = learner.distribution([scores[row] for row in rest])
                assert expected is not None
                ranks = (stats.rankdata(values[rest]) - 0.5) / len(rest)
                known = np.isfinite(expected.mean)
                found = [rank_interval(expected, confidence) for confidence in CONFIDENCES]
                inside = [(low <= ranks) & (ranks <= high) for low, high in found]
                width = float((found[1][1] - found[1][0])[known].mean())
                shares.append([*(float(one[known].mean()) for one in inside), width])
            line = {"benchmark": name, "dataset": dataset, "predictor": predictor, "labels": labels}
            means = np.mean(shares, axis=0)
            for confidence, share in zip(CONFIDENCES, means, strict=False):
                line[f"within_{100 * confidence:.0f}"] = float(share)
            line["within_80_std"] = deviation([share[1] for share in shares])
            line["width_80"] = float(means[-1])
            lines.append(line)
    return lines


if __name__ == "__main__":
    main()
