"""Compiling the kernels: once a machine, and never in the way."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from naslib_proxydata import plugins
from naslib_proxydata.cli.main import group
from naslib_proxydata.config import SelectConfig, resolve
from naslib_proxydata.kernels import compiled
from naslib_proxydata.private import create_private
from naslib_proxydata.runs.environment import environment

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture
def lanes(monkeypatch, tmp_path):
    """``lanes`` as a fresh process sees it, with an empty cache folder."""
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path))
    monkeypatch.delenv("NASLIB_PROXYDATA_COMPILE", raising=False)
    monkeypatch.delenv("CC", raising=False)
    quick = ["-O0" if flag == "-O3" else flag for flag in compiled._FLAGS]
    monkeypatch.setattr(compiled, "_FLAGS", quick)
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


def fresh_process() -> None:
    for cached in (compiled._library, compiled._function, compiled.lanes):
        cached.cache_clear()


@pytest.fixture
def library(lanes, tmp_path):
    """The path of a library that was compiled before this process asks for it."""
    lanes()
    (path,) = libraries(tmp_path)
    fresh_process()
    return path


@needs_compiler
def test_another_user_can_neither_read_nor_write_what_is_compiled(lanes, tmp_path, monkeypatch):
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path / "new" / "cache"))
    before = os.umask(0)
    try:
        lanes()
    finally:
        os.umask(before)
    (path,) = libraries(tmp_path / "new" / "cache")
    modes = [one.stat().st_mode & 0o777 for one in (path, *list(path.parents)[:3])]
    assert modes == [0o600, 0o700, 0o700, 0o700]


@needs_compiler
@pytest.mark.parametrize("what", ["library", "its folder", "a folder above"])
def test_a_library_that_others_could_have_written_is_not_loaded(
    library, lanes, caplog, monkeypatch, what
):
    place = {"library": library, "its folder": library.parent, "a folder above": library.parents[1]}
    before = place[what].stat().st_mode
    place[what].chmod(0o777)
    monkeypatch.setattr(compiled, "load", never_loads(compiled.load))
    assert lanes() == 0
    place[what].chmod(before)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"{place[what]} can be written by" in record.message
    assert "chmod" in record.message
    assert compiled.why_off() in record.message
    assert library.is_file()


def never_loads(load):
    """Return a loader that fails where it comes as far as loading."""

    def guarded(path):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ctypes, "CDLL", lambda _: pytest.fail("loaded"))
            return load(path)

    return guarded


@needs_compiler
def test_a_folder_like_tmp_above_its_own_is_fine(library, lanes):
    library.parents[1].chmod(0o1777)
    assert lanes() == compiled.call("lanes")
    library.parents[1].chmod(0o700)


@needs_compiler
def test_a_library_of_another_user_is_not_loaded(library, lanes, monkeypatch, caplog):
    if os.getuid() == 0:
        os.chown(library, 12345, -1)
    else:
        mine = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    assert lanes() == 0
    assert "belongs to someone else" in caplog.text


@needs_compiler
def test_a_link_in_the_place_of_a_library_is_not_followed(library, lanes, caplog):
    library.rename(library.with_name("elsewhere"))
    library.symlink_to("elsewhere")
    assert lanes() == 0
    assert "symbolic link" in caplog.text


@needs_compiler
@pytest.mark.parametrize("damage", [lambda c: c[: len(c) // 2], lambda _: b"", lambda c: c + b"x"])
def test_a_damaged_library_is_compiled_again_once(library, lanes, monkeypatch, caplog, damage):
    """Half of a library would be a crash without a word."""
    content = library.read_bytes()
    library.unlink()  # the one that this process has loaded stays whole: else SIGBUS at its end
    with create_private(library) as file:
        file.write(damage(content))
    compilations = []
    compile_it = compiled._compile
    monkeypatch.setattr(
        compiled, "_compile", lambda *given: compilations.append(1) or compile_it(*given)
    )
    expected = lanes()
    assert expected in (0, 8, 16)
    assert f"{library} is damaged" in caplog.text
    assert library.read_bytes() == content
    fresh_process()
    assert lanes() == expected
    assert compilations == [1]


@needs_compiler
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "invalid ELF header|file too short"),  # a compiler that writes no library
        ("long other;", "undefined symbol"),
        ("__attribute__((constructor)) static void die(void) { *(volatile int *)0 = 1; }", "crash"),
    ],
)
def test_what_cannot_be_used_is_never_kept(lanes, tmp_path, monkeypatch, caplog, source, reason):
    """It is tried in another process, which may die."""
    (tmp_path / "other.c").write_text(source or "")
    build = f"exec cc -shared -fPIC {tmp_path}/other.c -o $out" if source else "echo no > $out"
    script = tmp_path / "compiler"
    script.write_text(
        f"""#!/bin/sh
        case "$*" in *-dM*) exec cc "$@";; esac
        while [ "$1" != -o ]; do shift; done
        out=$2
        {build}
        """
    )
    script.chmod(0o700)
    monkeypatch.setenv("CC", str(script))
    assert lanes() == 0
    assert re.search(reason, compiled.why_off()), compiled.why_off()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert not libraries(tmp_path)


@needs_compiler
def test_a_compiler_may_have_several_words(lanes, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", "env 'LANG=C' cc")
    expected = lanes()
    assert len(libraries(tmp_path)) == 1
    fresh_process()
    monkeypatch.delenv("CC")
    assert lanes() == expected


@needs_compiler
def test_a_full_or_absent_folder_for_scratch_files_does_not_matter(lanes, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "absent"))
    lanes()
    assert len(libraries(tmp_path)) == 1


@pytest.mark.parametrize(
    ("variable", "value", "reason", "level"),
    [
        ("NASLIB_PROXYDATA_COMPILE", "0", "is 0", "INFO"),
        ("PATH", "", "no C compiler cc", "INFO"),
        ("CC", "no-such-compiler", "no C compiler no-such-compiler", "WARNING"),
        ("CC", "false", "exit status 1", "WARNING"),
        ("CC", "'ccache gcc", "No closing quotation", "WARNING"),
    ],
)
def test_why_there_are_no_kernels_is_logged_once_and_kept(
    lanes, monkeypatch, caplog, variable, value, reason, level
):
    monkeypatch.setenv(variable, value)
    caplog.set_level("INFO", compiled.__name__)
    assert lanes() == 0
    assert lanes() == 0
    assert [record.levelname for record in caplog.records] == [level]
    assert reason in caplog.text
    assert reason in compiled.why_off()


def test_doctor_and_the_environment_say_why(lanes, monkeypatch):
    monkeypatch.setenv("NASLIB_PROXYDATA_COMPILE", "0")
    said = CliRunner().invoke(group, ["doctor"]).output
    assert "off     compiled kernels: NASLIB_PROXYDATA_COMPILE is 0" in said
    config = resolve(SelectConfig, None, {"size": 5})
    env = environment(config, plugins.load())
    assert env["compiled_kernels_off"] == "NASLIB_PROXYDATA_COMPILE is 0"
    assert env["compiled_kernels"] is False


def test_no_home_folder_is_no_error(lanes, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NASLIB_PROXYDATA_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert lanes() == 0
    assert compiled.why_off()
