"""Leaderboards that go on in their folder, threads, and options of rows that are always shown."""

from __future__ import annotations

import csv
import json
import sqlite3
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch

from naslib_proxydata.assemble import leaderboard
from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.predictors.few_label.structure import FewLabelStructure
from naslib_proxydata.runs import evaluate


def summary(board):
    with open(board.folder / "summary.csv", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        del row["seconds_per_architecture"]  # differs from run to run
    return rows


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ({"n": 10}, {"n": 25}),
        ({"n": 10}, {"n": "all"}),
        ({"n": 20, "labels": 5, "draws": 2}, {"n": 20, "labels": 5, "draws": 4}),
        ({"n": 20, "labels": 5, "draws": 2}, {"n": 30, "labels": 5, "draws": 4}),
    ],
)
def test_a_larger_run_goes_on_and_ends_as_a_fresh_one(board_of, scored, tmp_path, small, large):
    board_of(**small)
    before = scored()
    extended = board_of(**large)
    new = scored() - before
    fresh = board_of(**large, out=tmp_path / "fresh")
    assert new + before == scored() - new - before, "what was scored was not scored again"
    assert summary(extended) == summary(fresh)


@pytest.mark.parametrize("change", [{"n": 9}, {"draws": 2}, {"seed": [1]}, {"labels": 4}])
def test_smaller_and_other_runs_are_refused(board_of, scored, change):
    options = {"n": 20, "labels": 5, "draws": 3}
    board_of(**options)
    before = scored()
    with pytest.raises(RunFolderError, match=f"{next(iter(change))}: .* there, .* now"):
        board_of(**{**options, **change})
    assert scored() == before
    anew = board_of(**{**options, **change}, overwrite=True)
    assert anew.computed > 0
    assert scored() > before


def devices(folder):
    with sqlite3.connect(folder / "scores.sqlite") as store:
        return {device for (device,) in store.execute("SELECT device FROM contexts")}


def test_threads_are_recorded_and_their_scores_kept_apart(board_of, scored, monkeypatch, tmp_path):
    used = []
    numbers = evaluate.score_chunk

    def watched(setup, texts, threads=1):
        used.append(threads)
        return numbers(setup, texts, threads)

    monkeypatch.setattr(evaluate, "score_chunk", watched)
    folder = board_of(device="cpu").folder
    count = scored()
    assert set(used) == {1}
    assert devices(folder) == {"cpu"}
    with pytest.raises(RunFolderError, match="threads: 1 there, 2 now"):
        board_of(device="cpu", threads=2)
    used.clear()
    # The same store, as a folder with an older configuration would bring it.
    text = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(text.replace("threads: 1", "threads: 2"))
    board_of(device="cpu", threads=2)
    assert scored() == 2 * count
    assert set(used) == {2}
    assert devices(folder) == {"cpu", "cpu, 2 threads"}
    assert json.loads((folder / "env.json").read_text())["threads"] == 2
    assert "2 threads each" in (folder / "summary.md").read_text()


def test_workers_use_as_many_threads():
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(_threads_of_a_score, 2).result() == [2.0]
    assert LeaderboardConfig().threads == 1


def _threads_of_a_score(threads):
    class Predictor:
        class task:  # noqa: N801
            class space:  # noqa: N801
                parse = staticmethod(str)

        def score_one(self, text):
            from naslib_proxydata.predictors.base import Score

            return Score(float(torch.get_num_threads()))

    return [score.value for score in evaluate.score_chunk(Predictor, ["x"], threads)]


@pytest.fixture
def made(monkeypatch):
    """Collect the predictors that runs make, by registered name."""
    found = {}
    checked = leaderboard.checked_predictor

    def watched(setup):
        predictor = checked(setup)
        found.setdefault(setup.predictor, []).append(predictor)
        return predictor

    monkeypatch.setattr(leaderboard, "checked_predictor", watched)
    return found


@pytest.mark.parametrize("label", ["few-label-structure", "few_label_structure", "mine"])
def test_options_of_a_row_that_is_always_shown_are_kept(board_of, made, label):
    assignments = [f"predictors.{label}.models=[ridge]", f"predictors.{label}.learns=false"]
    if label == "mine":
        assignments.append("predictors.mine.predictor=few-label-structure")
    board = board_of(assignments, predictors="params", labels=5, draws=2)
    (predictor,) = made["few-label-structure"]
    assert isinstance(predictor, FewLabelStructure)
    assert (predictor.options.models, predictor.options.learns) == (("ridge",), False)
    rows = {row.predictor: row for row in board.rows}
    assert set(rows) == {"params", "random", "macs", label}
    # Without labels it ranks by multiply-accumulates, here of the canonical architecture.
    assert rows[label].spearman == pytest.approx(rows["macs"].spearman, abs=0.002)


def test_a_row_that_is_always_shown_may_have_another_label(board_of):
    board = board_of(["predictors.size.predictor=macs"], predictors="params")
    assert {row.predictor for row in board.rows} == {"params", "size", "random"}
