"""The code version changes with every file that scores depend on, and only then."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from naslib_proxydata import code
from naslib_proxydata.predictors.floors import Params, Random


def test_built_in_predictors_share_the_version_of_the_package():
    assert code.code_version(Random) == code.code_version(Params) == code.code_version()


def test_a_plugin_adds_the_file_it_lives_in(tmp_path):
    def load(text):
        path = tmp_path / "mine.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("mine_for_test", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["mine_for_test"] = module
        spec.loader.exec_module(module)
        return code.code_version(module.Mine)

    source = "from naslib_proxydata.predictors.floors import Params\nclass Mine(Params): pass\n"
    first = load(source)
    assert first != code.code_version()
    assert load(source) == first
    assert load(source + "# changed\n") != first
    mine = sys.modules["mine_for_test"].Mine
    assert code.foreign_code_version(mine) == code.foreign_code_version(mine, Params) != ""
    assert code.foreign_code_version(Params, Random) == "", "nothing of it is from outside"
    del sys.modules["mine_for_test"]


@pytest.mark.parametrize("room", code.ROOMS)
def test_every_room_counts(monkeypatch, tmp_path, room):
    """Over a copy of the package in which one line of one room has changed."""
    import shutil

    shutil.copytree(code._PACKAGE, tmp_path / "copy", ignore=shutil.ignore_patterns("*.pyc"))
    monkeypatch.setattr(code, "_PACKAGE", tmp_path / "copy")
    digest = code._package_digest.__wrapped__
    before = digest()
    path = tmp_path / "copy" / room
    file = path if path.is_file() else sorted(path.rglob("*.py"))[-1]
    file.write_text(file.read_text() + "\n")
    assert digest() != before


def test_rooms_that_scores_do_not_depend_on_do_not_count(monkeypatch, tmp_path):
    import shutil

    shutil.copytree(code._PACKAGE, tmp_path / "copy", ignore=shutil.ignore_patterns("*.pyc"))
    monkeypatch.setattr(code, "_PACKAGE", tmp_path / "copy")
    digest = code._package_digest.__wrapped__
    before = digest()
    (tmp_path / "copy" / "leaderboard" / "report.py").write_text("")
    assert digest() == before
