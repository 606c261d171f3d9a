"""Where the output cannot be written, or not in every letter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

needs_full_device = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="there is no full device"
)


@pytest.fixture
def select(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A selection from images of one's own, which take no import of scikit-learn."""
    file = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(file, images=np.zeros((10, 8, 8, 3), np.uint8), labels=np.arange(10) % 2)
    return f"proxydata select --size 5 --dataset {file}"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which ``proxydata`` is the command line."""
    return subprocess.run(
        ["sh", "-c", command.replace("proxydata", f"{sys.executable} -m naslib_proxydata.cli")],
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
        env={**os.environ, **environment},
    )


@needs_full_device
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["list selectors", "--help"])
def test_a_full_device_is_told_in_a_line(command: str, unbuffered: str) -> None:
    done = shell(f"proxydata {command} > /dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: cannot write to the standard output: No space left on device")


@needs_full_device
def test_what_was_computed_is_there_though_the_output_is_full(tmp_path: Path, select: str) -> None:
    done = shell(f"{select} --out {tmp_path}/run > /dev/full")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: cannot write to the standard output")
    for name in ("selection.npz", "selection.json", "env.json", "summary.md"):
        assert (tmp_path / "run" / name).is_file()


def test_a_closed_output_is_no_error(tmp_path: Path, select: str) -> None:
    done = shell(f"{select} --out {tmp_path}/run <&- >&- 2>&-")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "run" / "summary.md").is_file()
    done = shell("proxydata list selectors >&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_closed_pipe_ends_quietly() -> None:
    done = shell("proxydata list predictors | head -1")
    assert done.stderr == ""


def test_letters_that_the_output_does_not_know_are_escaped(tmp_path: Path, select: str) -> None:
    out = tmp_path / "字"
    plain = {"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}
    done = shell(f"{select} --out {out}", **plain)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert (out / "summary.md").is_file()
    assert "\\u5b57" in done.stdout
    done = shell("proxydata list 字", **plain)
    assert done.returncode == 2
    assert "\\u5b57" in done.stderr


def test_a_folder_whose_name_is_no_text_is_written(tmp_path: Path, select: str) -> None:
    done = shell(f"{select} --plot --out \"$(printf '{tmp_path}/caf\\351')\"")
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.iterdir()
    assert os.fsencode(folder.name) == b"caf\xe9"
    assert (folder / "summary.md").is_file()
