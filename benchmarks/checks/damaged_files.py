"""Try every reader on thousands of damaged copies of genuine files, and count what becomes of them.

    python benchmarks/checks/damaged_files.py --copies 100

It runs the tests that ``tests/damage.py`` serves, each with so many copies, and the tests of
hostile files. Writes ``data/damaged_files.csv`` and ``data/damaged_files.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from common import RESULTS, machine_line, write_csv, write_json  # noqa: E402

HOSTILE = ("hostile", "unpickle", "opening", "numpy_files", "yaml_text")
"""What the files of tests of hostile files are called by."""


def main() -> None:
    """Run the tests and count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--copies", type=int, default=100, help="of each genuine file")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    files = sorted(ROOT.glob("tests/**/test_*.py"))
    damage = [one for one in files if "tests.damage" in one.read_text(encoding="utf-8")]
    hostile = [one for one in files if any(name in one.name for name in HOSTILE)]
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "NASLIB_PROXYDATA_DAMAGED_COPIES": str(given.copies),
            "NASLIB_PROXYDATA_DAMAGE_TALLY": folder,
        }
        tests = run_tests(damage, variables)
        lines = [line for file in Path(folder).iterdir() for line in file.read_text().splitlines()]
    attacked = run_tests(hostile, {})
    rows = counted(map(json.loads, lines))
    write_csv(given.results / "data" / "damaged_files.csv", rows)
    total = {name: sum(row[name] for row in rows) for name in ("copies", *OUTCOMES)}
    write_json(
        given.results / "data" / "damaged_files.json",
        **total,
        formats=len(rows),
        tests=tests,
        hostile=attacked,
        machine=machine_line(),
    )
    for row in rows:
        print(*row.values(), sep="\t")
    print(total, "tests of damage", tests, "tests of hostile files", attacked)


OUTCOMES = ("refused", "taken", "failed")


def counted(outcomes: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return a row for each format: copies, and what became of them."""
    by_format: dict[str, Counter[str]] = {}
    for kind, outcome in outcomes:
        by_format.setdefault(kind, Counter())[outcome] += 1
    return [
        {"format": kind, "copies": found.total(), **{one: found[one] for one in OUTCOMES}}
        for kind, found in sorted(by_format.items())
    ]


def run_tests(files: Sequence[Path], variables: Mapping[str, str]) -> dict[str, int]:
    """Run files of tests; return how many passed and how many did not."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-n", "auto"]
        names = [str(one) for one in files]
        environment = {**os.environ, **variables}
        subprocess.run(
            [*command, f"--junitxml={report}", *names], cwd=ROOT, env=environment, check=False
        )
        suite = ElementTree.parse(report).getroot()[0].attrib
    bad = int(suite["failures"]) + int(suite["errors"])
    return {"passed": int(suite["tests"]) - bad - int(suite["skipped"]), "failed": bad}


if __name__ == "__main__":
    main()
