"""Ctrl-C and SIGTERM as a user sends them: prompt, in one line, and nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.cli.main import COMMANDS, main
from naslib_proxydata.runs.store import ScoreStore
from tests.cli import warm
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)
PATIENCE = 120.0  # seconds, for what takes a few on a calm machine
AT_ONCE = 15.0  # seconds, for what takes a tenth on a calm machine, and for ever where it hangs

Start = Callable[..., "Command"]


class Command:
    """A command in a session of its own, as a terminal runs it, started by ``warm.py``."""

    def __init__(self, starter: subprocess.Popen[str], arguments: list[str], folder: Path) -> None:
        assert starter.stdin is not None
        assert starter.stdout is not None
        self.errors, self.ended = folder / "errors", folder / "ended"
        told = {"arguments": arguments, "errors": str(self.errors), "ended": str(self.ended)}
        starter.stdin.write(json.dumps(told) + "\n")
        starter.stdin.flush()
        self.pid = int(starter.stdout.readline())
        assert self.pid > 1, "a number that signals can be sent to"

    def wait_for(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached():
            assert not self.exit_code(), self.errors.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def interrupt(self, *signals: int) -> int:
        """Send signals to the whole session, as a terminal does; return the exit code."""
        for number in signals:
            os.killpg(self.pid, number)
            time.sleep(0.05)  # two of a kind at the same time are one
        deadline = time.monotonic() + AT_ONCE
        while not (code := self.exit_code()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return int(code)

    def exit_code(self) -> str:
        """Return the exit code, empty while the command runs."""
        return self.ended.read_text() if self.ended.exists() else ""

    def last_line(self) -> str:
        text = self.errors.read_text()
        assert "Traceback" not in text
        assert "Aborted" not in text
        return text.splitlines()[-1]

    def leaves_nothing(self) -> bool:
        """Return whether all processes of the session are gone, or soon are."""
        deadline = time.monotonic() + AT_ONCE
        while self.left():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def left(self) -> list[int]:
        """Return the processes of the session that still run."""
        return [pid for pid, session in sessions() if session == self.pid]


def sessions() -> Iterator[tuple[int, int]]:
    """Yield number and session of every process that runs."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if state not in "ZX":
            yield int(stat.parent.name), int(session)


@pytest.fixture(scope="module", autouse=True)
def interrupts_are_heard() -> Iterator[None]:
    """Undo what a shell does to what it starts in the background: SIGINT is ignored there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def starter() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", warm.__name__]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield process


@pytest.fixture
def start(starter: subprocess.Popen[str], tmp_path: Path) -> Iterator[Start]:
    started: list[Command] = []

    def call(*arguments: object) -> Command:
        started.append(Command(starter, [*map(str, arguments)], tmp_path))
        return started[-1]

    yield call
    for command in started:
        for pid in command.left():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def board(start: Start, tmp_path: Path) -> Start:
    """Start a leaderboard on the fake benchmark with a predictor and its options."""

    def call(predictor: str, *arguments: object, **options: object) -> Command:
        given = {"log": tmp_path / "log", **options}
        settings = [f"predictors.{predictor}.{key}={value}" for key, value in given.items()]
        return start(
            *("leaderboard", "--benchmark", "numbers", "--n", "all", "--images", "noise"),
            *("--predictors", predictor, "--plugin", PLUGIN, "--out", tmp_path / "run"),
            *(part for setting in settings for part in ("--set", setting)),
            *arguments,
        )

    return call


def stored(folder: Path) -> int:
    if not (folder / "scores.sqlite").exists():
        return 0
    with ScoreStore(folder / "scores.sqlite") as store:
        return store.count()


ONE_WORKER = ("--score-time-limit", 1000)  # which only a process of its own keeps


@pytest.mark.parametrize(
    ("number", "workers", "code", "word"),
    [
        (signal.SIGINT, ONE_WORKER, 130, "interrupted"),
        (signal.SIGINT, (), 130, "interrupted"),
        (signal.SIGTERM, ONE_WORKER, 143, "terminated"),
    ],
)
def test_the_first_signal_ends_a_run_in_order(
    board: Start, tmp_path: Path, number: int, workers: tuple[object, ...], code: int, word: str
) -> None:
    command = board("raw", *workers, sleep=0.1)
    command.wait_for(lambda: stored(tmp_path / "run") > 3)
    assert command.interrupt(number) == code
    kept = stored(tmp_path / "run")
    assert command.last_line() == (
        f"{word}: {kept} scores are kept in {tmp_path / 'run'}; the same command goes on from there"
    )
    assert command.leaves_nothing()
    assert 3 < kept < 58


@pytest.mark.parametrize("workers", [(), ONE_WORKER])
def test_the_second_ends_it_at_once_whatever_hangs(
    board: Start, tmp_path: Path, workers: tuple[object, ...]
) -> None:
    command = board("misbehaving", *workers, how="wait", sleep=0)
    log = tmp_path / "log"
    command.wait_for(lambda: log.exists() and "wait" in log.read_text())
    code = command.interrupt(signal.SIGINT, signal.SIGINT)
    assert code in (130, -signal.SIGINT), "the latter while Python was ending"
    command.last_line()
    assert command.leaves_nothing()


def test_a_search_keeps_its_epochs(start: Start, tmp_path: Path) -> None:
    images = tmp_path / "images.npz"
    np.savez(images, images=np.ones((8, 8, 8), dtype=np.uint8), labels=np.arange(8) % 2)
    small = ("--channels", 2, "--cells", 1, "--batch-size", 4, "--epochs", 500)
    command = start("search", "--dataset", images, *small, "--out", tmp_path / "run")
    command.wait_for((tmp_path / "run" / "history.json").exists)
    assert command.interrupt(signal.SIGINT) == 130
    assert command.last_line().startswith("interrupted: ")
    assert "kept in" in command.last_line()


PAPERS = Path(__file__).parents[2] / "benchmarks" / "papers"
ARGUMENTS = {
    "list": ["plugins"],
    "convert": ["letters", "source", "target"],
    "select": ["--size", "10"],
    "evolve": ["--space", "numbers", "--predictor", "counted"],
    "experiment": [str(PAPERS / "bdp-table-4.yaml"), "--dataset", "digits"],
}
WITHOUT_PLUGINS = ("config", "doctor", "report")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in WITHOUT_PLUGINS])
def test_every_command_is_interrupted_in_one_line(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = tmp_path / "interrupting.py"
    plugin.write_text("raise KeyboardInterrupt\n")
    arguments = [command, *ARGUMENTS.get(command, []), "--plugin", str(plugin)]
    out = ["--out", str(tmp_path / "run")] if command not in ("list", "convert") else []
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, *out])
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert (stopped.value.code, printed.out) == (130, "")
    assert line.startswith("interrupted: ")
    assert "the same command" in line
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_report_that_is_interrupted_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def raises(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("naslib_proxydata.assemble.report.make_report", raises)
    with pytest.raises(SystemExit) as stopped:
        main(["report", "runs/any"])
    assert stopped.value.code == 130
    told = "interrupted: run folders are as they were; the same command starts anew\n"
    assert capsys.readouterr().err == told


def test_the_end_of_a_file_is_no_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def raises(*_: object) -> None:
        raise EOFError("Ran out of input")

    monkeypatch.setattr("naslib_proxydata.plugins.load", raises)
    with pytest.raises(SystemExit) as stopped:
        main(["list", "plugins"])
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(
        "error: a file, or what another process sent, ends too early (Ran out of"
    )


def listed_with(
    plugin: Path, begin: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[str]:
    """List plugins, one of them a file's, in a process that calls ``begin`` first."""
    command = [sys.executable, "-m", "naslib_proxydata.cli", "list", "plugins"]
    return subprocess.run(
        [*command, "--plugin", str(plugin)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        preexec_fn=begin,
    )


def test_the_exit_code_is_130_wherever_the_signal_comes(tmp_path: Path) -> None:
    """Inside ``exec``, as dataclasses are made, CPython remembers a plain KeyboardInterrupt."""
    plugin = tmp_path / "interrupting.py"
    plugin.write_text("exec('import os, signal; os.kill(os.getpid(), signal.SIGINT)')\n")
    done = listed_with(plugin)
    assert done.returncode == 130
    assert done.stderr == "interrupted: the same command starts anew\n"


def test_ignored_signals_stay_ignored(tmp_path: Path) -> None:
    """As a shell starts background jobs, and nohup."""
    plugin = tmp_path / "interrupting.py"
    plugin.write_text(
        "import os, signal\n"
        "from naslib_proxydata.hookspecs import hookimpl\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "@hookimpl\n"
        "def register_predictors():\n"
        "    return []\n"
    )
    done = listed_with(plugin, lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert done.returncode == 0, done.stderr
