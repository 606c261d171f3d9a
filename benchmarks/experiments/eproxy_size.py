"""Ask of Eproxy's losses, iteration by iteration, whether they follow accuracy or size.

    python benchmarks/experiments/eproxy_size.py

Nothing is scored here: the losses of every iteration stand as details in the scores of the boards,
which ``benchmarks/leaderboards/leaderboard.py`` makes (``docs/results/data/scores_*.csv.gz``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import naslib_proxydata
from naslib_proxydata.assemble.tasks import Task
from naslib_proxydata.ranking import spearman

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "leaderboards"))
from common import arguments, write_csv
from leaderboard import tasks_of
from scores import Scored, read_scores

BOARDS = ("nb101", "transnas", "nds", "mr")


def main() -> None:
    options = arguments(__doc__, "eproxy_size").parse_args()
    data = options.results / "data"
    write_csv(data / "eproxy_size.csv", [row for name in BOARDS for row in of_board(name, data)])


def of_board(name: str, data: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of every table of a board that Eproxy has scored."""
    scores = [one for one in read_scores(data, name) if one.predictor == "eproxy"]
    for task in tasks_of(name) if scores else []:
        for one in scores:
            if one.benchmark == task.name:
                yield from of_table(task, one)


def of_table(task: Task, one: Scored) -> Iterator[dict[str, Any]]:
    """Yield a row for each iteration of a table."""
    space = naslib_proxydata.space(task.table.space)
    whole = max(len(score.details.get("losses", ())) for score in one.scores.values())
    texts = [
        text for text, score in one.scores.items() if len(score.details.get("losses", ())) == whole
    ]
    losses = np.array([one.scores[text].details["losses"] for text in texts])
    macs = np.array([space.scored_macs(space.parse(text)) for text in texts], dtype=np.float64)
    places = np.array([task.table.position(text) for text in texts])
    measured = [task.values(dataset, metric, places) for dataset, metric in task.columns]
    small, large = thirds(macs)
    for number in range(whole):
        loss = losses[:, number]
        yield {
            "benchmark": one.benchmark,
            "n": len(texts),
            "iteration": number + 1,
            "loss": float(np.median(loss)),
            "loss_small": float(np.median(loss[small])),
            "loss_large": float(np.median(loss[large])),
            "with_macs": spearman(-loss, macs),
            "with_accuracy": with_accuracy(-loss, measured),
        }


def thirds(macs: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the third with the fewest and of that with the most MACs."""
    order = np.argsort(macs, kind="stable")
    count = max(1, len(macs) // 3)
    return order[:count], order[-count:]


def with_accuracy(scores: NDArray[np.float64], measured: Sequence[NDArray[np.float64]]) -> float:
    """Return rho with the measured values, mean over the tasks of a table."""
    found = []
    for values in measured:
        known = np.isfinite(values)
        found.append(spearman(scores[known], values[known]))
    return float(np.mean(found))


if __name__ == "__main__":
    main()
