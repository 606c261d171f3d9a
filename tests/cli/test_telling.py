"""What goes to the terminal cannot move its cursor."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from naslib_proxydata.cli import main as entry
from naslib_proxydata.cli.telling import PrintableFormatter, printable_warning, tell
from naslib_proxydata.errors import ProxyDataError

NASTY = "a\x1b[2J\x07b\rc\x9b1m\u202ed\ne"
SHOWN = "a\\x1b[2J\\x07b\\rc\\x9b1m\\u202ed\ne"


@pytest.mark.parametrize("err", [False, True])
def test_what_is_told_is_escaped_and_lines_stay_lines(capsys, err):
    tell(NASTY, err=err)
    told = capsys.readouterr()
    assert (told.err if err else told.out) == SHOWN + "\n"


def test_what_is_logged_is_escaped():
    record = logging.LogRecord("a", logging.WARNING, "f", 1, "%s is damaged", (NASTY,), None)
    line = PrintableFormatter("%(levelname)s %(message)s").format(record)
    assert line == f"WARNING {SHOWN} is damaged"


def test_a_warning_is_escaped():
    """Matplotlib, for one, warns of a character that its font lacks by printing it."""
    assert f": UserWarning: {SHOWN}\n" in printable_warning(NASTY, UserWarning, "plots.py", 1)


def test_warnings_of_the_command_line_are_escaped(tmp_path):
    plugin = tmp_path / "warns.py"
    plugin.write_text(
        f"import warnings\nwarnings.warn({NASTY!r})\n"
        "from naslib_proxydata.hookspecs import hookimpl\n"
        "@hookimpl\n"
        "def register_predictors():\n"
        "    return []\n"
    )
    command = [sys.executable, "-m", "naslib_proxydata.cli", "list", "plugins"]
    done = subprocess.run(
        [*command, "--plugin", str(plugin)], capture_output=True, text=True, check=True
    )
    assert SHOWN.splitlines()[0] in done.stderr


def test_an_error_line_is_escaped(monkeypatch, capsys):
    def fail(*_, **__):
        raise ProxyDataError(NASTY)

    monkeypatch.setattr(entry.group, "main", fail)
    with pytest.raises(SystemExit) as stopped:
        entry.main(["list"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"error: {SHOWN}\n"


@pytest.mark.parametrize("kind", ["predictors", "plugins"])
def test_what_a_plugin_says_of_itself_is_escaped(tmp_path, capfd, kind):
    plugin = tmp_path / "nasty.py"
    plugin.write_text(
        "from naslib_proxydata.hookspecs import Registration, hookimpl\n"
        "@hookimpl\n"
        "def register_predictors():\n"
        f"    return [Registration('nasty', dict, {NASTY!r}, {NASTY!r})]\n"
    )
    with pytest.raises(SystemExit) as stopped:
        entry.main(["list", kind, "--plugin", str(plugin)])
    told = capfd.readouterr()
    assert stopped.value.code == 0, told.err
    assert "nasty" in told.out
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(told.out + told.err)


def test_progress_on_a_terminal_is_escaped(monkeypatch, capsys):
    from naslib_proxydata.cli.progress import shown_progress

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with shown_progress() as progress:
        progress(NASTY, 1, 2)
    assert "\x1b[2J" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["leaderboard", "search", "select", "evolve", "dps", "list"])
def test_the_help_says_that_a_plugin_s_code_is_run(command, capsys):
    with pytest.raises(SystemExit):
        entry.main([command, "--help"])
    assert "runs its code" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["search", "select"])
def test_the_help_says_that_a_module_s_code_is_run(command, capsys):
    with pytest.raises(SystemExit):
        entry.main([command, "--help"])
    assert "module:attribute, whose code is run" in " ".join(capsys.readouterr().out.split())
