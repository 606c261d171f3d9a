"""Kill every command at every kind of moment, run it again, and compare with one never killed.

    python benchmarks/checks/kills.py --rounds 5 --seed 0

Each round kills each job (``jobs.py``) in each way, and runs it again until it ends. What fails is
counted: a result that differs, a process left alive, a scratch file left behind, a traceback, a
wrong exit code. Writes ``data/kills.csv`` and ``data/kills.json``; ``--jobs`` leaves the other
rows as they are.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jobs
from jobs import Job

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import RESULTS, machine_line, read_csv, write_csv, write_json

RUNS_AGAIN = 3
"""How often a killed run may have to be started again: a kill is never in the way of the next."""
STARTED_SECONDS = 2.0
"""Until the command line is imported; before, an interrupt is Python's own matter."""
LONGEST_SECONDS = 600.0
INSIDE = ("half", "before", "after")
SIGNALS = {"SIGKILL": -9, "SIGINT": 130, "SIGTERM": 143}

Attack = Callable[["Trial"], bool]
"""Starts the job and kills it; whether it was killed before it ended by itself."""


class Trial:
    """One job in a fresh folder, to be killed.

    Attributes:
        faults: What was wrong.
    """

    def __init__(
        self, job: Job, inputs: Path, folder: Path, seconds: float, generator: random.Random
    ) -> None:
        self.job, self.inputs = job, inputs
        self.out, self.cache = folder / "out", folder / "cache"
        self.seconds, self.generator = seconds, generator
        self.mark = f"{generator.getrandbits(64):x}"
        self.faults: list[str] = []
        jobs.fresh(self.out, self.cache)
        if job.name == "convert":
            self.out.mkdir(parents=True)

    def start(self, fault: str = "") -> subprocess.Popen[str]:
        """Start the job."""
        return subprocess.Popen(
            jobs.command(self.job, self.inputs, self.out),
            env=jobs.environment(self.cache, fault, self.mark),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self, started: float = 0.0) -> None:
        """Wait until a random moment of the run."""
        time.sleep(self.generator.uniform(started, max(started + 0.1, self.seconds)))

    def end(self, process: subprocess.Popen[str], expected: tuple[int, ...]) -> None:
        """Take what the killed process has printed, and how it and its workers ended."""
        try:
            _, text = process.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            self.faults.append("hung")
            process.kill()
            _, text = process.communicate()
        if process.returncode not in expected:
            self.faults.append(f"exit code {process.returncode}, expected {expected}")
        if not jobs.is_sentence(text):
            self.faults.append(f"traceback: {text[-1500:]}")
        deadline = time.monotonic() + 10
        while (left := jobs.living(self.mark)) and time.monotonic() < deadline:
            time.sleep(0.2)
        if left:
            self.faults.append(f"{len(left)} processes left")

    def resumed(self, reference: object) -> None:
        """Run the job until it ends, and compare what it leaves."""
        for _ in range(RUNS_AGAIN):
            done = jobs.finished(self.job, self.inputs, self.out, self.cache)
            if not jobs.is_sentence(done.stderr):
                self.faults.append(f"traceback when run again: {done.stderr[-1500:]}")
            if done.returncode == 0:
                break
            self.faults.append(f"run again: exit code {done.returncode}: {done.stderr[-500:]}")
        else:
            return
        if self.job.outcome(self.out) != reference:
            self.faults.append("another result")
        if left := jobs.scratch_files(self.out):
            self.faults.append(f"left behind: {left}")


def signalled(name: str, times: int = 1) -> Attack:
    """Send a signal at a random moment; ``times`` of them, shortly after one another."""

    def attack(trial: Trial) -> bool:
        process = trial.start()
        trial.wait(0.0 if name == "SIGKILL" else STARTED_SECONDS)
        ended = process.poll() is not None
        for _ in range(times):
            process.send_signal(getattr(signal, name))
            time.sleep(0.2)
        # It may have just ended by itself.
        trial.end(process, (0,) if ended else (SIGNALS[name], 0, -SIGNALS[name] + 128))
        return not ended and process.returncode != 0

    return attack


def worker_killed(trial: Trial) -> bool:
    """Kill one of the workers at a random moment."""
    process = trial.start()
    trial.wait(STARTED_SECONDS)
    workers = [one for one in jobs.living(trial.mark) if one != process.pid]
    if workers:
        subprocess.run(["kill", "-9", str(trial.generator.choice(workers))], check=False)
    trial.end(process, (0, 2))
    return bool(workers)


def inside_write(way: str, number: int) -> Attack:
    """Kill at a write."""

    def attack(trial: Trial) -> bool:
        process = trial.start(f"{way}:{number}")
        trial.end(process, (-9, 0))
        return process.returncode == -9

    return attack


def attacks(job: Job, generator: random.Random) -> Iterator[tuple[str, Attack]]:
    """Yield every way to kill a job."""
    for name in SIGNALS:
        yield name, signalled(name)
    yield "SIGINT twice", signalled("SIGINT", 2)
    if job.workers:
        yield "SIGKILL of a worker", worker_killed
    for way in INSIDE:
        yield f"write: {way}", inside_write(way, generator.randint(1, 4))


def main() -> None:
    """Run the attack."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=2, help="jobs attacked at a time")
    parser.add_argument("--jobs", nargs="*", default=[], help="names of jobs; all where none")
    parser.add_argument("--out", type=Path, default=Path("runs/kills"), help="scratch folder")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    # Jobs that a shell starts in the background ignore it, and so would theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    jobs.fresh(given.out)
    folder = given.out.resolve()
    jobs.make_inputs(folder / "inputs")
    kills: Counter[tuple[str, str]] = Counter()
    failures: Counter[tuple[str, str]] = Counter()
    told: list[dict[str, str]] = []

    def attack_job(job: Job) -> None:
        generator = random.Random(f"{given.seed} {job.name}")
        own = folder / job.name
        seconds, reference = _reference(job, folder, own)
        for _ in range(given.rounds):
            for way, attack in attacks(job, generator):
                trial = Trial(job, folder / "inputs", own, seconds, generator)
                killed = attack(trial)
                trial.resumed(reference)
                kills[job.name, way] += killed
                failures[job.name, way] += bool(trial.faults)
                told.extend({"job": job.name, "way": way, "fault": one} for one in trial.faults)
                print(job.name, way, "killed" if killed else "ended", trial.faults, flush=True)

    with ThreadPoolExecutor(given.at_once) as threads:
        list(threads.map(attack_job, jobs.chosen(given.jobs)))
    path = given.results / "data" / "kills.csv"
    attacked = {job.name for job in jobs.chosen(given.jobs)}
    kept = [row for row in read_csv(path) if row["job"] not in attacked]
    rows = kept + [
        {"job": job, "way": way, "kills": count, "failures": failures[job, way]}
        for (job, way), count in kills.items()
        if count
    ]
    write_csv(path, rows)
    write_json(
        path.with_suffix(".json"),
        kills=sum(int(row["kills"]) for row in rows),
        failures=sum(int(row["failures"]) for row in rows),
        seed=given.seed,
        machine=machine_line(),
    )
    print(json.dumps(told, indent=1))
    print(kills.total(), "kills,", failures.total(), "failures")


def _reference(job: Job, folder: Path, own: Path) -> tuple[float, object]:
    """Run a job that nobody kills; return its seconds and its result."""
    out, cache = own / "reference", own / "reference-cache"
    started = time.monotonic()
    done = jobs.finished(job, folder / "inputs", out, cache)
    if done.returncode:
        raise SystemExit(f"{job.name} fails undisturbed: {done.stderr}")
    return time.monotonic() - started, job.outcome(out)


if __name__ == "__main__":
    main()
