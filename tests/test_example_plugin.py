"""The sample plugin of the docs, installed as a stranger's distribution would be."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from naslib_proxydata.selection.files import load_selection

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "naslib-proxydata-example"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that sees the plugin, installed by pip without network."""
    folder = tmp_path_factory.mktemp("example")
    source = shutil.copytree(EXAMPLE, folder / "source")
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True)
    # The options of the run around it are not for the plugin's own tests.
    outer = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    path = [str(target), *filter(None, [outer.get("PYTHONPATH")])]
    return {**outer, "PYTHONPATH": os.pathsep.join(path)}


def run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_line_lists_it(installed: dict[str, str]) -> None:
    program = str(Path(sys.executable).with_name("naslib-proxydata"))
    listing = run(installed, program, "list", "predictors")
    assert "convolutions" in listing
    assert "naslib-proxydata-example" in listing
    assert "evenly-spaced" in run(installed, program, "list", "selectors")


def test_its_scorer_and_its_format_make_a_selection(
    installed: dict[str, str], tmp_path: Path
) -> None:
    """Images of 3 x 3 pixels, the later the more contrast."""
    lines = (f"{number % 2},{','.join(['0', str(12 * number)] * 4)},0" for number in range(20))
    (tmp_path / "grey.csv").write_text("\n".join(lines))
    program = str(Path(sys.executable).with_name("naslib-proxydata"))
    command = [program, "select", "--dataset", f"pixel-csv:{tmp_path / 'grey.csv'}", "--size", "4"]
    command += ["--selector", "entropy-top", "--scorer", "contrast", "--set", "scorer.border=0"]
    command += ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "run")]
    assert "4 of 20 examples of grey" in run(installed, *command)
    assert load_selection(tmp_path / "run").indices.tolist() == [16, 17, 18, 19]
    for kind, name in (("scorers", "contrast"), ("datasets", "pixel-csv")):
        assert name in run(installed, program, "list", kind)


def test_its_optimizer_searches(
    installed: dict[str, str], tmp_path: Path, shared_data: Path
) -> None:
    program = str(Path(sys.executable).with_name("naslib-proxydata"))
    command = [program, "evolve", "--optimizer", "local-search", "--set", "optimizer.draws=5"]
    command += ["--queries", "40", "--data-root", str(shared_data), "--out", str(tmp_path / "run")]
    assert "best of 40 true queries" in run(installed, *command)
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["optimizer"] == {"name": "local-search", "draws": 5}
    assert result["versions"]["naslib-proxydata-example"] == "0.1.0"


def test_its_space_is_searched_with_its_pruner_and_its_observer(
    installed: dict[str, str], tmp_path: Path
) -> None:
    program = str(Path(sys.executable).with_name("naslib-proxydata"))
    command = [program, "search", "--space", "tiny-chain", "--dataset", "digits", "--epochs", "1"]
    # After one epoch no label is certain; 0.12 is a little more than a guess among ten.
    command += ["--pruner", "certain", "--set", "pruner.certainty=0.12", "--channels", "4"]
    command += ["--observer", "epoch-table,example", "--out", str(tmp_path / "run")]
    printed = run(installed, *command)
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert f"cell: {result['cell']}" in printed
    assert set(result["cell"].split("|")) <= {"skip", "conv-1x1", "conv-3x3"}
    assert [one["name"] for one in result["acting"]] == ["certain", "epoch-table", "example"]
    assert {one["provided by"] for one in result["acting"]} == {"naslib-proxydata-example 0.1.0"}
    assert result["acting"][0]["settings"] == {"certainty": 0.12, "least": 0.25}
    with open(tmp_path / "run" / "epochs.csv", newline="") as lines:
        ((epoch, _, _, cell),) = csv.reader(lines)
    assert (epoch, cell) == ("1", result["cell"])
    (record,) = json.loads((tmp_path / "run" / "history.json").read_text())
    assert record["left"]["weights"] < 898


def test_python_finds_it_through_its_entry_point(installed: dict[str, str]) -> None:
    program = (
        "from naslib_proxydata import plugins; found = plugins.load();"
        "print(found.provider('predictors', 'convolutions'));"
        "print(found.create('predictors', 'convolutions', weight=2.0).settings())"
    )
    assert run(installed, sys.executable, "-c", program).splitlines() == [
        "plugin 'example' (naslib-proxydata-example 0.1.0)",
        "{'weight': 2.0}",
    ]


def test_it_is_not_seen_where_it_is_not_installed() -> None:
    program = "from naslib_proxydata import plugins; print(plugins.load().names('predictors'))"
    assert "convolutions" not in run(dict(os.environ), sys.executable, "-c", program)


def test_its_metric_is_a_column_of_a_leaderboard(
    installed: dict[str, str], shared_data: Path, tmp_path: Path
) -> None:
    program = str(Path(sys.executable).with_name("naslib-proxydata"))
    command = [program, "leaderboard", "--metrics", "best-of-top", "--predictors", "params"]
    options = ["--n", "20", "--data-root", str(shared_data), "--out", str(tmp_path / "run")]
    assert "best of top" in run(installed, *command, *options)
    with open(tmp_path / "run" / "summary.csv", newline="") as lines:
        best = {row["predictor"]: float(row["best-of-top"]) for row in csv.DictReader(lines)}
    assert set(best) == {"params", "random", "macs"}
    assert all(50 < value < 100 for value in best.values())


def test_it_passes_the_contracts(installed: dict[str, str]) -> None:
    tests = EXAMPLE / "tests"
    report = run(installed, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tests))
    assert "passed" in report
    assert "failed" not in report
