"""Run experiments of the papers and write their tables and figures for the documentation.

    python benchmarks/papers/run.py bdp-table-4 --workers 2
    python benchmarks/papers/run.py bdp-table-1 bdp-table-3 bdp-table-7

Each is a YAML file beside this script, run as ``naslib-proxydata experiment`` does, over the 10,000
CIFAR-10 images of the data root unless ``--dataset`` names others. Run again, it goes on where it
stopped. ``--seeds`` tries one on less; give another folder for ``--results`` then.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import naslib_proxydata
from naslib_proxydata.assemble.experiment import Experiment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, read_csv, run_line, write_csv, write_json

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("*.yaml"))
TABLES = {"table.csv": "", "results.csv": "_searches", "summarised.csv": "_summarised"}
"""What a run leaves, and what is added to an experiment's name for the documentation's copy."""


def main() -> None:
    options = given()
    for name in options.names:
        experiment = naslib_proxydata.experiment(
            HERE / f"{name}.yaml",
            options.dataset or str(data_root() / "cifar10_train10000.npz"),
            scale=options.scale,
            seeds=options.seeds,
            rows=options.rows,
            workers=options.workers,
            data_root=data_root(),
            out=options.out / name,
        )
        for one in experiment.failed:
            print(f"{name}, {one.row}, seed {one.seed}: {one.reason}")
        write(experiment, name.replace("-", "_"), options.results)


def given() -> argparse.Namespace:
    """Read the command line."""
    parser = arguments(__doc__, "")
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--dataset", help="what is searched on")
    parser.add_argument("--scale", help="one of the file's")
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="the scale's if absent")
    parser.add_argument("--rows", nargs="+", default=[], help="only these rows; all if absent")
    parser.add_argument("--workers", type=int, default=1, help="processes that search")
    return parser.parse_args()


def write(experiment: Experiment, page: str, results: Path) -> None:
    """Write an experiment's tables, what it ran on, and its figures."""
    folder = experiment.folder
    assert folder is not None  # a run in a folder, as all here are
    for file, suffix in TABLES.items():
        if (folder / file).is_file():  # only some experiments are summarised over a level
            write_csv(results / "data" / f"{page}{suffix}.csv", read_csv(folder / file))
    write_json(results / "data" / f"{page}.json", measured_on=run_line(folder))
    figures = results / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    for plot in sorted((folder / "plots").glob("*.png")):
        shutil.copyfile(plot, figures / f"{page}_{plot.name}")


if __name__ == "__main__":
    main()
