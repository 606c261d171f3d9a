"""The benchmark scripts can be run and found: their leaderboards, their README, their data root."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from naslib_proxydata import plugins
from naslib_proxydata.config import LeaderboardConfig, resolve
from naslib_proxydata.hookspecs import BenchmarkRegistration

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(BENCHMARKS.rglob("*.py"))
README = (BENCHMARKS / "README.md").read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(BENCHMARKS))


@pytest.mark.parametrize("file", sorted(BENCHMARKS.glob("leaderboards/*.yaml")), ids=name)
def test_a_leaderboard_names_what_there_is(file: Path) -> None:
    config = resolve(LeaderboardConfig, file)
    found = plugins.load()
    for label, settings in config.predictors.items():
        own = {key: value for key, value in settings.items() if key != "predictor"}
        found.create("predictors", settings.get("predictor", label), **own)
    for benchmark in config.suite or config.benchmark:
        registration = found.registration("benchmarks", benchmark)
        assert isinstance(registration, BenchmarkRegistration)
        assert set(config.dataset) <= set(registration.datasets)


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_script_compiles_and_says_how_it_is_run(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    compile(text, str(script), "exec")
    if "__main__" in text:
        assert f"python benchmarks/{name(script)}" in text


def test_the_readme_lists_every_script_and_leaderboard() -> None:
    listed = set(re.findall(r"`([\w/-]+\.(?:py|yaml))", README))
    there = {name(path) for path in [*SCRIPTS, *BENCHMARKS.rglob("*.yaml")]}
    assert there <= listed
    assert all((BENCHMARKS / one).exists() for one in listed if one != "test_results.py")


def test_the_readme_lists_every_page() -> None:
    linked = set(re.findall(r"\]\((\.\./docs/results/[^)]+)\)", README))
    pages = (BENCHMARKS.parent / "docs" / "results").glob("*.md")
    assert {(BENCHMARKS / one).resolve() for one in linked} == set(pages)


def test_where_no_data_root_is_set_it_is_said_what_to_do() -> None:
    program = "import common; common.data_root()"
    environment = {k: v for k, v in os.environ.items() if k != "NASLIB_PROXYDATA_DATA"}
    root = BENCHMARKS.parent
    environment["PYTHONPATH"] = os.pathsep.join([str(BENCHMARKS), str(root)])
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "export NASLIB_PROXYDATA_DATA=FOLDER" in done.stderr
