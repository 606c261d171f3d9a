"""A Slurm cluster of this machine: the scores of one process, whatever becomes of its jobs."""

from __future__ import annotations

import subprocess
import time

import pytest

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.executors import completed
from naslib_proxydata.runs.machines import remote, slurm
from naslib_proxydata.runs.machines.named import chosen
from naslib_proxydata.runs.machines.settings import Work
from naslib_proxydata.runs.workers import LostCallError
from tests.runs import misbehaving
from tests.runs.machines import slurm_here
from tests.runs.machines.scoring import expected, scores

pytest.importorskip("submitit", reason="the extra 'slurm' is not installed")

PATIENCE = 240.0  # seconds, for what takes some on a calm machine
OPTIONS = {"name": "slurm", "jobs": 2, "minutes": 5}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := slurm_here.why_not():
        pytest.skip(reason)
    with (
        slurm_here.cluster(tmp_path_factory.mktemp("slurm")) as configuration,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setenv("SLURM_CONF", str(configuration))
        patched.setattr(slurm, "ARRIVES_IN", 0.5)
        patched.setattr(remote, "LOOK_SECONDS", 0.5)
        patched.setattr(slurm, "LOOK_SECONDS", 0.5)
        yield


@pytest.fixture
def executor(cluster, tmp_path):
    settings = chosen({**OPTIONS, "scores": 2})
    settings.check()
    with settings.open(Work(1, (), tmp_path)) as executor:
        yield executor


def running() -> list[str]:
    asked = ["squeue", "--me", "--noheader", "--format=%A"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


def test_scores_are_those_of_one_process_to_the_last_bit(executor):
    assert executor.in_flight == 4
    assert scores(executor) == expected()


def test_a_job_that_is_cancelled_in_the_middle_is_lost_and_the_others_are_not(executor, tmp_path):
    file = tmp_path / "pid"
    lost = executor.submit(misbehaving.stay, str(file))
    misbehaving.pid_in(file, PATIENCE)
    subprocess.run(["scancel", *running()], check=True)
    error = lost.exception(PATIENCE)
    assert isinstance(error, LostCallError)
    calls = [(number, (number,)) for number in range(4)]
    found = dict(completed(executor, misbehaving.double, calls, None, together=2))
    assert found == {number: 2 * number for number in range(4)}


def test_a_job_whose_process_is_killed_is_lost(executor):
    error = executor.submit(misbehaving.leave, "kill").exception(PATIENCE)
    assert isinstance(error, LostCallError)
    assert str(error).startswith("job ")


def test_a_run_that_is_ended_cancels_its_jobs(cluster, tmp_path):
    """They would else go on with a training, whose folder the next run needs."""
    file = tmp_path / "pid"
    with pytest.raises(KeyboardInterrupt):
        misbehaving.interrupted_at(chosen(OPTIONS).open(Work(1, (), tmp_path)), file, PATIENCE)
    assert misbehaving.ends(misbehaving.pid_in(file, PATIENCE), PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while (left := running()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left


def test_what_jobs_have_left_goes_with_a_run_that_ends_well(cluster, tmp_path):
    with chosen(OPTIONS).open(Work(1, (), tmp_path)) as executor:
        assert executor.submit(misbehaving.double, 2).result(PATIENCE) == 4
        assert (tmp_path / slurm.FOLDER).is_dir()
    assert not (tmp_path / slurm.FOLDER).exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partition": "her"}, "unknown partition of Slurm 'her'. Did you mean 'here'"),
        ({"cpus": 4096}, "Slurm refuses .sbatch: .*Nothing was computed yet"),
        ({"sbatch": {"qoss": "long"}}, "Slurm refuses .sbatch: .*qoss"),
    ],
)
def test_options_that_do_not_fit_are_told(cluster, options, message):
    with pytest.raises(ConfigError, match=message):
        chosen({**OPTIONS, **options}).check()


def test_where_there_is_no_slurm_it_is_told(monkeypatch):
    monkeypatch.setattr(slurm.shutil, "which", lambda program: None)
    with pytest.raises(ConfigError, match="sbatch and srun, which are not on this machine"):
        chosen("slurm").check()
