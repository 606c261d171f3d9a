"""Where the cache lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from naslib_proxydata.cache import CACHE_VARIABLE, cache_folder
from naslib_proxydata.errors import FileError


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user is a number."""

    def no_home(*_: object) -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(Path, "expanduser", lambda path: no_home() if "~" in str(path) else path)
    for name in (CACHE_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_the_variable_is_enough_without_a_home(
    homeless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "naslib-proxydata"


def test_without_home_and_variable_it_is_told(homeless: None) -> None:
    with pytest.raises(FileError, match=f"no home folder .* set {CACHE_VARIABLE}"):
        cache_folder()


def test_without_home_a_tilde_is_told(homeless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, "~/cache")
    with pytest.raises(FileError, match="no home folder is known for ~/cache"):
        cache_folder()


def test_tilde_and_relative_paths_are_made_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CACHE_VARIABLE, "~/cache")
    assert cache_folder() == tmp_path / "home" / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, "here/cache")
    assert cache_folder() == tmp_path / "here" / "cache"
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative, so to be ignored")
    assert cache_folder() == tmp_path / "home" / ".cache" / "naslib-proxydata"
