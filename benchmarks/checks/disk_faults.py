"""Let every command meet a disk that is full, broken, read-only or gone, and run it again after.

    python benchmarks/checks/disk_faults.py --seed 0

A command must exit with 2 and one line that is no traceback, and end with the same result when it
is run again on a sound disk. Disks of a few KiB are mounted where the user may (root); the others
are faults injected at a write (``faults/sitecustomize.py``). Writes ``data/disk_faults.csv``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import jobs
from jobs import Job

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import RESULTS, machine_line, write_csv, write_json

WRITES = (1, 3)
SIZES = ("16k", "256k")
PLACES = ("out", "cache")


@contextmanager
def small_disk(place: Path, options: str) -> Iterator[None]:
    """Mount a disk in memory."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def may_mount(folder: Path) -> bool:
    """Return whether this user may mount a disk."""
    if os.name != "posix" or os.getuid() != 0:
        return False
    try:
        with small_disk(folder / "try", "size=16k"):
            return True
    except subprocess.CalledProcessError:
        return False


class Disk:
    """The folders of one trial, on a disk with a fault.

    Attributes:
        out: The run folder.
        cache: The cache folder.
    """

    def __init__(self, job: Job, inputs: Path, folder: Path) -> None:
        self.job, self.inputs, self.folder = job, inputs, folder
        self.out, self.cache = folder / "disk" / "out", folder / "disk" / "cache"
        jobs.fresh(folder / "disk", folder / "kept")
        self.cache.mkdir(parents=True)
        if job.name == "convert":
            self.out.mkdir()

    def run(self, fault: str = "") -> subprocess.CompletedProcess[str]:
        """Run the job, perhaps with a fault injected."""
        return subprocess.run(
            jobs.command(self.job, self.inputs, self.out),
            env=jobs.environment(self.cache, fault),
            capture_output=True,
            text=True,
            check=False,
        )

    def run_on(self, place: Path, options: str) -> subprocess.CompletedProcess[str]:
        """Run the job with a small disk at a place, then move what is there to the large one."""
        with small_disk(place, options):
            done = self.run()
            shutil.copytree(place, self.folder / "kept")
        shutil.rmtree(place)
        shutil.copytree(self.folder / "kept", place)
        return done


def meet(disk: Disk, way: str, place: str) -> subprocess.CompletedProcess[str]:
    """Run a job that meets a fault."""
    kind, _, number = way.partition(" ")
    if kind in ("full", "broken"):
        return disk.run(f"{kind}:{number}")
    options = f"size={number}" if kind == "disk" else "ro,size=1m"
    return disk.run_on({"out": disk.out, "cache": disk.cache}[place], options)


def faults_of(
    disk: Disk, done: subprocess.CompletedProcess[str], reference: Callable[[], object]
) -> list[str]:
    """Say what was wrong with a run that met a fault, and with the next one on a sound disk."""
    faults = []
    if done.returncode not in (0, 2):
        faults.append(f"exit code {done.returncode}")
    if not jobs.is_sentence(done.stderr):
        faults.append(f"traceback: {done.stderr[-1500:]}")
    again = disk.run()
    if again.returncode or not jobs.is_sentence(again.stderr):
        return [*faults, f"run again: {again.returncode}: {again.stderr[-1500:]}"]
    if disk.job.outcome(disk.out) != reference():
        faults.append("another result")
    if left := jobs.scratch_files(disk.out):
        faults.append(f"left behind: {left}")
    return faults


def main() -> None:
    """Run the attack."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--at-once", type=int, default=2, help="jobs attacked at a time")
    parser.add_argument("--jobs", nargs="*", default=[], help="names of jobs; all where none")
    parser.add_argument("--out", type=Path, default=Path("runs/disk"), help="scratch folder")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    folder = given.out.resolve()
    jobs.fresh(folder)
    jobs.make_inputs(folder / "inputs")
    mounts = may_mount(folder)
    trials, met, failures = Counter[str](), Counter[str](), Counter[str]()

    def attack_job(job: Job) -> None:
        inputs, own = folder / "inputs", folder / job.name
        reference = cache(partial(_reference, job, inputs, own))
        for way, place in _ways(mounts):
            disk = Disk(job, inputs, own)
            done = meet(disk, way, place)
            faults = faults_of(disk, done, reference)
            label = f"{way.partition(' ')[0]} {place}".strip()
            trials[label] += 1
            met[label] += done.returncode != 0
            failures[label] += bool(faults)
            was_met = "met" if done.returncode else "not met"
            print(job.name, way, place, was_met, done.stderr[-200:], *faults, flush=True)

    with ThreadPoolExecutor(given.at_once) as threads:
        list(threads.map(attack_job, jobs.chosen(given.jobs)))
    rows = [
        {"fault": one, "trials": trials[one], "met": met[one], "failures": failures[one]}
        for one in trials
    ]
    write_csv(given.results / "data" / "disk_faults.csv", rows)
    write_json(
        given.results / "data" / "disk_faults.json",
        trials=trials.total(),
        met=met.total(),
        failures=failures.total(),
        jobs=[job.name for job in jobs.chosen(given.jobs)],
        mounted=mounts,
        machine=machine_line(),
    )
    print(met.total(), "faults met,", failures.total(), "failures")


def _ways(mounts: bool) -> Iterator[tuple[str, str]]:
    """Yield every fault: at which write, or a disk of what size and at which place."""
    for kind in ("full", "broken"):
        for number in WRITES:
            yield f"{kind} {number}", ""
    if mounts:
        for place in PLACES:
            for size in SIZES:
                yield f"disk {size}", place
            yield "read-only", place


def _reference(job: Job, inputs: Path, own: Path) -> object:
    """Return the result of a job that meets no fault."""
    out, cache_folder = own / "reference", own / "reference-cache"
    done = jobs.finished(job, inputs, out, cache_folder)
    if done.returncode:
        raise SystemExit(f"{job.name} fails undisturbed: {done.stderr}")
    return job.outcome(out)


if __name__ == "__main__":
    main()
