"""``--json``: one object on the standard output, and nothing else, whatever happens."""

from __future__ import annotations

import json
import math

import click
import numpy as np
import pytest
from click.testing import CliRunner

from naslib_proxydata.cli import main as entry
from naslib_proxydata.cli.json_output import FLAG, _plain, is_asked
from naslib_proxydata.version import installed_version
from tests.cli.test_main import PLUGIN, call

WITHOUT = ("convert", "config")
"""Commands that print no table; a schema is JSON already."""
LOUD = """
print("loud at import")
from naslib_proxydata.hookspecs import Registration, hookimpl
@hookimpl
def register_predictors():
    print("loud in a hook")
    return [Registration("loud", "nowhere:at_all", "says <much>")]
"""


def parsed(result):
    """Return the only thing on the standard output, which must be strict JSON."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads(result.stdout, parse_constant=refuse)
    assert result.stdout.count("\n") == 1
    assert found["version"] == installed_version()
    return found


@pytest.mark.parametrize("name", [name for name in entry.COMMANDS if name not in WITHOUT])
def test_every_command_with_a_table_has_it(name):
    command = entry.group.get_command(click.Context(entry.group), name)
    assert command is not None
    assert FLAG in [option for one in command.params for option in one.opts]


def test_a_leaderboard_prints_its_rows_and_tells_progress_elsewhere(tmp_path):
    result = call(
        *("leaderboard", "--benchmark", "numbers", "--plugin", PLUGIN, "--predictors", "counted"),
        *("--images", "noise", "--out", tmp_path / "run", "--json"),
    )
    assert result.returncode == 0, result.stderr
    found = parsed(result)
    assert set(found) == {"command", "version", "folder", "tables", "notes"}
    assert (found["command"], found["folder"]) == ("leaderboard", str(tmp_path / "run"))
    rows = {row["predictor"]: row for row in found["tables"]["rows"]}
    assert set(rows) == {"counted", "random", "params", "macs"}
    assert rows["counted"]["paper_spearman"] is None  # nan
    assert "INFO numbers counted (seed 0)" in result.stderr
    again = parsed(call("report", tmp_path / "run", "--json"))
    assert again["tables"]["rows"][0] == {"run": "run", **found["tables"]["rows"][0]}
    assert again["tables"]["differences"]


def test_processes_that_are_started_do_not_spoil_it():
    import subprocess
    import sys

    program = """
import subprocess, click
from naslib_proxydata.cli import json_output
with json_output.standard_output_for_json(), click.Context(click.Command("x"), info_name="x"):
    subprocess.run(["echo", "from a child"], check=True)
    json_output.emit({})
print("after it")
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found, after = done.stdout.splitlines()
    assert json.loads(found)["command"] == "x"
    assert after == "after it"
    assert done.stderr == "from a child\n"


def test_a_plugin_that_prints_does_not_spoil_it(tmp_path):
    (tmp_path / "loud.py").write_text(LOUD)
    result = call("list", "predictors", "--plugin", tmp_path / "loud.py", "--json")
    assert result.returncode == 0, result.stderr
    told = {one["name"]: one for one in parsed(result)["tables"]["predictors"]}
    assert "eproxy" in told
    assert "says <much>" in told["loud"].values()
    assert "loud at import" in result.stderr
    assert "loud in a hook" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "command", "kind", "message"),
    [
        (["report", "/nonexistent"], "report", "RunFolderError", "is no folder"),
        (["list", "nonsense"], "list", "ConfigError", "nonsense"),
        (["leaderboard", "--nonsense"], "leaderboard", "NoSuchOption", "--nonsense"),
        (["report"], "report", "MissingParameter", "DIR"),
        (["leaderbord"], "", "UsageError", "Did you mean 'leaderboard'?"),
    ],
)
def test_errors_are_json_too_and_told_on_the_other_stream(arguments, command, kind, message):
    result = call(*arguments, "--json")
    assert result.returncode == 2
    found = parsed(result)
    assert found["command"] == command
    assert found["error"]["kind"] == kind
    assert message in found["error"]["message"]
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_without_it_errors_are_as_they_were():
    result = call("report", "/nonexistent")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: /nonexistent is no folder, so it is no run folder")


def test_a_selection_and_its_plan_are_told(tmp_path):
    result = call("select", "--size", "20", "--out", tmp_path / "chosen", "--json")
    (selection,) = parsed(result)["tables"]["selection"]
    assert (selection["size"], selection["weights"], selection["architecture"]) == (20, 10, 10)


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    import subprocess
    import sys

    command = f"{sys.executable} -m naslib_proxydata.cli list predictors --json | head -c 5"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == '{"com'
    assert "Traceback" not in done.stderr


def test_numbers_that_json_lacks_are_null_or_text():
    given = {"a": math.nan, "b": [math.inf, -math.inf], "c": np.float64(0.5), "d": np.int64(3)}
    assert _plain(given) == {"a": None, "b": ["inf", "-inf"], "c": 0.5, "d": 3}
    assert _plain({"p": PLUGIN, 1: (True, None)}) == {"p": str(PLUGIN), "1": [True, None]}


def test_only_an_option_asks_for_it():
    assert is_asked(["list", "spaces", "--json"])
    assert not is_asked(["train", "--", "--json"])


def test_help_says_so():
    for name in ("leaderboard", "report", "list"):
        result = CliRunner().invoke(entry.group, [name, "--help"])
        assert "--json" in result.output
