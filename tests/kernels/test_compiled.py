"""Compiling the kernels: once a machine, and never in the way."""

from __future__ import annotations

import os
import shutil

import pytest

from naslib_proxydata.kernels import compiled

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture
def lanes(monkeypatch, tmp_path):
    """``lanes`` as a fresh process sees it, with an empty cache folder."""
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path))
    monkeypatch.delenv("NASLIB_PROXYDATA_COMPILE", raising=False)
    monkeypatch.delenv("CC", raising=False)
    everything = (compiled._library, compiled._function, compiled.lanes)
    for cached in everything:
        cached.cache_clear()
    yield compiled.lanes
    for cached in everything:
        cached.cache_clear()


def libraries(folder):
    return sorted((folder / "kernels").glob("*"))


@needs_compiler
def test_the_library_is_compiled_into_the_cache_folder_and_kept(lanes, tmp_path, monkeypatch):
    assert lanes() in (0, 8, 16)
    (path,) = libraries(tmp_path)
    assert path.suffix == ".so"
    monkeypatch.setattr(compiled, "_compile", lambda *_: pytest.fail("compiled again"))
    compiled._library.cache_clear()
    assert compiled._library() is not None


@needs_compiler
def test_another_source_gets_another_library(lanes, tmp_path, monkeypatch):
    lanes()
    copy = tmp_path / "sources"
    shutil.copytree(compiled._FOLDER, copy)
    (copy / "kernels.h").write_text((copy / "kernels.h").read_text() + "/* changed */\n")
    monkeypatch.setattr(compiled, "_FOLDER", copy)
    compiled._library.cache_clear()
    compiled._library()
    assert len(libraries(tmp_path)) == 2


def test_the_switch_keeps_it_from_compiling(lanes, tmp_path, monkeypatch):
    monkeypatch.setenv("NASLIB_PROXYDATA_COMPILE", "0")
    assert lanes() == 0
    assert not libraries(tmp_path)


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false", "true"])
def test_without_a_working_compiler_there_are_no_kernels(lanes, monkeypatch, compiler):
    """``true`` ends well and writes nothing."""
    monkeypatch.setenv("CC", compiler)
    assert lanes() == 0


@needs_compiler
def test_an_unusable_cache_folder_is_no_error(lanes, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path / "file"))
    assert lanes() == 0


@needs_compiler
def test_a_library_of_another_user_is_not_loaded(lanes, monkeypatch):
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    assert lanes() == 0
