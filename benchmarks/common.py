"""What the scripts share: where the data lie, what they run on, and how results are written."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from naslib_proxydata import plugins
from naslib_proxydata.files import write_text
from naslib_proxydata.runs.environment import environment, provenance
from naslib_proxydata.runs.settings import DATA_VARIABLE, RunConfig

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results"


def arguments(description: str, out: str) -> argparse.ArgumentParser:
    """Return a parser with the options of all scripts that leave results.

    Args:
        description: The script's documentation, of which the first line is shown.
        out: Name of the default run folder.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("runs") / out, help="run folder, to go on from"
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="folder of results, with data/ and figures/"
    )
    return parser


def data_root() -> Path:
    """Return the folder of benchmark files; leave the script where it is not known."""
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        raise SystemExit(
            f"{DATA_VARIABLE} is not set. It must name the folder that holds the benchmark files "
            f"(nb201.npz and so on): export {DATA_VARIABLE}=FOLDER"
        )
    if not Path(folder).is_dir():
        raise SystemExit(f"{DATA_VARIABLE} is {folder!r}, which is not a folder")
    return Path(folder)


def cifar10(file: str = "cifar10_train10000.npz") -> str:
    """Return the source of images that a file of the data root is."""
    return f"cifar10:{data_root() / file}"


def machine_line(device: str = "cpu", threads: int = 1) -> str:
    """Say on what this process runs."""
    return provenance(environment(RunConfig(device=device, threads=threads), plugins.load()))


def run_line(folder: Path | None) -> str:
    """Say on what the run of a folder ran."""
    assert folder is not None  # every script keeps its run folders
    return provenance(json.loads((folder / "env.json").read_text(encoding="utf-8")))


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows with the same columns; nan becomes an empty cell."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if absent(value) else value for name, value in row.items()})
    write_text(path, stream.getvalue())


def absent(value: Any) -> bool:
    """Return whether a value is nan."""
    return isinstance(value, float) and math.isnan(value)


def write_json(path: Path, **facts: Any) -> None:
    """Write what a page says beside its tables."""
    write_text(path, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation, nan of a single value."""
    return statistics.stdev(values) if len(values) > 1 else math.nan


def kept(path: Path, make: Callable[..., Any], *named: Any, given: Any) -> Any:
    """Return ``make(given, *named)``, from a file of JSON lines where it was made before."""
    key = " ".join(map(str, named))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["key"] == key:
                return record["value"]
    value = make(given, *named)
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"key": key, "value": value}) + "\n")
    return value
