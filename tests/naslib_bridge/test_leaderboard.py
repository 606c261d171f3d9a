"""What NASLib's optimizers get of our predictors is what our leaderboard says."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.naslib_bridge.naslib_setup import DISCRETE, configuration, require_naslib

require_naslib()

from naslib.optimizers import Bananas, RegularizedEvolution
from naslib.search_spaces import NasBench201SearchSpace

from naslib_proxydata.assemble.leaderboard import Leaderboard, run_leaderboard
from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.leaderboard.labels import draw_labels
from naslib_proxydata.naslib_bridge import (
    ProxyTrainer,
    dataset_api,
    make_predictor,
    predicted_api,
    proxied,
)
from naslib_proxydata.naslib_bridge.metrics import evaluate_scores
from naslib_proxydata.naslib_bridge.nasbench201 import NasBench201
from naslib_proxydata.runs.executors import SerialExecutor
from naslib_proxydata.runs.scores import StoredScores
from naslib_proxydata.runs.setup import PredictorSetup
from naslib_proxydata.runs.store import ScoreStore
from naslib_proxydata.tables.nb201_compact import read_compact

SEED = 3
QUICK = {"iterations": 3, "batch": 4}
"""Options of Eproxy: the same program with less work."""
METRIC = ("cifar10", "validation_accuracy")
PLUGIN = """
import json
from pathlib import Path

import numpy as np

from naslib_proxydata.hookspecs import BenchmarkRegistration, hookimpl
from naslib_proxydata.tables.columns import ColumnTable


def open_visited(root):
    texts, values = json.loads((Path(__file__).parent / "visited.json").read_text())
    columns = {("cifar10", "validation_accuracy"): np.array(values)}
    return ColumnTable(
        name="visited", label="visited", space="nb201", source="NASLib", texts=texts, values=columns
    )


@hookimpl
def register_benchmarks():
    known = {"space": "nb201", "datasets": ("cifar10",)}
    return [BenchmarkRegistration("visited", open_visited, "t", **known)]
"""


@pytest.fixture(scope="module")
def table(shared_data: Path) -> Any:
    return read_compact(shared_data / "nb201.npz")


def leaderboard(folder: Path, table: Any, texts: list[str], **options: Any) -> Leaderboard:
    """Run the leaderboard on exactly these architectures."""
    values = [table.query(text, *METRIC) for text in texts]
    (folder / "visited.json").write_text(json.dumps([texts, values]))
    (folder / "plugin.py").write_text(PLUGIN)
    given = {
        "benchmark": "visited",
        "n": "all",
        "seed": SEED,
        "device": "cpu",
        "data_root": folder,
        "plugin": [folder / "plugin.py"],
        "out": folder / "board",
        **options,
    }
    return run_leaderboard(LeaderboardConfig.parse(given, "a test"), executor=SerialExecutor())


def stored(board: Leaderboard, texts: list[str], name: str, options: Any) -> list[float]:
    """Return the scores that the leaderboard has kept."""
    setup = PredictorSetup(
        (), "nb201", name, json.dumps(options, sort_keys=True), "photos", None, SEED, "cpu", None
    )
    with ScoreStore(board.folder / "scores.sqlite") as store:
        found = StoredScores(store, SerialExecutor())
        scores = found.get(setup, setup.create(), texts, "")
        assert found.computed == 0
    return [score.value for score in scores]


def search(save: Path, optimizer: Any, api: Any, block: Any = None, **settings: Any) -> Any:
    config = configuration(save, block, **{**DISCRETE, **settings})
    graph = NasBench201SearchSpace()
    graph.instantiate_model = False
    one = proxied(optimizer)(config)
    one.adapt_search_space(graph, dataset_api=api)
    trainer = ProxyTrainer(one, config)
    trainer.search()
    assert np.isfinite(trainer.search_trajectory.valid_acc).all()
    return one


def check_against_leaderboard(folder: Path, table: Any, predictor: Any) -> None:
    texts = sorted(predictor.scores)
    assert len(texts) >= 10  # fewer have no rank figure
    board = leaderboard(folder, table, texts, predictors={"eproxy": QUICK})
    expected = stored(board, texts, "eproxy", QUICK)
    assert [predictor.scores[text].value for text in texts] == expected
    accuracies = [table.query(text, *METRIC) for text in texts]
    metrics = evaluate_scores(
        accuracies, predictor.query([NasBench201().hash(one) for one in texts])
    )
    assert all(np.isfinite(one) for name, one in metrics.items() if not name.startswith("full"))
    row = next(row for row in board.rows if row.predictor == "eproxy")
    assert row.n == len(texts)
    assert metrics["spearman"] == pytest.approx(row.spearman, abs=1e-12)
    assert metrics["kendalltau"] == pytest.approx(row.kendall, abs=1e-12)


def test_bananas_with_eproxy_over_our_table(tmp_path: Path, table: Any) -> None:
    block = {"predictor": {"name": "eproxy", "seed": SEED, **QUICK}}
    one = search(tmp_path, Bananas, dataset_api(table), block, epochs=14)
    for model in one.train_data:  # those that it queried, candidates aside
        one.proxy_predictor.query(model.arch)
    check_against_leaderboard(tmp_path, table, one.proxy_predictor)


def test_evolution_by_eproxy(tmp_path: Path, table: Any) -> None:
    predictor = make_predictor("eproxy", seed=SEED, **QUICK)
    one = search(tmp_path, RegularizedEvolution, predicted_api(predictor), epochs=16)
    assert predictor.query(one.get_final_architecture()) == max(
        predictor.query(model.arch) for model in one.history
    )
    check_against_leaderboard(tmp_path, table, predictor)


@pytest.mark.parametrize("name", ["few-label-structure", "few-label"])
def test_bananas_with_the_ensemble_over_our_table(tmp_path: Path, table: Any, name: str) -> None:
    """It learns from what Bananas queried; on the leaderboard's labels it ranks as that does."""
    options = {"proxies": ["synflow"]} if name == "few-label" else {}
    block = {"predictor": {"name": name, "seed": SEED, **options}}
    one = search(tmp_path, Bananas, dataset_api(table), block, num_init=4, epochs=5)
    predictor = one.proxy_predictor
    texts = table.architectures()
    size = 60 if name == "few-label-structure" else 30
    picked = [texts[row] for row in np.random.default_rng(0).permutation(len(texts))[:size]]
    board = leaderboard(tmp_path, table, picked, predictors={name: options}, labels=20, draws=1)
    accuracies = np.array([table.query(text, *METRIC) for text in picked])
    (draw,) = draw_labels(accuracies, 20, 1, 0, "visited", "cifar10")
    hashes = [NasBench201().hash(text) for text in picked]
    labelled, rest = ([hashes[row] for row in rows] for rows in draw)
    predictor.fit(labelled, accuracies[draw.labelled].tolist())
    metrics = evaluate_scores(accuracies[draw.rest], predictor.query(rest))
    row = next(row for row in board.rows if row.predictor == name)
    assert row.n == len(rest) == size - 20
    assert np.isfinite(row.spearman)
    assert metrics["spearman"] == pytest.approx(row.spearman, abs=1e-12)
    assert metrics["kendalltau"] == pytest.approx(row.kendall, abs=1e-12)


def test_bananas_takes_the_candidates_that_the_ensemble_ranks_best(
    tmp_path: Path, table: Any
) -> None:
    """Before it has learnt, which costs more; a list of one would give every candidate one rank."""
    block = {"predictor": {"name": "few-label-structure", "seed": SEED}}
    one = search(tmp_path, Bananas, dataset_api(table), block, epochs=4, k=3)
    candidates = [one._sample_new_model() for _ in range(12)]
    scores = one.proxy_predictor.query([model.arch for model in candidates])
    assert len(set(scores)) > 6
    best = one._get_best_candidates(candidates, None)
    assert [model.arch_hash for model in best] == [
        candidates[int(place)].arch_hash for place in np.argsort(scores, kind="stable")[-3:]
    ]


def test_evolution_by_the_ensemble(tmp_path: Path, table: Any) -> None:
    predictor = make_predictor("few-label-structure", seed=SEED)
    texts = table.architectures()[::800]
    values = [table.query(text, *METRIC) for text in texts]
    predictor.fit([NasBench201().hash(text) for text in texts], values)
    one = search(tmp_path, RegularizedEvolution, predicted_api(predictor), epochs=10)
    reference = PredictorSetup(
        (), "nb201", "few-label-structure", "{}", "photos", None, SEED, "cpu", None
    )()
    space = reference.task.space
    reference.fit([reference.score_one(space.parse(text)) for text in texts], np.array(values))
    visited = list(predictor.scores)
    expected = [reference.score_one(space.parse(text)).value for text in visited]
    assert [predictor.value(text) for text in visited] == expected
    assert len(set(expected)) > 3
    assert np.isfinite(predictor.query(one.get_final_architecture()))
