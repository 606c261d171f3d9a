"""How long a table of a user's own takes to load, beside plain reading.

The file has the 15,625 cells of NAS-Bench-201 and ten columns of numbers. Loading it reads every
number, and each cell by the space's own grammar. Prints the median CPU seconds of each and its
ratio to ``csv.reader`` alone:

    python benchmarks/speed/csv_table.py --repeats 5
"""

from __future__ import annotations

import argparse
import csv
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from naslib_proxydata.spaces.nb201.cell import EDGES, OPERATIONS, Cell
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.tables.own import file_hash, read_own

COLUMNS = 10
BASELINE = "csv.reader alone"


def write(path: Path) -> None:
    """Write the table."""
    space, generator = NasBench201(), np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", *(f"column {number}" for number in range(COLUMNS))])
        for operations in itertools.product(OPERATIONS, repeat=len(EDGES)):
            numbers = generator.uniform(0, 100, COLUMNS)
            writer.writerow([space.text(Cell(operations)), *map(repr, map(float, numbers))])


def read_plainly(path: Path) -> list[list[str]]:
    """Return the fields as text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def read_numbers(path: Path) -> list[list[float]]:
    """Return the numbers alone, without looking at any cell."""
    return [[float(field) for field in row[1:]] for row in read_plainly(path)[1:]]


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median CPU seconds of one call."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write(path)
        works: dict[str, Callable[[], object]] = {
            BASELINE: lambda: read_plainly(path),
            "csv.reader and float": lambda: read_numbers(path),
            "SHA-256 of the file": lambda: file_hash(path),
            "read_own": lambda: read_own(path, NasBench201(), ["column 0"]),
        }
        times = {name: seconds(work, arguments.repeats) for name, work in works.items()}
        size = path.stat().st_size / 1e6
    print(f"{len(OPERATIONS) ** len(EDGES):,} cells, {COLUMNS} columns, {size:.1f} MB")
    print(f"{'median of ' + str(arguments.repeats):26}{'CPU s':>9}{'ratio':>9}")
    for name, taken in times.items():
        print(f"{name:26}{taken:9.3f}{taken / times[BASELINE]:9.2f}")


if __name__ == "__main__":
    main()
