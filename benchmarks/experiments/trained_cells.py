"""Train random architectures by a short recipe, and rank them beside what their tables hold.

    python benchmarks/experiments/trained_cells.py nb201 darts darts-plain

Architectures are drawn by seed 0 from the table; each is trained once, on some of the shared 10,000
images of CIFAR-10, and measured on the shared 2,000 test images. Finished trainings are kept in
``--out``; ``tables`` alone writes the results of what is there.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.assemble.train import run_train
from naslib_proxydata.assemble.train_report import RESULTS
from naslib_proxydata.config import TrainConfig, resolve
from naslib_proxydata.ranking import bootstrap_spearman, spearman
from naslib_proxydata.seeding import numpy_generator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, cifar10, data_root, run_line, write_csv, write_json


@dataclass(frozen=True)
class Study:
    """What is trained, and beside which column it is ranked.

    Attributes:
        benchmark: The table.
        column: Its dataset and metric.
        recipe: The recipe, whose values are the reduction.
        count: Architectures.
        images: Training images, the same number of each class.
    """

    benchmark: str
    column: tuple[str, str]
    recipe: str
    count: int
    images: int


STUDIES = {
    "nb201": Study("nb201", ("cifar10", "test_accuracy"), "nb201-quick", 24, 4000),
    "darts": Study("darts", ("cifar10", "validation_accuracy"), "darts-cifar-quick", 12, 4000),
    "darts-plain": Study(
        "darts", ("cifar10", "validation_accuracy"), "nastransfer-quick", 12, 4000
    ),
}


def main() -> None:
    parser = arguments(__doc__, "trained_cells")
    parser.add_argument("studies", nargs="+", choices=[*STUDIES, "tables"])
    parser.add_argument("--workers", type=int, default=1, help="trainings at a time")
    options = parser.parse_args()
    for name in options.studies:
        if name in STUDIES:
            run(name, options.out, options.workers)
    done = [name for name in STUDIES if (options.out / name / "run" / RESULTS).exists()]
    rows = [row for name in done for row in rows_of(name, options.out)]
    write_csv(options.results / "data" / "trained_cells.csv", rows)
    write_csv(
        options.results / "data" / "trained_cells_correlations.csv",
        [correlation(name, rows) for name in done],
    )
    lines = {name: run_line(options.out / name / "run") for name in done}
    write_json(
        options.results / "data" / "trained_cells.json",
        measured_on=" ".join(dict.fromkeys(lines.values())),
    )


def drawn(study: Study) -> dict[str, float]:
    """Return the architectures that are trained, with what the table holds of them."""
    table = naslib_proxydata.table(study.benchmark, data_root())
    values, texts = table.values(*study.column), table.architectures()
    known = np.flatnonzero(np.isfinite(values))
    generator = numpy_generator(0, "trained cells", study.benchmark)
    rows = generator.choice(known, size=study.count, replace=False)
    return {texts[int(row)]: float(values[row]) for row in rows}


def run(name: str, out: Path, workers: int) -> None:
    """Train all architectures of a study."""
    study = STUDIES[name]
    selection = naslib_proxydata.select(
        cifar10(), "class-random", size=study.images, seed=0, out=out / name / "images"
    )
    assert selection is not None
    config = resolve(
        TrainConfig,
        None,
        {
            "recipe": study.recipe,
            "architecture": list(drawn(study)),
            "dataset": cifar10(),
            "test": cifar10("cifar10_test2000.npz"),
            "selection": out / name / "images",
            "workers": workers,
            "out": out / name / "run",
        },
    )
    run_train(config)


def rows_of(name: str, out: Path) -> list[dict[str, Any]]:
    """Return a line for each architecture: the table's value, ours, and what it cost."""
    official = drawn(STUDIES[name])
    with (out / name / "run" / RESULTS).open(newline="", encoding="utf-8") as file:
        found = {one["architecture"]: one for one in csv.DictReader(file)}
    space = naslib_proxydata.space(STUDIES[name].benchmark)
    ours = {space.text(space.parse(text)): one for text, one in found.items()}
    return [
        {
            "study": name,
            "architecture": text,
            "table": value,
            "trained": float(ours[space.text(space.parse(text))]["test_top1"]),
            "params": int(ours[space.text(space.parse(text))]["params"]),
            "seconds": float(ours[space.text(space.parse(text))]["seconds"]),
        }
        for text, value in official.items()
    ]


def correlation(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return Spearman's rho of a study with its interval and cost, and that of parameters."""
    mine = [row for row in rows if row["study"] == name]
    table, trained, params = (
        np.array([row[key] for row in mine], float) for key in ("table", "trained", "params")
    )
    study = STUDIES[name]
    line: dict[str, Any] = {
        "study": name,
        "recipe": study.recipe,
        "images": study.images,
        "n": len(mine),
        "column": " ".join(study.column),
    }
    for label, scores in (("spearman", trained), ("params", params)):
        low, high = bootstrap_spearman(scores, table, generator=numpy_generator(0, "bootstrap"))
        line |= {label: spearman(scores, table), f"{label}_low": low, f"{label}_high": high}
    return {**line, "core_minutes": sum(row["seconds"] for row in mine) / 60}


if __name__ == "__main__":
    main()
