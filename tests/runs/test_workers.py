"""Workers: what they compute arrives, and whatever becomes of one of them costs one call."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, wait
from pathlib import Path

import pytest

from naslib_proxydata.runs import workers as room
from naslib_proxydata.runs.workers import LostCallError, WorkerPool, end_workers
from tests.runs import misbehaving

PATIENCE = 60.0  # seconds, for what takes one on a calm machine


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    """A pool for what leaves it whole; its worker's errors go where those of the module go."""
    with WorkerPool(1) as pool:
        yield pool


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def written(file: Path) -> int:
    """Return the number that a worker writes into a file."""
    deadline = time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(file.read_text())


def test_results_arrive_from_as_many_processes_as_asked_for() -> None:
    before = multiprocessing.active_children()
    with WorkerPool(2) as pool:
        assert list(pool.map(misbehaving.double, range(40))) == [2 * one for one in range(40)]
        pids = {pool.submit(os.getpid).result() for _ in range(20)}
        assert len(pids) <= 2
        assert os.getpid() not in pids
    assert multiprocessing.active_children() == before


def test_a_pool_that_is_asked_nothing_starts_no_process() -> None:
    before = multiprocessing.active_children()
    with WorkerPool(2):
        assert multiprocessing.active_children() == before


def test_an_error_comes_back_with_the_workers_traceback(pool: WorkerPool) -> None:
    with pytest.raises(LookupError, match="where") as raised:
        pool.submit(misbehaving.fail, "where").result(PATIENCE)
    assert "in fail" in str(raised.value.__cause__)
    with pytest.raises(RuntimeError, match="TwoArgumentsError: odd"):
        pool.submit(misbehaving.fail_oddly).result(PATIENCE)
    with pytest.raises(Exception, match=r"unreadable.*<lambda>"):
        pool.submit(misbehaving.unreadable).result(PATIENCE)
    assert pool.submit(misbehaving.double, 4).result(PATIENCE) == 8


def test_what_would_end_the_run_is_an_error_of_one_call(pool: WorkerPool) -> None:
    with pytest.raises(SystemExit, match="3"):
        pool.submit(misbehaving.leave, "exit").result(PATIENCE)
    with pytest.raises(LostCallError, match="KeyboardInterrupt in a worker"):
        pool.submit(misbehaving.leave, "interrupt").result(PATIENCE)
    assert pool.submit(misbehaving.double, 4).result(PATIENCE) == 8


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("_exit", "by itself with exit code 3"),
        ("kill", "killed by SIGKILL; out of memory, perhaps"),
    ],
)
def test_a_worker_that_dies_is_named_and_replaced(pool: WorkerPool, how: str, told: str) -> None:
    before = pool.submit(os.getpid).result(PATIENCE)
    lost = pool.submit(misbehaving.leave, how)
    after = pool.submit(os.getpid)
    with pytest.raises(LostCallError, match=f"worker process {before} .*{told}"):
        lost.result(PATIENCE)
    assert after.result(PATIENCE) != before


def test_a_score_past_its_limit_is_lost_and_preparing_does_not_count() -> None:
    with WorkerPool(1, time_limit=0.5) as pool:
        hung = pool.submit(misbehaving.score, 2, 1000.0)
        next_one = pool.submit(misbehaving.score, 3, 0.0)
        with pytest.raises(LostCallError, match=r"no score within the limit of 0\.5 s") as raised:
            hung.result(PATIENCE)
        assert raised.value.seconds >= 0.5
        assert next_one.result(PATIENCE) == 3


def test_workers_that_only_die_end_the_pool() -> None:
    with WorkerPool(1) as pool:
        assert pool.submit(misbehaving.double, 1).result(PATIENCE) == 2
        calls = [pool.submit(misbehaving.leave, "_exit") for _ in range(room.MOST_DEATHS + 2)]
        wait(calls, PATIENCE)
        errors = [type(call.exception(0)) for call in calls]
        assert errors == [LostCallError] * room.MOST_DEATHS + [BrokenExecutor] * 2
        with pytest.raises(BrokenExecutor, match="in a row, the last: worker process"):
            pool.submit(misbehaving.double, 1)


def test_a_script_without_a_main_guard_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from naslib_proxydata.runs.workers import WorkerPool\n"
        "from tests.runs.misbehaving import double\n"
        "with WorkerPool(1) as pool:\n"
        "    print(pool.submit(double, 1).result())\n"
    )
    path = os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 1
    assert "before it could begin. A script of your own" in done.stderr


def test_leaving_by_an_exception_ends_a_worker_that_hangs(tmp_path: Path) -> None:
    pool = WorkerPool(1)
    pool.submit(misbehaving.hang, str(tmp_path / "pid"))
    waiting = pool.submit(misbehaving.double, 1)
    pid = written(tmp_path / "pid")
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), pool:
        raise KeyboardInterrupt
    assert time.monotonic() - started < 5
    assert not alive(pid)
    assert isinstance(waiting.exception(PATIENCE), BrokenExecutor)


def test_all_workers_of_a_process_can_be_ended(tmp_path: Path) -> None:
    pool = WorkerPool(1)
    call = pool.submit(misbehaving.hang, str(tmp_path / "pid"))
    pid = written(tmp_path / "pid")
    end_workers()
    assert isinstance(call.exception(PATIENCE), BrokenExecutor)
    pool.end()
    assert not alive(pid)


def test_a_forgotten_pool_does_not_hold_the_end_of_its_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from naslib_proxydata.runs.workers import WorkerPool\n"
        "from tests.runs.misbehaving import double, hang\n"
        "if __name__ == '__main__':\n"
        "    pool = WorkerPool(1)\n"
        "    print(pool.submit(double, 1).result())\n"
        "    pool.submit(hang)\n"
    )
    path = os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")


def test_shutting_down_finishes_what_was_submitted_or_cancels_it() -> None:
    pool = WorkerPool(1)
    calls = [pool.submit(misbehaving.slowly, one, 0.05) for one in range(3)]
    pool.shutdown()
    assert [call.result(0) for call in calls] == [0, 1, 2]
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(misbehaving.double, 1)
    other = WorkerPool(1)
    other.submit(misbehaving.double, 1).result(PATIENCE)
    calls = [other.submit(misbehaving.slowly, one, 0.2) for one in range(5)]
    other.shutdown(cancel_futures=True)
    assert all(call.done() for call in calls)
    assert calls[-1].cancelled()


def test_a_call_that_was_cancelled_is_not_made(tmp_path: Path) -> None:
    with WorkerPool(1) as pool:
        pool.submit(misbehaving.slowly, 1, 0.2)
        waits = pool.submit(misbehaving.hang)
        assert waits.cancel()
        assert pool.submit(misbehaving.double, 2).result(PATIENCE) == 4


def test_ctrl_c_does_not_reach_workers(capfd: pytest.CaptureFixture[str]) -> None:
    with WorkerPool(1) as pool:
        assert pool.submit(misbehaving.interrupted, 5).result(PATIENCE) == 5
    assert capfd.readouterr().err == ""


def test_ctrl_c_is_kept_from_a_worker_while_it_starts() -> None:
    """As the terminal sends it, to a process that has run no instruction of ours yet."""
    import signal

    with WorkerPool(1) as pool:
        call = pool.submit(misbehaving.double, 5)
        deadline = time.monotonic() + PATIENCE
        while not pool._workers:
            assert time.monotonic() < deadline
        pid = pool._workers[0].process.pid
        assert pid is not None
        os.kill(pid, signal.SIGINT)
        assert call.result(PATIENCE) == 10
