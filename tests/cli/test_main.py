"""The command line as a user meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from naslib_proxydata.cli import main as entry
from naslib_proxydata.cli.interrupts import Interrupts
from naslib_proxydata.cli.together import SHARED
from naslib_proxydata.errors import ConfigError
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)


def call(*arguments, **options):
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "naslib_proxydata.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def invoke(*arguments):
    """Run the command line in this process; errors are raised, not told."""
    return CliRunner().invoke(entry.group, [str(one) for one in arguments])


def test_help_names_every_command_and_is_quick():
    seconds = []
    for _ in range(3):
        started = time.process_time_ns(), os.times()
        result = call("--help")
        ended = os.times()
        seconds.append(
            ended.children_user
            + ended.children_system
            - started[1].children_user
            - started[1].children_system
        )
    assert result.returncode == 0
    for name, command in entry.COMMANDS.items():
        assert name in result.stdout
        assert command.summary in result.stdout
    assert min(seconds) < 0.5  # of processor time; the wall clock is others' as well


@pytest.mark.parametrize("arguments", [["--help"], ["leaderboard", "--help"], ["list", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    program = f"""
import sys
from naslib_proxydata.cli.main import main
try:
    main({arguments!r})
except SystemExit as end:
    assert not end.code
heavy = {{"torch", "scipy", "sklearn", "matplotlib", "numpy", "pydantic"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", entry.COMMANDS)
def test_every_command_has_help_that_begins_as_its_summary(name):
    result = invoke(name, "--help")
    assert result.exit_code == 0
    first = entry.COMMANDS[name].summary.split()[0]
    assert first[:4].lower() in result.output.lower()


def test_what_the_user_can_put_right_is_told_without_traceback(tmp_path):
    result = call("leaderboard", "--set", "wrokers=2", "--out", tmp_path / "run")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: configuration: unknown key 'wrokers'. Did you mean")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "run").exists()


def test_unknown_commands_name_the_closest():
    result = invoke("leaderbord")
    assert result.exit_code == 2
    assert "Did you mean 'leaderboard'?" in result.output


def test_a_plugin_that_raises_is_told(tmp_path):
    (tmp_path / "bad.py").write_text("raise RuntimeError('broken')")
    result = call("list", "plugins", "--plugin", tmp_path / "bad.py")
    assert result.returncode == 2
    assert "broken" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unwritable_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    result = call(
        *("leaderboard", "--benchmark", "numbers", "--plugin", PLUGIN, "--predictors", "random"),
        *("--out", tmp_path / "file" / "run"),
    )
    assert result.returncode == 2
    assert "cannot create the run folder" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_leaderboard_from_options_equals_one_from_a_file(tmp_path):
    options = {
        "benchmark": "numbers",
        "dataset": "one",
        "metric": "test_accuracy",
        "predictors": "counted",
        "n": "20",
        "seed": "0,1",
        "workers": "1",
        "device": "cpu",
        "images": "noise",
        "plugin": str(PLUGIN),
    }
    flags = [part for key, value in options.items() for part in (f"--{key}", value)]
    result = invoke("leaderboard", *flags, "--out", tmp_path / "a")
    assert result.exit_code == 0, result.output
    assert "counted" in result.output
    assert "scores computed now" in result.output
    config = tmp_path / "run.yaml"
    config.write_text(json.dumps({**options, "plugin": [str(PLUGIN)], "n": 5}))  # JSON is YAML
    second = tmp_path / "b"
    result = invoke("leaderboard", "--config", config, "--set", "n=20", "--out", second)
    assert result.exit_code == 0, result.output

    def read(folder):
        text = (folder / "summary.csv").read_text()
        return [line.split(",")[:13] for line in text.splitlines()]

    assert read(tmp_path / "a") == read(second)
    # The folder's own configuration repeats the run, and has nothing left to do.
    result = invoke("leaderboard", "--config", second / "config.yaml")
    assert "0 scores computed now" in result.output


def test_progress_is_logged_where_there_is_no_terminal(tmp_path):
    result = call(
        *("leaderboard", "--benchmark", "numbers", "--plugin", PLUGIN, "--predictors", "counted"),
        *("--images", "noise", "--out", tmp_path / "run"),
    )
    assert result.returncode == 0, result.stderr
    assert "INFO numbers counted (seed 0): 0 of 30\n" in result.stderr
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("plugins", ["naslib_proxydata.predictors.plugin", "fake_plugin"]),
        ("predictors", ["eproxy", "arXiv 2210.09459", "naslib-proxydata", "counted"]),
        ("benchmarks", ["nb201", "arXiv 2001.00326", "numbers"]),
        ("spaces", ["nb201", "numbers"]),
        ("selectors", ["name", "provided by"]),
    ],
)
def test_list_names_what_is_there_with_paper_and_provider(kind, expected):
    result = invoke("list", kind, "--plugin", PLUGIN)
    assert result.exit_code == 0, result.output
    for text in expected:
        assert text in result.output


def test_config_schema_is_the_schema_of_the_file():
    schema = json.loads(invoke("config", "schema").output)
    assert "barrier" not in schema["properties"]
    assert {"benchmark", "predictors", "n", "seed", "workers"} <= set(schema["properties"])
    assert all("description" in one for one in schema["properties"].values())
    result = invoke("config", "schema", "leaderbord")
    assert isinstance(result.exception, ConfigError)
    assert "Did you mean 'leaderboard'" in str(result.exception)


def test_convert_writes_the_compact_table(shared_data, tmp_path):
    target = tmp_path / "small.npz"
    result = invoke("convert", "nb201", shared_data / "nb201.npz", target)
    assert result.exit_code == 0, result.output
    assert target.is_file()
    assert f"wrote {target}" in result.output


def test_a_plugin_registers_how_its_benchmark_is_converted(tmp_path):
    plugin = tmp_path / "counting.py"
    plugin.write_text(
        "from naslib_proxydata.hookspecs import BenchmarkRegistration, hookimpl\n"
        "def convert(source, target):\n"
        "    target.write_text(source.read_text().upper())\n"
        "    return ['record 3']\n"
        "@hookimpl\n"
        "def register_benchmarks():\n"
        "    return [BenchmarkRegistration('letters', None, 'letters', convert=convert),\n"
        "            BenchmarkRegistration('lost', None, 'lost', convert='nowhere:convert')]\n"
    )
    (tmp_path / "source").write_text("abc")
    result = invoke(
        "convert", "letters", tmp_path / "source", tmp_path / "target", "--plugin", plugin
    )
    assert result.exit_code == 0, result.output
    assert (tmp_path / "target").read_text() == "ABC"
    assert "skipped: record 3" in result.output
    result = invoke("convert", "lost", "a", "b", "--plugin", plugin)
    assert "converter 'nowhere:convert' of 'lost' cannot be imported" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nb102", "a", "b.npz"], "unknown benchmark 'nb102'"),
        (["nb201", "/nonexistent", "b.npz"], "there is no /nonexistent"),
        (["nb201", "a", "b.npz", "--skip-damaged"], "takes no --skip-damaged"),
        (["numbers", "a", "b.npz"], "benchmark 'numbers' has no converter"),
        (["darts", "a", "b.npz"], "Benchmarks with one: nb201, nb101, transnas-micro"),
    ],
)
def test_conversions_that_cannot_be_are_told(arguments, message):
    result = call("convert", *arguments, "--plugin", PLUGIN)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_handler_of_a_library_in_c_is_no_obstacle(monkeypatch):
    """Python knows it as None, which it cannot put back."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    try:
        with Interrupts() as interrupts:
            pass
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert interrupts.received is None


@pytest.mark.parametrize("command", [name for name in entry.COMMANDS if name not in SHARED])
def test_only_searches_and_trainings_are_shared_by_processes(monkeypatch, capsys, command):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(SystemExit) as end:
        entry.main([command, "--out", "never"])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert f"error: torchrun has started '{command}' in 2 processes (WORLD_SIZE), of which" in told
    assert not Path("never").exists()


def test_a_number_of_processes_that_is_none_is_a_sentence(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(SystemExit) as end:
        entry.main(["search", "--out", "never"])
    assert end.value.code == 2
    assert "error: the environment variable WORLD_SIZE is 'two'" in capsys.readouterr().err
    assert not Path("never").exists()


def test_a_search_and_a_single_process_are_not_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert invoke("search", "--help").exit_code == 0
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert invoke("select", "--help").exit_code == 0
