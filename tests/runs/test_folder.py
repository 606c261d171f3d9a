"""The run folder: recognised, never half written, never deleted by mistake."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from tests.damage import damaged, many_copies, refused

CONFIG = "n: 100\nseed: [0]\nworkers: 1\nout: here\noverwrite: false\n"


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "one", results=("checkpoint.pt",))
    folder.open(CONFIG, overwrite=False)
    yield folder
    folder.close()


def test_a_run_goes_on_in_its_folder_whatever_the_workers(folder):
    (folder.path / "scores.sqlite").write_text("kept")
    folder.open(CONFIG.replace("workers: 1", "workers: 8"), overwrite=False)
    assert (folder.path / "scores.sqlite").read_text() == "kept"


def test_another_configuration_is_refused_by_what_differs(folder):
    with ScoreStore(folder.scores) as store:
        store.add(ScoreContext("space", "p", "{}", 0, "i", 32, 10, "cpu", "c"), {"a": Score(1.0)})
    with pytest.raises(RunFolderError, match=r"n: 100 there, 200 now.*--overwrite"):
        folder.open(CONFIG.replace("100", "200"), overwrite=False)


def test_a_run_without_a_single_score_gives_way_to_another_configuration(folder):
    ScoreStore(folder.scores).close()
    folder.open(CONFIG.replace("100", "200"), overwrite=False)
    assert "200" in (folder.path / "config.yaml").read_text()


def test_overwrite_deletes_the_run_and_nothing_else(folder):
    for name in ("scores.sqlite", "scores.sqlite-wal", "summary.md", "notes.txt"):
        (folder.path / name).write_text("old")
    folder.write("plots/a.png", "old")
    folder.open(CONFIG.replace("100", "200"), overwrite=True)
    folder.close()
    assert sorted(os.listdir(folder.path)) == ["config.yaml", "notes.txt"]
    assert "200" in (folder.path / "config.yaml").read_text()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_something_else_is_left_alone(tmp_path, overwrite):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunFolderError, match="no run folder"):
        RunFolder(tmp_path).open(CONFIG, overwrite=overwrite)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_damaged_configuration_is_told(folder):
    (folder.path / "config.yaml").write_text("n: [")
    with pytest.raises(RunFolderError, match=r"config.yaml is damaged.*--overwrite"):
        folder.open(CONFIG, overwrite=False)


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot create the run folder"):
        RunFolder(tmp_path / "file" / "run").open(CONFIG, overwrite=False)


def test_a_write_that_fails_leaves_the_old_file(folder):
    class Full:
        def savefig(self, file, **_):
            file.write(b"half")
            raise OSError(28, "No space left on device")

    folder.write("summary.md", "old")
    with pytest.raises(RunFolderError, match="No space left on device; nothing was changed there"):
        folder.draw("history", Full())
    assert (folder.path / "summary.md").read_text() == "old"
    assert sorted(os.listdir(folder.path)) == [".lock", "config.yaml", "plots", "summary.md"]
    assert os.listdir(folder.path / "plots") == []


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_in_use_is_refused_and_left_as_it_is(folder, overwrite):
    with ScoreStore(folder.scores) as store:
        store.add(ScoreContext("space", "p", "{}", 0, "i", 32, 10, "cpu", "c"), {"a": Score(1.0)})
        second = RunFolder(folder.path, folder.results)
        with pytest.raises(
            RunFolderError, match=rf"in use by process {os.getpid()} on .* since 20"
        ):
            second.open(CONFIG, overwrite=overwrite)
        assert store.count() == 1
    folder.check_in_place()
    folder.close()
    second.open(CONFIG, overwrite=False)
    second.close()


def deleted(path: Path) -> None:
    shutil.rmtree(path)


def replaced(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.mkdir()
    (path / "config.yaml").write_text(CONFIG)


def moved(path: Path) -> None:
    path.rename(path.with_name("moved"))


def emptied(path: Path) -> None:
    for file in path.glob("*"):  # as rm FOLDER/* does, which leaves hidden files
        file.unlink()


@pytest.mark.parametrize("happens", [deleted, replaced, moved, emptied])
def test_a_folder_that_is_taken_away_is_noticed(folder, happens):
    happens(folder.path)
    for write in (
        folder.check_in_place,
        lambda: folder.write("summary.md", "done"),
        lambda: folder.draw("history", None),
    ):
        with pytest.raises(RunFolderError, match="was deleted, moved, replaced or emptied while"):
            write()
    assert not (folder.path / "summary.md").exists()


def test_a_score_store_that_is_taken_away_is_noticed_at_the_next_score(folder):
    context = ScoreContext("space", "p", "{}", 0, "i", 32, 10, "cpu", "c")
    with ScoreStore(folder.scores) as store:
        store.add(context, {"a": Score(1.0)})
        folder.scores.unlink()
        with pytest.raises(RunFolderError, match="was deleted or replaced while the run"):
            store.add(context, {"b": Score(1.0)})


def test_what_killed_writes_left_is_removed_and_nothing_else(folder):
    (folder.path / "plots").mkdir()
    left = (
        ".config.yaml.0123456789abcdef",
        ".checkpoint.pt.0123456789abcdef",
        "plots/.cost.png.0123456789abcdef",
    )
    others = (".config.yaml.original", ".notes.txt.0123456789abcdef", ".config.yaml.0123")
    for name in (*left, *others):
        (folder.path / name).write_text("half")
    folder.open(CONFIG, overwrite=False)
    assert not any((folder.path / name).exists() for name in left)
    assert all((folder.path / name).exists() for name in others)


@pytest.mark.parametrize(
    "content",
    [
        b"n: [",
        b"\xff\xfe",
        b"just a text",
        b"- a\n- list",
        b"",
        b"[" * 5000,
        b"n: 1\nn: 2\n",
        b"n: !!python/object:os.system {}",
        b"x: " + b"y" * 2**21,
        b"\x1b[2J: \x00",
    ],
)
def test_a_damaged_configuration_is_a_sentence(folder, content):
    (folder.path / "config.yaml").write_bytes(content)
    with pytest.raises(RunFolderError, match=r"config.yaml is damaged.*--overwrite") as told:
        folder.open(CONFIG, overwrite=False)
    assert str(told.value).isprintable()
    folder.open(CONFIG, overwrite=True)


@many_copies
@given(damaged(CONFIG.encode()))
def test_a_configuration_with_any_damage_is_taken_or_refused(tmp_path, copy):
    folder = RunFolder(tmp_path / "copy")
    (tmp_path / "copy").mkdir(exist_ok=True)
    (tmp_path / "copy" / "config.yaml").write_bytes(copy)
    refused(lambda: folder.open(CONFIG, overwrite=False), "config.yaml of a run folder")
    folder.close()


@pytest.mark.parametrize("name", ["../../out", "/tmp/out", "..", "a/b", "con", "x" * 300, "\x00\n"])
def test_a_figure_stays_in_its_folder_whatever_it_is_called(folder, name):
    class Figure:
        def savefig(self, file, **_):
            file.write(b"png")

    written = folder.draw(name, Figure())
    assert (folder.path / written).read_bytes() == b"png"
    assert (folder.path / written).resolve().parent == (folder.path / "plots").resolve()
