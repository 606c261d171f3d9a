"""The folder of a search inside NASLib: one search at a time; NASLib is not needed for this."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.naslib_bridge import resume


def test_a_second_search_is_refused(tmp_path: Path) -> None:
    with resume.locked(tmp_path):
        with pytest.raises(RunFolderError, match="in use by process"), resume.locked(tmp_path):
            pass
        resume.save(tmp_path, {"identity": {}})
    with resume.locked(tmp_path):
        assert resume.load(tmp_path, {}) == {"identity": {}}


def test_a_folder_that_was_taken_away_is_no_success(tmp_path: Path) -> None:
    def search() -> None:
        with resume.locked(tmp_path):
            shutil.rmtree(tmp_path / resume.SUBFOLDER)
            resume.save(tmp_path, {})

    with pytest.raises(RunFolderError, match="was deleted, moved or replaced"):
        search()


def test_what_killed_writes_left_is_removed(tmp_path: Path) -> None:
    place = tmp_path / resume.SUBFOLDER
    place.mkdir()
    for name in (".checkpoint.pt.0123456789abcdef", ".checkpoint.pt.mine"):
        (place / name).write_text("half")
    with resume.locked(tmp_path):
        pass
    assert os.listdir(place) == [".checkpoint.pt.mine"]


def test_an_architecture_of_another_search_is_never_evaluated(tmp_path: Path) -> None:
    assert resume.load(tmp_path, {"seed": 1}) is None
    resume.save(tmp_path, {"identity": {"seed": 1}, "epoch": 4})
    found = resume.load(tmp_path, {"seed": 1})
    assert found is not None
    assert found["epoch"] == 4
    with pytest.raises(RunFolderError, match="holds another search: seed differ"):
        resume.load(tmp_path, {"seed": 2})
    resume.save(tmp_path, {"epoch": 4})
    with pytest.raises(RunFolderError, match="is damaged"):
        resume.load(tmp_path, {"seed": 1})
