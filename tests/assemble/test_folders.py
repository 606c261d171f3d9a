"""What every command does with its folder: alone in it, and no success where it was taken away."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

import naslib_proxydata
from naslib_proxydata.assemble import select as select_room
from naslib_proxydata.assemble.evolve import run_evolve
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.assemble.search import run_search
from naslib_proxydata.assemble.select import run_select
from naslib_proxydata.cli.main import main
from naslib_proxydata.config import (
    EvolveConfig,
    LeaderboardConfig,
    SearchConfig,
    SelectConfig,
    resolve,
)
from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.hookspecs import hookimpl
from naslib_proxydata.runs.lock import FolderLock
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)
TINY = {"channels": 2, "cells": 1, "training": {"epochs": 2}}

COMMANDS = {
    "leaderboard": (
        *("--benchmark", "numbers", "--predictors", "counted", "--images", "noise"),
        *("--plugin", PLUGIN),
    ),
    "evolve": (
        *("--space", "numbers", "--predictor", "counted", "--images", "noise"),
        *("--plugin", PLUGIN),
    ),
    "select": ("--dataset", "digits", "--size", 20),
    "search": ("--dataset", "digits", "--epochs", 1, "--channels", 2, "--cells", 1),
    "dps": ("--benchmark", "nb201", "--labels", 10, "--cycles", 10),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)], ids=["", "overwrite"])
def test_a_folder_in_use_is_refused_by_every_command(command, overwrite, tmp_path, capsys, request):
    if command == "dps":
        request.getfixturevalue("shared_data")
    run = tmp_path / "run"
    run.mkdir()
    with FolderLock(run):
        (run / "config.yaml").write_text("out: run")
        (run / "scores.sqlite").write_text("of the run that is running")
        before = {path.name: path.read_bytes() for path in run.iterdir()}
        arguments = (command, *COMMANDS[command], *overwrite, "--out", run)
        with pytest.raises(SystemExit) as stopped:
            main([str(one) for one in arguments])
        assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    assert stopped.value.code == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"error: {run} is in use by process ")


def test_two_runs_of_one_process_do_not_share_a_folder(tmp_path):
    """The second is refused while the first computes, and the first ends as ever."""
    out = tmp_path / "run"
    refused = []

    def again(title, done, total):
        if done == 0:
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()

    def second():
        try:
            rank(n=20)
        except RunFolderError as error:
            refused.append(str(error))

    def rank(n=10, progress=None):
        return naslib_proxydata.rank(
            "numbers", "counted", n, images="noise", plugin=[PLUGIN], out=out, progress=progress
        )

    board = rank(progress=again)
    assert refused
    assert all("is in use by process" in one for one in refused)
    assert (out / "summary.md").is_file()
    assert rank().computed == 0
    assert len(board.rows) == 4


class Takes:
    """Takes a folder away when a search ends its first epoch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @hookimpl
    def epoch_finished(self, epoch: int) -> None:
        shutil.rmtree(self.folder)


def leaderboard(out, take, monkeypatch):
    values = {"benchmark": "numbers", "predictors": "counted", "images": "noise"}
    config = resolve(LeaderboardConfig, None, {**values, "plugin": [PLUGIN], "out": out})
    run_leaderboard(config, progress=lambda title, done, total: done == total and take())


def evolve(out, take, monkeypatch):
    values = {"space": "numbers", "predictor": "counted", "images": "noise"}
    config = resolve(EvolveConfig, None, {**values, "plugin": [PLUGIN], "out": out})
    run_evolve(config, progress=lambda title, done, total: done == total and take())


def search(out, take, monkeypatch):
    config = resolve(SearchConfig, None, {**TINY, "dataset": "digits", "out": out})
    run_search(config, Takes(out))


def select(out, take, monkeypatch):
    choose = select_room.make_selection

    def chosen(*arguments, **options):
        take()
        return choose(*arguments, **options)

    monkeypatch.setattr(select_room, "make_selection", chosen)
    run_select(resolve(SelectConfig, None, {"dataset": "digits", "size": 20, "out": out}))


@pytest.mark.parametrize("run", [leaderboard, evolve, search, select])
@pytest.mark.parametrize("replaced", [False, True])
def test_no_success_where_the_folder_was_taken_away(run, replaced, tmp_path, monkeypatch):
    out = tmp_path / "run"

    def take():
        if out.exists():
            shutil.rmtree(out)
        if replaced:
            out.mkdir()
            (out / "config.yaml").write_text("another run")

    with pytest.raises(RunFolderError, match=r"was deleted.*while the run .*; run the same"):
        run(out, take, monkeypatch)
    assert not (out / "summary.md").exists()


HOSTILE = """
from naslib_proxydata.hookspecs import BenchmarkRegistration, Registration, hookimpl
from tests.leaderboard.fake_plugin import Counted, NumbersTable
NAMES = ("../../out", "..", "/tmp/naslib_proxydata_out", "a|b", "a\\nb", "\\x1b[2J\\x07", "con",
         "=1+1", "")
class Table(NumbersTable):
    label = "La\\x1b[2Jbel | of\\nall"
    source = "\\x1b]0;owned\\x07"
    def columns(self):
        return {name: ("test_accuracy",) for name in NAMES}
@hookimpl
def register_benchmarks():
    return [BenchmarkRegistration("hostile", lambda root: Table("hostile"), "numbers")]
@hookimpl
def register_metrics():
    return [Registration("odd", Odd, "od\\x1b[2Jd")]
class Odd:
    pass
"""


@pytest.mark.usefixtures("unarranged_figures")
@pytest.mark.filterwarnings("ignore:Glyph")
def test_hostile_names_neither_leave_the_folder_nor_reach_the_terminal(tmp_path, capfd):
    plugin = tmp_path / "hostile.py"
    plugin.write_text(HOSTILE.replace("\\\\", "\\"))
    config = tmp_path / "config.yaml"
    config.write_text(
        "predictors:\n"
        '  "\\e[2J../../label|x": {predictor: counted}\n'
        "dataset: ['../../out', '..', '/tmp/naslib_proxydata_out', 'a|b', \"a\\nb\", "
        "\"\\e[2J\\a\", con, '=1+1', '']\n"
        "benchmark: hostile\nn: 12\nimages: noise\n"
    )
    out = tmp_path / "deep" / "deeper" / "run"
    files = [part for one in (PLUGIN, plugin) for part in ("--plugin", str(one))]
    with pytest.raises(SystemExit) as stopped:
        main(["leaderboard", "--config", str(config), *files, "--out", str(out)])
    told = capfd.readouterr()
    assert stopped.value.code == 0, told.err
    assert not {"\x1b", "\x07"} & set(told.out + told.err)
    figures = sorted(path.name for path in (out / "plots").iterdir())
    assert len(figures) == 3 * 9
    assert not Path("/tmp/naslib_proxydata_out").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "deep", "hostile.py"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["deeper"]
    assert [path.name for path in (tmp_path / "deep" / "deeper").iterdir()] == ["run"]
    report = (out / "summary.md").read_text()
    assert not {"\x1b", "\x07"} & set(report)
    for table in report.split("\n\n"):
        if table.startswith("| "):
            bars = {line.replace("\\|", "").count("|") for line in table.splitlines()}
            assert len(bars) == 1, table
