"""Scores as a data file: gathered, put together, and ranked again as the run did."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from naslib_proxydata.assemble import leaderboard
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.config import LeaderboardConfig, resolve
from tests.leaderboard import fake_plugin

TIME = "seconds_per_architecture"
FOLDER = Path(__file__).parents[1] / "benchmarks" / "leaderboards"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


scores = load("scores")
gathered = load("gathering").gathered
evaluations = load("ranked").evaluations
script = load("leaderboard")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a leaderboard on the fake benchmark, without figures."""
    monkeypatch.setattr(leaderboard, "_draw", lambda folder, evaluations: [])

    def run(name, **options):
        values = {
            "benchmark": "numbers",
            "dataset": "one,two",
            "predictors": "counted,summed",
            "n": 40,
            "images": "noise",
            "plugin": [Path(fake_plugin.__file__)],
            "out": tmp_path / name,
            **options,
        }
        return run_leaderboard(resolve(LeaderboardConfig, None, values))

    return run


def config_of(board):
    return resolve(LeaderboardConfig, board.folder / "config.yaml", {})


def plain(row):
    """Return a row's columns as text, nan being equal to itself, but for its time."""
    own = {key: value for key, value in row.plain().items() if not key.endswith("_shared")}
    return {key: str(value) for key, value in own.items() if key != TIME}


def test_stored_scores_give_the_rows_of_the_run(run, tmp_path):
    board = run("run", seed=[0, 1])
    found = gathered(board.folder, None, "abc")
    scores.write_scores(found, tmp_path, "numbers")
    again, absent = evaluations(config_of(board), scores.read_scores(tmp_path, "numbers"))
    assert absent == []
    order = [(row.seed, row.predictor, row.dataset) for row in board.rows]
    ours = {(each.row.seed, each.row.predictor, each.row.dataset): each.row for each in again}
    assert len(ours) == len(order) == 2 * 5 * 2
    assert [plain(ours[key]) for key in order] == [plain(row) for row in board.rows]
    times = [row.plain()[TIME] for row in board.rows]  # to six digits in files
    assert [ours[key].plain()[TIME] for key in order] == pytest.approx(times, rel=1e-5)
    assert {row.metrics["n_shared"] for row in ours.values() if row.dataset == "one"} == {40}


def test_the_files_have_the_same_bytes_and_every_score(run, tmp_path):
    found = gathered(run("run", n="all").folder, None, None)
    for folder in ("one", "two"):
        scores.write_scores(found, tmp_path / folder, "numbers")
    files = ("scores_numbers.csv.gz", "scores_numbers.json")
    one, two = ([(tmp_path / at / file).read_bytes() for file in files] for at in ("one", "two"))
    assert one == two
    read = {each.key: each for each in scores.read_scores(tmp_path / "one", "numbers")}
    for each in found:
        for text, score in each.scores.items():
            kept = read[each.key].scores[text]
            assert (kept.reason, kept.details) == (score.reason, score.details)
            assert kept.value == score.value or (math.isnan(kept.value) and math.isnan(score.value))
    counted = read["numbers", "counted", 0]
    assert counted.scores["0"].value == -math.inf
    assert "exploded" in counted.scores["20"].reason
    assert counted.facts["settings"] == {"offset": 0.0}
    assert counted.facts["run"]["env"]["packages"]["torch"].startswith("2.")
    assert len(counted.facts["run"]["date"]) == len("2026-11-28")


def test_runs_of_one_draw_are_put_together_and_compared_on_what_they_share(run, tmp_path):
    small = run("small", predictors="counted", n=20)
    large = run("large", predictors="params,raw", n=40)
    folders = [small.folder, large.folder]
    found = scores.merged([one for each in folders for one in gathered(each, None, None)])
    assert {one.predictor: len(one.scores) for one in found} == {
        **{"counted": 20, "random": 40, "params": 40, "macs": 40, "raw": 40},
    }
    texts = {one.predictor: list(one.scores) for one in found}
    assert texts["counted"] == texts["raw"][:20]  # a larger draw holds the smaller one
    rows = {
        one.row.predictor: one.row
        for one in evaluations(config_of(large), found)[0]
        if one.row.dataset == "one"
    }
    assert {row.metrics["n_shared"] for row in rows.values()} == {20}
    alone = next(one for one in small.rows if (one.predictor, one.dataset) == ("params", "one"))
    assert rows["params"].n == 40
    assert rows["params"].metrics["spearman_shared"] == pytest.approx(alone.spearman)
    assert rows["counted"].metrics["spearman_shared"] == rows["counted"].spearman


def test_a_score_with_two_values_is_refused(run):
    one = run("one", predictors="counted")
    two = run("two", predictors={"counted": {"offset": 1.0}})
    both = [scored for board in (one, two) for scored in gathered(board.folder, None, None)]
    with pytest.raises(SystemExit, match=r"counted on numbers, seed 0.*in one and .*in two"):
        scores.merged(both)


def test_a_run_that_has_not_ended_gives_what_it_has(run):
    board = run("run")
    (board.folder / "env.json").unlink()
    one = gathered(board.folder, None, None)[0]
    assert one.facts["run"]["measured_on"] is None
    with pytest.raises(SystemExit, match="no run folder"):
        gathered(board.folder.parent / "elsewhere", None, None)


def test_scores_of_two_settings_are_told_apart_by_these(run):
    several = {"counted": {}, "other": {"predictor": "counted", "offset": 5.0}}
    found = {
        one.predictor: one for one in gathered(run("run", predictors=several).folder, None, None)
    }
    value = {name: found[name].scores["50"].value for name in several if "50" in found[name].scores}
    assert not value or value["other"] == pytest.approx(value["counted"] + 5)
    assert found["other"].facts["settings"] == {"offset": 5.0}


def test_a_mean_over_seeds_has_the_interval_of_the_mean(run):
    board = run("run", seed=[0, 1, 2], predictors="counted")
    rows = [row for row in board.rows if (row.predictor, row.dataset) == ("counted", "one")]
    rhos = [row.spearman for row in rows]
    line = script.line(rows)
    half = stats.t.ppf(0.975, 2) * np.std(rhos, ddof=1) / math.sqrt(3)
    assert line["spearman"] == pytest.approx(np.mean(rhos))
    assert line["spearman_low"] == pytest.approx(np.mean(rhos) - half)
    assert line["n_failed"] == sum(row.n_failed for row in rows)
    assert (line["seed"], line["n"]) == ("0 1 2", 40)
    assert str(script.line(rows[:1])) == str(rows[0].plain())  # as text, nan being itself


def test_every_page_of_a_leaderboard_comes_from_the_stored_scores(run, tmp_path, monkeypatch):
    board = run("run")
    monkeypatch.setattr(script, "configured", lambda name, options: config_of(board))
    results = ["--results", str(tmp_path / "results")]
    arguments = ["leaderboard.py", "mr", *results]
    monkeypatch.setattr(sys, "argv", [*arguments, "--runs", str(board.folder), "--commit", "abc"])
    script.main()
    first = {file: file.read_bytes() for file in (tmp_path / "results" / "data").iterdir()}
    assert {file.name for file in first} == {
        *("scores_mr.csv.gz", "scores_mr.json", "leaderboard_mr.csv", "leaderboard_mr.json"),
    }
    assert (tmp_path / "results" / "figures" / "leaderboard_mr.png").exists()
    monkeypatch.setattr(sys, "argv", [*arguments, "--from-scores"])
    script.main()
    again = {file: file.read_bytes() for file in first}
    assert {file.name for file in first if first[file] != again[file]} <= {"leaderboard_mr.csv"}
    monkeypatch.setattr(sys, "argv", ["leaderboard.py", "nds", *results, "--from-scores"])
    with pytest.raises(SystemExit, match=r"no scores of nds: .*run without --from-scores"):
        script.main()
