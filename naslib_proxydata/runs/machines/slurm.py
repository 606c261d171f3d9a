"""Jobs of Slurm, by the package ``submitit``."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from naslib_proxydata.errors import ConfigError, MachineError, unknown_name
from naslib_proxydata.runs.machines.calls import answered
from naslib_proxydata.runs.machines.remote import LOOK_SECONDS, RemoteExecutor
from naslib_proxydata.runs.machines.settings import ExecutorSettings, Work

if TYPE_CHECKING:
    from submitit import Job

FOLDER = ".slurm"
"""Where calls, answers and logs of jobs lie, in the run folder."""
ANSWERS_IN = 10.0
"""Seconds in which Slurm's own commands must."""
ARRIVES_IN = 60.0
"""Seconds that a shared file system may take to show the answer of a job that has ended."""

_SEE_SECONDS = 0.2
_LONGEST_LOG = 300  # characters of a lost job's that are told

_log = logging.getLogger(__name__)


class Slurm(ExecutorSettings):
    """``slurm``: every call, or every batch of scores, is a job."""

    PACKAGE: ClassVar[str] = "submitit"
    EXTRA: ClassVar[str] = "slurm"

    name: Literal["slurm"] = "slurm"
    partition: str | None = Field(None, description="Partition; null for the cluster's default.")
    account: str | None = Field(None, description="Account; null for the user's default.")
    minutes: int = Field(60, ge=1, description="Time limit of a job.")
    gpus: int = Field(0, ge=0, description="GPUs of a job.")
    cpus: int = Field(1, ge=1, description="CPU cores of a job.")
    memory: float | None = Field(
        None, gt=0, description="Memory of a job in GiB; null for the cluster's default."
    )
    jobs: int = Field(16, ge=1, description="Jobs at a time; as many again wait in the queue.")
    scores: int = Field(
        64, ge=1, description="Scores of one job. A training or a search is a job of its own."
    )
    setup: tuple[str, ...] = Field(
        (), description="Shell commands before the job's, such as 'module load cuda'."
    )
    sbatch: dict[str, Any] = Field(
        {}, description="Further options of sbatch, such as {qos: long, constraint: a100}."
    )

    @property
    def together(self) -> int:
        """Scores of one job."""
        return self.scores

    @property
    def flags(self) -> dict[str, Any]:
        """The options of ``sbatch``."""
        memory = None if self.memory is None else f"{round(self.memory * 1024)}M"
        flags = {
            "partition": self.partition,
            "account": self.account,
            "time": self.minutes,
            "gpus-per-node": self.gpus or None,
            "cpus-per-task": self.cpus,
            "mem": memory,
            "job-name": "naslib-proxydata",
            **self.sbatch,
        }
        return {key: value for key, value in flags.items() if value is not None}

    def check(self) -> None:
        """Let Slurm say whether it would take such a job."""
        self.check_installed()
        if shutil.which("sbatch") is None or shutil.which("srun") is None:
            raise ConfigError(
                "executor 'slurm' needs Slurm's commands sbatch and srun, which are not on this "
                "machine; run the command on a login node of the cluster"
            )
        partitions = _asked(["sinfo", "--noheader", "--format=%R"]).split()
        if self.partition is not None and self.partition not in partitions:
            raise ConfigError(unknown_name("partition of Slurm", self.partition, partitions))
        _asked(["sbatch", "--test-only", *map(_flag, self.flags.items()), "--wrap=true"])

    @contextmanager
    def open(self, work: Work) -> Iterator[Executor]:
        """Submit jobs, in a block."""
        folder = work.folder / FOLDER
        with SlurmExecutor(self, work, folder) as executor:
            yield executor
        shutil.rmtree(folder, ignore_errors=True)  # after a run that ended well


def _flag(option: tuple[str, Any]) -> str:
    key, value = option
    return f"--{key}" if value is True else f"--{key}={value}"


def _asked(command: Sequence[str]) -> str:
    """Return what one of Slurm's commands prints.

    Raises:
        ConfigError: It fails, or takes too long.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=ANSWERS_IN, check=True
        )
    except subprocess.TimeoutExpired:
        reason = f"no answer within {ANSWERS_IN:g} s"
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split()) or f"exit code {error.returncode}"
    else:
        return done.stdout
    raise ConfigError(
        f"Slurm refuses ({command[0]}: {reason}); put the options of the executor right, or the "
        "cluster. Nothing was computed yet"
    )


class SlurmExecutor(RemoteExecutor):
    """Runs each call as a job, whose answer is a file in a folder that all nodes share."""

    def __init__(self, settings: Slurm, work: Work, folder: Path) -> None:
        from submitit import SlurmExecutor as Submitter

        super().__init__("Slurm", settings, work)
        self.settings = settings
        self._submitter = Submitter(folder)
        self._submitter.update_parameters(
            time=settings.minutes,
            setup=list(settings.setup) or None,
            stderr_to_stdout=True,
            # As submitit spells options, so that these replace its own.
            additional_parameters={
                key.replace("-", "_"): value for key, value in settings.flags.items()
            },
        )
        self._jobs: dict[Future[Any], Job[Any]] = {}
        self._gone: dict[str, float] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="slurm jobs", daemon=True)
        self._thread.start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; see the base class."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        self._closed.set()
        self._thread.join()

    def _count(self) -> int:
        return self.settings.jobs

    def _send(self, future: Future[Any], content: bytes) -> None:
        try:
            self._jobs[future] = self._submitter.submit(answered, self.run, content)
        except Exception as error:  # submitit's own kinds of what sbatch says
            reason = " ".join(str(error).split())
            raise MachineError(
                f"Slurm took no further job ({reason}). Scores that had arrived are stored; run "
                "the same command again"
            ) from error

    def _cancel(self, futures: Sequence[Future[Any]]) -> None:
        names = [self._jobs.pop(one).job_id for one in futures if one in self._jobs]
        if names:
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run(["scancel", *names], timeout=ANSWERS_IN, capture_output=True)

    # --------------------------------------------------------------------------- the thread

    def _watch(self) -> None:
        """Take in answers, and look for jobs that are gone without one."""
        looked = time.monotonic()
        while not self._closed.wait(_SEE_SECONDS):
            self._take_in()
            if time.monotonic() - looked > LOOK_SECONDS:
                self._look_for_lost()
                looked = time.monotonic()

    def _take_in(self) -> None:
        for future, job in list(self._jobs.items()):
            if job.paths.result_pickle.exists() and self._jobs.pop(future, None):
                self._take(future, job)

    def _take(self, future: Future[Any], job: Job[Any]) -> None:
        """Take the answer of a job, and remove its files."""
        try:
            found = job.result()
        except Exception as error:  # submitit's, of a job that could not begin or was timed out
            self._lose(future, f"job {job.job_id}: {_last_line(str(error))}")
            return
        for file in job.paths.folder.glob(f"{job.job_id}_*"):
            file.unlink(missing_ok=True)
        self._arrived(future, found)

    def _look_for_lost(self) -> None:
        """Lose the jobs that are in the queue no more, and whose answer does not come."""
        try:
            queue = _asked(["squeue", "--me", "--noheader", "--format=%A"]).split()
        except ConfigError as error:
            _log.warning("%s: its queue is not known (%s)", self.what, error)
            return
        now = time.monotonic()
        for future, job in list(self._jobs.items()):
            if job.job_id in queue:
                self._gone.pop(job.job_id, None)
                continue
            late = now - self._gone.setdefault(job.job_id, now) > ARRIVES_IN
            if late and self._jobs.pop(future, None):
                self._lose(future, f"job {job.job_id} ended without an answer; {_end_of(job)}")


def _end_of(job: Job[Any]) -> str:
    """Return how a job's log ends."""
    try:
        text = job.paths.stdout.read_text(errors="replace")
    except OSError:
        return f"it left no log {job.paths.stdout}, so the node may not see this folder"
    return f"its log {job.paths.stdout} ends: {_last_line(text)}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip(" -")]
    return lines[-1][-_LONGEST_LOG:] if lines else "(nothing)"
