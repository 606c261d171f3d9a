"""The run folder: recognised, never half written, never deleted by mistake."""

from __future__ import annotations

import os

import pytest

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.store import ScoreContext, ScoreStore

CONFIG = "n: 100\nseed: [0]\nworkers: 1\nout: here\noverwrite: false\n"


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "one")
    folder.open(CONFIG, overwrite=False)
    return folder


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
    assert sorted(os.listdir(folder.path)) == ["config.yaml", "plots", "summary.md"]
    assert os.listdir(folder.path / "plots") == []
