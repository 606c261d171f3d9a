"""Rank every table by zero-label, beside single predictors and without each of its signals.

    python benchmarks/experiments/zero_label.py

Nothing is scored here: scores come from the data files of the boards, made by
``benchmarks/leaderboards/leaderboard.py`` (``docs/results/data/scores_*.csv.gz``), in which
zero-label's signals stand as details. Each predictor is ranked on the architectures that both it
and zero-label have scored: ``n`` is their number, and ``own`` zero-label's rho on the same.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.assemble.tasks import Task
from naslib_proxydata.leaderboard.published import published
from naslib_proxydata.predictors.zero_label.predictor import WEIGHTS, weighted_sum
from naslib_proxydata.ranking import bootstrap_spearman, spearman, top_retrieval
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "leaderboards"))
from common import arguments, write_csv
from leaderboard import tasks_of
from scores import Scored, read_scores

BOARDS = ("nb201-clean", "nb101", "transnas", "nds", "mr")
OWN = "zero-label"
CHOSEN_ON = {("nb201", "cifar10"), ("nb101", "cifar10")}
"""The form was chosen on these."""
SEEN = {"transnas-macro", "transnas-micro", "nds-enas-in"}
"""An earlier form was looked at on these."""
COMPARED = ("nb101", "transnas-micro", "transnas-macro", "nds-in")
GROUPS = ("nb201", *COMPARED, "nasbench-mr")
LEAST_SHARED = 0.3
"""A predictor that has scored a smaller share of zero-label's architectures has no row."""


def main() -> None:
    options = arguments(__doc__, "zero_label").parse_args()
    data = options.results / "data"
    rows = [row for board in BOARDS for row in of_board(board, data)]
    ranked = [row for row in rows if row["kind"] != "ablation"]
    ablation = [row for row in rows if row["kind"] == "ablation"]
    write_csv(data / "zero_label.csv", ranked)
    write_csv(data / "zero_label_means.csv", means(ranked))
    write_csv(data / "zero_label_ablation_means.csv", means(ablation))


def of_board(board: str, data: Path) -> Iterator[dict[str, Any]]:
    """Yield a row for every task, predictor and variant that the scores of a board allow."""
    scores = read_scores(data, board)
    if not any(one.predictor == OWN for one in scores):
        return
    for task in tasks_of(board):
        mine = [one for one in scores if one.benchmark == task.name and one.seed == 0]
        own = next((one for one in mine if one.predictor == OWN), None)
        if own is not None:
            yield from of_task(task, own, mine)


def of_task(task: Task, own: Scored, mine: Sequence[Scored]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one table."""
    plugins = load_plugins(())
    for one in mine:
        texts = [text for text in own.scores if text in one.scores]
        if len(texts) < LEAST_SHARED * len(own.scores):
            continue
        registered, options = one.facts["registered"], one.facts["options"]
        predictor = plugins.create("predictors", registered, **options)
        values = predictor.aggregate([one.scores[text] for text in texts])
        same = np.array([own.scores[text].value for text in texts])
        yield from ranked(task, "predictor", one.predictor, texts, values, same)
    texts = list(own.scores)
    every = np.array([own.scores[text].value for text in texts])
    for name, signals in variants().items():
        parts = [signals_of(own, text, signals) for text in texts]
        yield from ranked(task, "ablation", name, texts, np.array(parts), every)


def variants() -> dict[str, tuple[str, ...]]:
    """Return the signals of each variant: all, all but one, and one alone."""
    every = tuple(WEIGHTS)
    return {
        "all": every,
        **{f"without {name}": tuple(one for one in every if one != name) for name in every},
        **{f"{name} alone": (name,) for name in every},
    }


def signals_of(own: Scored, text: str, signals: Sequence[str]) -> float:
    """Return the weighted sum of some signals; what has none keeps its score."""
    score = own.scores[text]
    if not score.details:
        return score.value
    return weighted_sum({name: float(score.details[name]) for name in signals})


def ranked(
    task: Task,
    kind: str,
    name: str,
    texts: Sequence[str],
    values: NDArray[np.float64],
    own: NDArray[np.float64],
) -> Iterator[dict[str, Any]]:
    """Yield a row for each dataset of a table."""
    places = np.array([task.table.position(text) for text in texts])
    for dataset, metric in task.columns:
        measured = task.values(dataset, metric, places)
        known = np.isfinite(measured)
        scores, truth = values[known], measured[known]
        generator = numpy_generator(0, "zero-label", task.name, dataset, name)
        low, high = bootstrap_spearman(scores, truth, generator)
        # The paper's NAS-Bench-201 figures are of all cells, and of validation accuracy.
        nothing = task.name == "nb201"
        paper = {
            label: math.nan if nothing else published(task.name, dataset, label)[0]
            for label in ("eproxy", "dps")
        }
        yield {
            "kind": kind,
            "benchmark": task.name,
            "dataset": dataset,
            "metric": metric,
            "predictor": name,
            "n": len(truth),
            "spearman": spearman(scores, truth),
            "spearman_low": low,
            "spearman_high": high,
            "own": spearman(own[known], truth),
            "top10_retrieval": top_retrieval(scores, truth),
            "paper_eproxy": paper["eproxy"],
            "paper_dps": paper["dps"],
            "looked_at": looked_at(task.name, dataset),
        }


def looked_at(benchmark: str, dataset: str) -> str:
    """Say whether the form was chosen on a task, or seen there before it was."""
    if (benchmark, dataset) in CHOSEN_ON:
        return "chosen here"
    return "an earlier form was seen here" if benchmark in SEEN else "never before"


def group(row: Mapping[str, Any]) -> str:
    """Return the benchmark of a row, all of NDS being one."""
    return "nds-in" if row["benchmark"].startswith("nds-") else str(row["benchmark"])


def means(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rho by benchmark, and the mean of the four benchmarks of the comparison.

    A benchmark of which a predictor lacks a task has none.
    """
    of: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        of[row["predictor"]][group(row)].append(row["spearman"])
    tasks = {one: max(len(groups[one]) for groups in of.values()) for one in GROUPS}
    table = []
    for name, groups in of.items():
        by_group = {
            one: float(np.mean(groups[one])) if len(groups[one]) == tasks[one] > 0 else math.nan
            for one in GROUPS
        }
        mean = float(np.mean([by_group[one] for one in COMPARED]))
        columns = {one.replace("-", "_"): value for one, value in by_group.items()}
        table.append({"predictor": name, **columns, "mean_of_four": mean})
    return sorted(table, key=lambda row: -np.nan_to_num(row["mean_of_four"], nan=-9))


if __name__ == "__main__":
    main()
