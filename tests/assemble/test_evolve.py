"""Discrete searches from a configuration to a run folder."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.assemble.evolve import run_evolve
from naslib_proxydata.config import EvolveConfig, resolve
from naslib_proxydata.errors import ConfigError, LabelError, RunFolderError, SearchError, TableError
from naslib_proxydata.evolution.queries import history_csv
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)


def run(folder, **options):
    values = {"space": "numbers", "images": "noise", "plugin": [PLUGIN], "out": folder, **options}
    return run_evolve(resolve(EvolveConfig, None, values))


SMALL = {"name": "re", "population": 4, "sample": 2}


def lines(folder, name="history.csv"):
    with open(folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_true_value_is_the_fitness_without_a_predictor(tmp_path):
    found = run(tmp_path / "run", dataset="one", queries=12, optimizer=SMALL)
    table = fake_plugin.NumbersTable("numbers").values("one", "validation_accuracy")
    history = lines(found.folder)
    assert [float(one["value"]) for one in history] == [
        table[int(one["architecture"])] for one in history
    ]
    assert found.best.value == max(float(one["value"]) for one in history)
    measured = {(d, m): v for d, m, v in found.measured}
    assert measured["one", "validation_accuracy"] == found.best.value
    assert ("one", "test_accuracy") in measured
    names = {path.name for path in found.folder.iterdir()}
    assert {"config.yaml", "env.json", "summary.md", "history.csv", "result.json"} <= names
    assert (found.folder / "plots" / "history.png").is_file()
    assert json.loads((found.folder / "result.json").read_text())["best"]["number"] == 1 + [
        one.value for one in found.history
    ].index(found.best.value)
    assert found.best.architecture in (found.folder / "summary.md").read_text()


def test_only_what_has_a_value_is_queried(tmp_path):
    found = run(tmp_path / "run", dataset="two", queries=25, optimizer=SMALL)
    assert all(int(one.architecture) % 3 for one in found.history)
    assert len({one.hash for one in found.history}) == 25


def test_an_absent_or_foreign_benchmark_is_told(tmp_path):
    with pytest.raises(TableError, match="no file in"):
        run(tmp_path / "run", benchmark="nowhere", queries=3)
    with pytest.raises(TableError, match="Did you mean 'one'"):
        run(tmp_path / "run", dataset="ones", queries=3)
    with pytest.raises(ConfigError, match="holds architectures of 'numbers', not of 'nb201'"):
        run(tmp_path / "run", space="nb201", benchmark="numbers", queries=3)
    assert not (tmp_path / "run").exists()


def test_a_predictor_alone_needs_no_table(tmp_path):
    found = run(tmp_path / "run", predictor="macs", evaluations=20, optimizer=SMALL)
    assert [one.score for one in found.history] == [one.macs for one in found.history]
    assert found.best.score == max(one.score for one in found.history)
    assert found.measured == ()
    assert "value" not in json.loads((found.folder / "result.json").read_text())["best"]


def test_limits_on_macs_are_kept(tmp_path):
    limits = {"macs_low": 10 * 16, "macs_high": 20 * 16, "macs_image_size": 16}
    options = {"predictor": "params", "evaluations": 5, "optimizer": SMALL}
    found = run(tmp_path / "run", **limits, **options)
    assert all(10 <= int(one.architecture) <= 20 for one in found.history)
    assert all(one.macs == 16 * int(one.architecture) for one in found.history)
    with pytest.raises(SearchError, match=r"has 100,000 to inf MACs; .* has \d+ MACs"):
        run(tmp_path / "none", macs_low=1e5, **options)


def test_nsga2_leaves_a_front(tmp_path):
    options = {"optimizer": {"name": "nsga2", "population": 6}, "queries": 18, "dataset": "one"}
    found = run(tmp_path / "run", **options)
    front = lines(found.folder, "front.csv")
    assert len(front) == len(found.front) >= 2
    macs, values = ([float(one[name]) for one in front] for name in ("macs", "value"))
    assert macs == sorted(macs)
    assert values == sorted(values)
    assert (found.folder / "plots" / "front.png").is_file()


LEARNING = {"name": "few-label-structure", "models": ["ridge"]}
"""The forest would take most of the time."""
GUIDED = {
    "predictor": LEARNING,
    "dataset": "one",
    "queries": 17,
    "labels": 5,
    "per_round": 4,
    "evaluations": 25,
    "optimizer": {"name": "re", "population": 6, "sample": 2},
}


def test_queries_go_to_what_a_predictor_that_learns_ranks_best(tmp_path):
    found = run(tmp_path / "run", **GUIDED)
    assert [one.round for one in found.history] == [0] * 5 + [1] * 4 + [2] * 4 + [3] * 4
    again = run(tmp_path / "again", **GUIDED)
    assert history_csv(again.history) == history_csv(found.history)
    other = run(tmp_path / "other", **GUIDED, seed=1)
    assert history_csv(other.history) != history_csv(found.history)


def test_labels_of_a_file_are_learnt_from(tmp_path):
    file = tmp_path / "labels.csv"
    rows = [f"{number},{100 - number}" for number in range(10, 40, 6)]
    file.write_text("\n".join(["architecture,accuracy", *rows]))
    options = {"evaluations": 20, "optimizer": SMALL, "label_table": file}
    found = run(tmp_path / "run", predictor=LEARNING, **options)
    # Fewer is better, says the file, so the best are small numbers; without labels, large ones.
    assert int(found.best.architecture) < 10
    queried = run(tmp_path / "queried", predictor=LEARNING, **options, queries=6, per_round=3)
    assert {one.round for one in queried.history} == {1, 2}
    assert not {int(one.architecture) // 2 for one in queried.history} & {
        number // 2 for number in range(10, 40, 6)
    }
    with pytest.raises(ConfigError, match="'macs' does not learn from labels"):
        run(tmp_path / "macs", predictor="macs", **options)
    file.write_text("architecture,accuracy\n1,2\n3,2\n5,2\n")
    with pytest.raises(LabelError, match="all 3 accuracies"):
        run(tmp_path / "constant", predictor=LEARNING, **options)


def test_scores_are_stored_and_a_finished_search_computes_nothing(tmp_path):
    log = tmp_path / "log"
    options = {"predictor": {"name": "counted", "log": str(log)}, "evaluations": 15}
    first = run(tmp_path / "run", **options, optimizer=SMALL)
    assert first.computed == 15
    computed = log.read_text()
    again = run(tmp_path / "run", **options, optimizer=SMALL)
    assert again.computed == 0
    assert log.read_text() == computed
    assert history_csv(again.history) == history_csv(first.history)


def test_another_configuration_is_refused_in_the_same_folder(tmp_path):
    run(tmp_path / "run", dataset="one", queries=6)
    with pytest.raises(RunFolderError, match="queries: 6 there, 5 now"):
        run(tmp_path / "run", dataset="one", queries=5)
    with pytest.raises(RunFolderError, match="seed: 0 there, 1 now"):
        run(tmp_path / "run", dataset="one", queries=7, seed=1)
    optimizer = {"name": "re", "population": 20}
    with pytest.raises(RunFolderError, match=r"optimizer\.population: None there, 20 now"):
        run(tmp_path / "run", dataset="one", queries=6, optimizer=optimizer)
    found = run(tmp_path / "run", dataset="one", queries=5, seed=1, overwrite=True)
    assert len(lines(found.folder)) == 5


def test_more_queries_go_on_as_if_they_had_been_asked_for_at_once(tmp_path):
    run(tmp_path / "run", dataset="one", queries=6, optimizer=SMALL)
    before = lines(tmp_path / "run")
    extended = run(tmp_path / "run", dataset="one", queries=14, optimizer=SMALL)
    assert lines(extended.folder)[:6] == before
    whole = run(tmp_path / "whole", dataset="one", queries=14, optimizer=SMALL)
    assert history_csv(extended.history) == history_csv(whole.history)


@pytest.mark.parametrize("more", [{"queries": 16}, {"evaluations": 24}])
def test_more_of_a_guided_search_reuses_the_scores(tmp_path, more):
    options = {"predictor": "counted", "dataset": "one", "queries": 6, "evaluations": 12}
    options |= {"optimizer": SMALL}
    first = run(tmp_path / "run", **options)
    extended = run(tmp_path / "run", **{**options, **more})
    whole = run(tmp_path / "whole", **{**options, **more})
    assert history_csv(extended.history) == history_csv(whole.history)
    assert first.computed == 12
    assert extended.computed == whole.computed - 12


def test_a_run_is_repeated_from_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{number},{100 - number}" for number in range(10, 40, 6)]
    Path("labels.csv").write_text("\n".join(["architecture,accuracy", *rows]))
    options = {"label_table": Path("labels.csv"), "threads": 2, "per_round": 3, "labels": 0}
    found = run(tmp_path / "run", **{**GUIDED, **options})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = resolve(EvolveConfig, found.folder / "config.yaml", {"out": tmp_path / "again"})
    again = run_evolve(config)
    assert history_csv(again.history) == history_csv(found.history)
    first, second = (json.loads((one.folder / "result.json").read_text()) for one in (found, again))
    assert first == second
    assert first["optimizer"] == {"name": "re", "population": 6, "sample": 2, "generation": None}
    assert first["predictor"] == LEARNING
    assert [first[key] for key in ("space", "dataset", "seed")] == ["numbers", "one", 0]
    assert first["versions"]["naslib-proxydata"]
    assert json.loads((found.folder / "env.json").read_text())["threads"] == 2


def test_a_start_outside_the_limits_is_not_proposed(tmp_path):
    (tmp_path / "labels.csv").write_text("architecture,accuracy\n40,90\n44,80\n10,10\n")
    options = {"predictor": LEARNING, "label_table": tmp_path / "labels.csv", "optimizer": SMALL}
    limits = {"macs_high": 20 * 16, "macs_image_size": 16, "evaluations": 8}
    found = run(tmp_path / "run", **options, **limits)
    assert max(int(one.architecture) for one in found.history) <= 20


@pytest.mark.parametrize(
    ("optimizer", "more"), [("re", {"sample": 2}), ("nsga2", {}), ("nao", {"epochs": 2})]
)
def test_a_killed_search_goes_on_and_gives_the_same_history(tmp_path, optimizer, more):
    options = {
        "space": "numbers",
        "optimizer": {"name": optimizer, "population": 8, **more},
        "dataset": "one",
        "predictor": {"name": "counted", "sleep": 0.02},
        "evaluations": 25,
        "queries": 6,
        "images": "noise",
        "plugin": [str(PLUGIN)],
        "out": str(tmp_path / "killed"),
    }
    program = (
        "import json, sys\n"
        "from naslib_proxydata.assemble.evolve import run_evolve\n"
        "from naslib_proxydata.config import EvolveConfig\n"
        "run_evolve(EvolveConfig.parse(json.loads(sys.argv[1]), 'test'))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, json.dumps(options)])
    log = tmp_path / "killed" / "scores.sqlite-wal"
    while process.poll() is None and not (log.exists() and log.stat().st_size > 60_000):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "result.json").exists()
    resumed = run_evolve(EvolveConfig.parse(options, "test"))
    whole = run_evolve(EvolveConfig.parse({**options, "out": str(tmp_path / "whole")}, "test"))
    assert 0 < resumed.computed < whole.computed
    for name in ("history.csv", "result.json"):
        assert (resumed.folder / name).read_bytes() == (whole.folder / name).read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "name a --predictor, or give --queries"),
        ({"queries": 5, "labels": 3}, "labels are for a predictor"),
        ({"predictor": "macs", "queries": 5, "labels": 2}, "at least 3 and less than the 5"),
        ({"predictor": "macs", "queries": 5, "labels": 5}, "less than the 5 queries, got 5"),
        ({"predictor": "macs", "macs_low": 9, "macs_high": 4}, "macs_low 9 is above macs_high 4"),
        ({"predictor": "macs,params"}, "predictor"),
        ({"predictor": "macs", "optimizer": "rs"}, "unknown optimizer 'rs'"),
        ({"predictor": "maccs"}, "Did you mean 'macs'"),
        ({"predictor": "macs", "optimizer": {**SMALL, "sample": 9}}, "population's 4, got 9"),
        ({"space": "nombers", "predictor": "macs"}, "Did you mean 'numbers'"),
        ({"predictor": "macs", "population": 4}, "write optimizer.population"),
        ({"predictor": "macs", "optimizer": {"name": "re", "popul": 4}}, "Did you mean 'popul"),
        ({"predictor": {"name": "naswot", "batch": 4}}, "Did you mean 'batch_size'"),
        ({"predictor": "macs", "queries": 9, "labels": 4}, "'macs' does not learn from labels"),
        ({"predictor": LEARNING, "queries": 3}, "learns from 3 random ones.* got 3"),
    ],
)
def test_what_cannot_be_searched_is_told_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        run(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_nb201_is_searched_on_its_measured_values(tmp_path, shared_data):
    options = {"space": "nb201", "plugin": [], "data_root": shared_data}
    found = run(tmp_path / "run", **options, queries=150, seed=1)
    with np.load(shared_data / "nb201.npz") as table:
        best = table["cifar10_valid_200"].max()
        row = table["arch_str"].tolist().index(found.best.architecture.encode())
        assert found.best.value == pytest.approx(float(table["cifar10_valid_200"][row]))
    assert best - found.best.value < 0.6
    space = NasBench201()
    assert len({space.hash(space.parse(one.architecture)) for one in found.history}) == 150


def test_a_transient_failure_is_tried_again_and_the_search_ends_as_without(tmp_path, caplog):
    options = {"name": "misbehaving", "how": "memory", "mended": str(tmp_path / "mended")}
    settings = {"predictor": options, "evaluations": 25, "optimizer": {"name": "random"}}
    run(tmp_path / "run", **settings)
    assert "1 score failed for a cause that may pass (MemoryError: no more)" in caplog.text
    assert "may pass" in (tmp_path / "run" / "summary.md").read_text()
    (tmp_path / "mended").touch()
    assert run(tmp_path / "run", **settings).computed == 1
    run(tmp_path / "whole", **settings)
    assert lines(tmp_path / "run") == lines(tmp_path / "whole")
    assert "may pass" not in (tmp_path / "run" / "summary.md").read_text()


def test_the_best_of_a_ranking_is_none_that_is_labelled_already(tmp_path):
    file = tmp_path / "labels.csv"
    best = (2, 6, 12)
    labels = [f"{number},{100 - number}" for number in (*best, 24, 36)]
    file.write_text("\n".join(["architecture,accuracy", *labels]))
    options = {"evaluations": 45, "optimizer": SMALL, "label_table": file}
    found = run(tmp_path / "run", predictor=LEARNING, **options)
    assert set(best) & {int(one.architecture) for one in found.history}
    assert int(found.best.architecture) not in (*best, 24, 36)


def test_queries_may_go_by_how_sure_a_prediction_is(tmp_path):
    sure = {**GUIDED, "predictor": {"name": "few-label-structure"}}
    ranked = run(tmp_path / "ranked", **sure)
    by_bound = run(tmp_path / "bound", **sure, acquisition="upper_confidence_bound")
    assert [one.number for one in by_bound.history] == [one.number for one in ranked.history]
    assert history_csv(by_bound.history) != history_csv(ranked.history)
    by_mean = run(tmp_path / "mean", **sure, acquisition="mean")
    assert [one.architecture for one in by_mean.history][:9] == [
        one.architecture for one in ranked.history
    ][:9]  # the order of the mean is that of the ranking
    drawn, again = (
        run(tmp_path / name, **sure, acquisition="top_two_thompson") for name in ("drawn", "again")
    )
    assert history_csv(drawn.history) == history_csv(again.history)
    assert history_csv(drawn.history) != history_csv(ranked.history)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"acquisition": "upper_confidence_bound", "queries": 9}, "name one"),
        ({"acquisition": "upper", "predictor": {"name": "params"}}, "acquisition"),
        ({"acquisition": "mean", "predictor": {"name": "params"}}, "does not learn from labels"),
        (
            {
                "acquisition": "mean",
                "queries": 9,
                "predictor": {"name": "few-label-structure", "models": ["ridge"]},
            },
            "says nothing of how sure it is",
        ),
    ],
)
def test_an_acquisition_needs_a_predictor_that_learns(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        run(tmp_path / "run", **options)
