"""Small runs of every command, and what of each must be equal however often it was interrupted."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import data_root

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).resolve().parent / "faults"
MARK = "NASLIB_PROXYDATA_ATTACK"
"""Environment variable that tells the processes of an attack from all others."""


@dataclass(frozen=True)
class Job:
    """A run of one command.

    Attributes:
        name: What tables call it.
        arguments: Of ``naslib-proxydata``; ``{inputs}`` is the folder of :func:`make_inputs`,
            ``{out}`` the run folder.
        outcome: Reads from the run folder what must be equal.
        workers: Whether it has worker processes.
    """

    name: str
    arguments: tuple[str, ...]
    outcome: Callable[[Path], Any]
    workers: bool = False


def stored_scores(folder: Path) -> Any:
    """Return every score of a store, by context and architecture."""
    with sqlite3.connect(folder / "scores.sqlite") as store:
        order = (
            "SELECT predictor, seed, architecture, value FROM scores JOIN contexts ON id = context"
        )
        return sorted(map(repr, store.execute(order)))


def ranked(folder: Path) -> Any:
    """Return a leaderboard's rows without their seconds, and its scores."""
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as file:
        rows = [{**row, "seconds_per_architecture": ""} for row in csv.DictReader(file)]
    return rows, stored_scores(folder)


def selected(folder: Path) -> Any:
    """Return the arrays of a selection."""
    with np.load(folder / "selection.npz") as archive:
        return {name: archive[name].tolist() for name in archive.files}


def searched(folder: Path) -> Any:
    """Return the cell and the history of a search, without its seconds."""
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    for record in history:
        record["metrics"] = {
            name: value for name, value in record["metrics"].items() if "seconds" not in name
        }
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))["cell"], history


def evolved(folder: Path) -> Any:
    """Return the history and the best of an evolution."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return (folder / "history.csv").read_text(encoding="utf-8"), result["best"]


def proxies(folder: Path) -> Any:
    """Return what a search for proxies found."""
    return (folder / "best.yaml").read_text(encoding="utf-8"), stored_scores(folder)


def converted(folder: Path) -> Any:
    """Return the arrays of a converted table."""
    with np.load(folder / "table.npz") as archive:
        return {name: archive[name].tolist() for name in archive.files}


_NOISE = ("--images", "noise")
_OUT = ("--out", "{out}")
_RANK = ("leaderboard", "--predictors", "synflow,naswot", "--n", "12", *_NOISE, *_OUT)
_CHOOSE = ("--dataset", "{inputs}/digits.npz", "--fraction", "0.2", *_OUT)
_SEARCH = ("search", "--dataset", "{inputs}/digits.npz", "--channels", "4", "--cells", "1")
JOBS = (
    Job("leaderboard", _RANK, ranked),
    Job("leaderboard, 2 workers", (*_RANK, "--workers", "2"), ranked, workers=True),
    Job("select", ("select", "--selector", "forgetting", "--quick", *_CHOOSE), selected),
    Job("search, bdp", (*_SEARCH, "--epochs", "8", "--bdp", "0.3", *_OUT), searched),
    Job(
        "evolve, true values",
        ("evolve", "--predictor", "few-label-structure", "--queries", "25", *_OUT),
        evolved,
    ),
    Job(
        "evolve, predictor",
        ("evolve", "--predictor", "naswot", "--evaluations", "8", *_NOISE, *_OUT),
        evolved,
    ),
    Job(
        "dps, 2 workers",
        ("dps", "--labels", "5", "--cycles", "2", *_NOISE, "--workers", "2", *_OUT),
        proxies,
        workers=True,
    ),
    Job(
        "convert",
        ("convert", "nb101", "{inputs}/nasbench_full.tfrecord", "{out}/table.npz"),
        converted,
    ),
)


def make_inputs(folder: Path) -> None:
    """Write the files that the jobs read: digits, and networks as NAS-Bench-101 keeps them."""
    from sklearn.datasets import load_digits

    folder.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    images = (digits.images[:300, None] * 15).astype(np.uint8)
    np.savez_compressed(folder / "digits.npz", images=images, labels=digits.target[:300])
    sys.path.insert(0, str(ROOT))
    from tests.tables import test_nb101, tfrecord_writer  # an independent writer of official bytes

    with np.load(data_root() / "nb101.npz") as archive:
        cells = test_nb101.some_cells({name: archive[name] for name in archive.files}, 40)
    tfrecord_writer.write(folder / "nasbench_full.tfrecord", test_nb101.payloads(cells))


def command(job: Job, inputs: Path, out: Path) -> list[str]:
    """Return the command line of a job."""
    named = [one.format(inputs=inputs, out=out) for one in job.arguments]
    return [sys.executable, "-m", "naslib_proxydata.cli", *named]


def environment(cache: Path, fault: str = "", mark: str = "") -> dict[str, str]:
    """Return the environment of a run: one thread, a cache of its own, perhaps a fault."""
    path = [str(FAULTS), str(ROOT)] if fault else [str(ROOT)]
    own = {
        "PYTHONPATH": os.pathsep.join(path),
        "NASLIB_PROXYDATA_CACHE": str(cache),
        "NASLIB_PROXYDATA_FAULT": fault,
        "OMP_NUM_THREADS": "1",
        MARK: mark,
    }
    return {**os.environ, **own}


def finished(job: Job, inputs: Path, out: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run a job to its end."""
    if job.name == "convert":
        out.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        command(job, inputs, out),
        env=environment(cache),
        capture_output=True,
        text=True,
        check=False,
    )


def living(mark: str) -> list[int]:
    """Return the processes of an attack that are still there."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            state = re.search(rb"\) (\w)", (folder / "stat").read_bytes())
        except OSError:
            continue  # it has ended meanwhile
        if wanted in variables and state is not None and state[1] not in (b"Z", b"X"):
            found.append(int(folder.name))
    return found


def scratch_files(folder: Path) -> list[str]:
    """Return what a killed write has left in a folder; the lock of a run is none of it."""
    return [path.name for path in folder.rglob(".*") if path.is_file() and "lock" not in path.name]


def is_sentence(text: str) -> bool:
    """Return whether what was printed is no traceback, nor click's word for an interrupt."""
    return "Traceback (most recent call last)" not in text and "Aborted!" not in text


def fresh(*folders: Path) -> None:
    """Remove folders that are there."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def chosen(names: Sequence[str]) -> tuple[Job, ...]:
    """Return the jobs with these names, all where there are none."""
    return tuple(job for job in JOBS if not names or job.name in names)
