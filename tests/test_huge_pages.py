"""Memory in large pages is asked for, and a user's word stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from naslib_proxydata.huge_pages import ask_for_huge_pages
from naslib_proxydata.runs.workers import WorkerPool

VARIABLE = "THP_MEM_ALLOC_ENABLE"


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0")])
def test_what_a_user_has_set_stays(before, after, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    if before is not None:
        monkeypatch.setenv(VARIABLE, before)
    ask_for_huge_pages()
    assert os.environ[VARIABLE] == after
    monkeypatch.setenv(VARIABLE, "1")  # for the fixture to take back what was set here


def test_the_command_line_asks_before_torch_is_loaded():
    program = (
        "import os, sys\n"
        "from naslib_proxydata.cli import main\n"
        "assert 'torch' not in sys.modules\n"
        "try:\n    main.main(['--version'])\nexcept SystemExit:\n    pass\n"
        f"print(os.environ['{VARIABLE}'])\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "1"


def test_a_pool_of_workers_asks_for_them(monkeypatch):
    monkeypatch.setenv(VARIABLE, "0")
    monkeypatch.delenv(VARIABLE)
    with WorkerPool(1):
        assert os.environ[VARIABLE] == "1"
