"""NASLib's discrete optimizers and evaluators with our predictors and tables."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.naslib_bridge.naslib_setup import DISCRETE, configuration, require_naslib

require_naslib()

from naslib.defaults.trainer import Trainer
from naslib.optimizers import (
    Bananas,
    DARTSOptimizer,
    LocalSearch,
    Npenas,
    RandomSearch,
    RegularizedEvolution,
)
from naslib.search_spaces import NasBench201SearchSpace

from naslib_proxydata.errors import ConfigError, NaslibError
from naslib_proxydata.naslib_bridge import (
    ProxyPredictorEvaluator,
    ProxyTrainer,
    ProxyZeroCostEvaluator,
    dataset_api,
    make_predictor,
    predicted_api,
    proxied,
    zero_cost_api,
)
from naslib_proxydata.naslib_bridge.nasbench201 import NasBench201
from naslib_proxydata.naslib_bridge.predictors import FAILED
from naslib_proxydata.plugins import load
from naslib_proxydata.ranking import spearman
from naslib_proxydata.runs.setup import PredictorSetup
from naslib_proxydata.spaces.nb201.cell import OPERATIONS
from naslib_proxydata.tables.nb201_compact import read_compact

ALL_CELLS = [
    f"|{first}~0|+|{second}~0|{third}~1|+|none~0|none~1|skip_connect~2|"
    for first in OPERATIONS
    for second in OPERATIONS
    for third in OPERATIONS
]
BLOCK = {"predictor": {"name": "synflow"}}


@pytest.fixture(scope="module")
def table(shared_data: Path) -> Any:
    return read_compact(shared_data / "nb201.npz")


def space() -> Any:
    graph = NasBench201SearchSpace()
    graph.instantiate_model = False  # only the hash of a cell is needed
    return graph


@pytest.mark.parametrize(
    "optimizer",
    [RandomSearch, RegularizedEvolution, LocalSearch, Bananas, Npenas],
    ids=lambda one: one.__name__,
)
def test_discrete_search_over_our_table(tmp_path: Path, table: Any, optimizer: Any) -> None:
    ensembles = optimizer in (Bananas, Npenas)
    config = configuration(tmp_path, BLOCK if ensembles else None, **DISCRETE)
    one = proxied(optimizer)(config)
    one.adapt_search_space(space(), dataset_api=dataset_api(table))
    trainer = ProxyTrainer(one, config)
    trainer.search()
    best = one.get_final_architecture()
    expected = table.query(NasBench201().text(best.get_hash()), "cifar10", "validation_accuracy")
    assert trainer.search_trajectory.valid_acc[-1] == expected
    assert trainer.evaluate(best_arch=best, dataset_api=one.dataset_api) == expected
    if ensembles:
        assert one.proxy_predictor.scores  # it was asked about candidates


@pytest.mark.parametrize(
    ("optimizer", "block", "idle"),
    [
        (proxied(Bananas), {**BLOCK, "bdp": {}}, "bdp would change nothing"),
        (proxied(RandomSearch), BLOCK, "predictor would change nothing"),
        (proxied(DARTSOptimizer), BLOCK, "predictor would change nothing"),
        (
            proxied(RegularizedEvolution),
            {"selector": {"name": "random", "fraction": 0.5}, "observers": {"mine": {}}},
            "selector, observers would change nothing",
        ),
    ],
)
def test_what_a_search_would_leave_unused_is_refused(
    tmp_path: Path, table: Any, optimizer: Any, block: dict[str, Any], idle: str
) -> None:
    config = configuration(tmp_path, block, **DISCRETE)
    one = optimizer(config) if not optimizer.using_step_function else optimizer(**config.search)
    with pytest.raises(ConfigError, match=idle):
        ProxyTrainer(one, config)


def test_an_optimizer_as_naslib_has_it_is_told(tmp_path: Path) -> None:
    config = configuration(tmp_path, BLOCK, **DISCRETE)
    with pytest.raises(NaslibError, match=r"got Bananas; write proxied\(Bananas\)\(config\)"):
        ProxyTrainer(Bananas(config), config)


class Counted:
    """NASLib's optimizer, but for the parameter count that fails on numpy 2.4."""

    def get_model_size(self) -> float:
        return 0.0


@pytest.mark.parametrize("optimizer", [RegularizedEvolution, Bananas], ids=lambda one: one.__name__)
def test_without_the_block_it_is_naslib(tmp_path: Path, table: Any, optimizer: Any) -> None:
    found = []
    stock = type("Stock", (Counted, optimizer), {})
    for kind, base, block in (
        (stock, Trainer, None),
        (proxied(optimizer), ProxyTrainer, {"enabled": False, **BLOCK}),
    ):
        config = configuration(tmp_path / kind.__name__, block, **DISCRETE)
        one = kind(config)
        one.adapt_search_space(space(), dataset_api=dataset_api(table))
        trainer = base(one, config)
        random.seed(0)
        trainer.search()
        hashes = [model.arch.get_hash() for model in one.history]
        found.append((hashes, trainer.search_trajectory.valid_acc))
    assert found[0] == found[1]


@pytest.mark.parametrize(("optimizer", "key"), [(Bananas, "zc"), (Npenas, "zc_ensemble")])
def test_score_as_a_feature_of_naslibs_ensemble(
    tmp_path: Path, table: Any, optimizer: Any, key: str
) -> None:
    search = {**DISCRETE, "predictor_type": "lgb", "num_init": 6, "epochs": 8}
    config = configuration(tmp_path, BLOCK, **search, **{key: True, "zc_names": ["synflow"]})
    one = proxied(optimizer)(config)
    one.adapt_search_space(space(), dataset_api=dataset_api(table))
    ProxyTrainer(one, config).search()
    for model in one.train_data:
        score = one.proxy_predictor.query(model.arch)
        assert model.zc_scores == {"synflow": score}


def test_scores_are_those_of_the_leaderboard(table: Any) -> None:
    ours = make_predictor("naswot", seed=4)
    setup = PredictorSetup((), "nb201", "naswot", "{}", "photos", None, 4, "cpu", None)
    reference = setup()
    texts = table.architectures()[5000:5003]
    cells = [reference.task.space.parse(text) for text in texts]
    expected = [reference.score_one(cell).value for cell in cells]
    graphs = []
    for cell in cells:
        graph = NasBench201SearchSpace()
        from naslib_proxydata.spaces.nb201.codes import to_naslib_codes

        graph.set_spec(list(to_naslib_codes(cell)))
        graphs.append(graph)
    assert ours.query(graphs, None).tolist() == expected
    assert ours.query(graphs[1], dataloader=None) == expected[1]
    mutated = tuple(np.int64(code) for code in graphs[2].get_hash())
    assert ours.query(mutated) == expected[2]


@pytest.mark.parametrize("name", load().names("predictors"))
def test_every_predictor_answers_both_forms(name: str) -> None:
    predictor = make_predictor(name)
    assert predictor.method_type == name
    hashes = [(2, 0, 2, 3, 1, 0), (0, 3, 2, 1, 0, 2)]
    single = [predictor.query(one, dataloader=None) for one in hashes]
    assert all(type(value) is float and value > -1e9 for value in single)
    assert predictor.query(hashes, None).shape == (2,)
    assert np.isfinite(predictor.query(hashes, None)).all()
    assert len(predictor.scores) == 2


def test_a_dead_cell_is_last() -> None:
    predictor = make_predictor("synflow")
    dead, alive = predictor.query([(1, 1, 1, 1, 1, 1), (2, 2, 2, 2, 2, 2)], None)
    assert dead == -1e9
    assert dead < alive < math.inf


def test_a_list_is_ranked_and_a_single_one_has_its_own_value() -> None:
    predictor = make_predictor("az-nas")
    hashes = [(2, 2, 2, 2, 2, 2), (0, 0, 2, 1, 0, 3), (3, 2, 0, 4, 2, 2)]
    first = predictor.query(hashes[0])
    together = predictor.query(hashes, None)
    scores = [predictor.scores[NasBench201().text(one)] for one in hashes]
    assert together.tolist() == predictor.predictor.aggregate(scores).tolist()
    assert len(set(together)) > 1
    assert predictor.query(hashes[0]) == first == scores[0].value
    assert predictor.query(hashes[:1], None).tolist() == [first]


def test_few_labels_are_learnt(table: Any) -> None:
    predictor = make_predictor("few-label-structure")
    texts = table.architectures()
    picked = np.random.default_rng(0).permutation(len(texts))[:120]
    hashes = [NasBench201().hash(texts[row]) for row in picked]
    accuracies = table.values("cifar10", "validation_accuracy")[picked]
    predictor.fit(hashes[:20], accuracies[:20].tolist(), None)
    assert spearman(predictor.query(hashes[20:], None), accuracies[20:]) > 0.5


def evaluator_configuration(save: Path) -> Any:
    config = configuration(save)
    config.test_size = 12
    config.test_data_file = None
    config.experiment_type = "single"
    config.train_size_single = 3
    config.train_size_list = [3]
    config.fidelity_single = 5
    config.fidelity_list = [5]
    config.max_hpo_time = 0
    config.uniform_random = True
    return config


def test_predictor_evaluator(tmp_path: Path, table: Any) -> None:
    evaluator = ProxyPredictorEvaluator(make_predictor("params"), evaluator_configuration(tmp_path))
    evaluator.adapt_search_space(space(), load_labeled=False, dataset_api=dataset_api(table))
    found = evaluator.evaluate()[-1]
    assert all(np.isfinite(found[name]) for name in ("spearman", "kendalltau", "pearson", "rmse"))
    assert len(found["full_testpred"]) == 12


def test_zero_cost_evaluator(tmp_path: Path, table: Any) -> None:
    evaluator = ProxyZeroCostEvaluator(make_predictor("params"), evaluator_configuration(tmp_path))
    evaluator.adapt_search_space(space(), dataset_api=dataset_api(table))
    found = evaluator.evaluate()[-1]
    assert np.isfinite(found["spearman"])
    assert (tmp_path / "scores.json").is_file()


def test_evolution_by_scores_alone(tmp_path: Path) -> None:
    predictor = make_predictor("params")
    config = configuration(tmp_path, **DISCRETE)
    one = proxied(RegularizedEvolution)(config)
    one.adapt_search_space(space(), dataset_api=predicted_api(predictor))
    np.random.seed(0)  # noqa: NPY002  NASLib draws from the global generator
    torch.manual_seed(0)
    ProxyTrainer(one, config).search()
    best = max(score.value for score in predictor.scores.values())
    assert predictor.query(one.get_final_architecture()) == best


def test_a_transient_failure_is_told_as_failed_and_tried_by_the_next_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predictor = make_predictor("synflow", images="noise")
    evaluate, calls = predictor.predictor.evaluate, iter([MemoryError("no more")])

    def failing(architecture: Any) -> Any:
        if error := next(calls, None):
            raise error
        return evaluate(architecture)

    monkeypatch.setattr(predictor.predictor, "evaluate", failing)
    cell = (2, 2, 2, 2, 2, 2)
    assert predictor.query(cell) == FAILED
    assert predictor.query(cell) > 0


@pytest.mark.parametrize(
    ("optimizer", "block", "idle"),
    [
        (Bananas, {"selector": {"name": "random", "fraction": 0.5}}, "selector"),
        (Npenas, {"bdp": {"fraction": 0.5}}, "bdp"),
        (RegularizedEvolution, {"predictor": {"name": "synflow"}}, "predictor"),
        (RandomSearch, {"predictor": {"name": "synflow"}}, "predictor"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_what_would_change_nothing_is_told_whoever_trains(
    tmp_path: Path, table: Any, optimizer: Any, block: dict[str, Any], idle: str
) -> None:
    config = configuration(tmp_path, block, **DISCRETE)
    one = proxied(optimizer)(config)
    with pytest.raises(ConfigError, match=rf"{idle} would change nothing"):
        one.adapt_search_space(space(), dataset_api=dataset_api(table))


def test_naslibs_zero_cost_runner_goes_by_our_scores(tmp_path: Path, table: Any) -> None:
    """Its own evaluator, as ``naslib/runners/zc/runner.py`` uses it, without its JSON files."""
    from naslib.evaluators.zc_evaluator import ZeroCostPredictorEvaluator

    predictor = make_predictor("params")
    texts = table.architectures()[::500]
    api = zero_cost_api([predictor], table, "cifar10", architectures=texts)
    config = configuration(tmp_path, None, test_size=20, **DISCRETE)
    config.test_size, config.test_data_file = 20, None
    graph = space()
    graph.labeled_archs = [eval(one) for one in api]  # as the runner does
    evaluator = ZeroCostPredictorEvaluator(predictor, config=config, zc_api=api, use_zc_api=True)
    evaluator.adapt_search_space(graph, dataset_api=dataset_api(table), load_labeled=True)
    _, accuracies, _, _ = evaluator.load_dataset(load_labeled=True, data_size=12)
    assert len(accuracies) == 12
    assert all(accuracy in {one["val_accuracy"] for one in api.values()} for accuracy in accuracies)


def test_bananas_takes_accuracies_and_scores_from_a_zc_api(tmp_path: Path, table: Any) -> None:
    settings = {**DISCRETE, "zc": True, "zc_names": ["params"], "use_zc_api": True}
    config = configuration(tmp_path, {"predictor": {"name": "params"}}, **settings)
    api = zero_cost_api([make_predictor("params")], table, "cifar10")
    optimizer = proxied(Bananas)(config, zc_api=api)
    optimizer.adapt_search_space(space(), dataset_api=dataset_api(table))
    ProxyTrainer(optimizer, config).search()
    for model in optimizer.history:
        record = api[str(model.arch_hash)]
        assert model.accuracy == record["val_accuracy"]
        assert model.zc_scores["params"] == record["params"]["score"]


@pytest.mark.parametrize("optimizer", [Bananas, Npenas], ids=lambda one: one.__name__)
def test_a_ranking_without_labels_chooses_what_is_queried_first(
    tmp_path: Path, table: Any, optimizer: Any
) -> None:
    block = {"initial": {"name": "params", "candidates": 16}}
    config = configuration(tmp_path, block, **DISCRETE)
    one = proxied(optimizer)(config)
    one.adapt_search_space(space(), dataset_api=dataset_api(table))
    for epoch in range(DISCRETE["num_init"]):
        one.new_epoch(epoch)
    predictor = make_predictor("params")
    first = [predictor.query(model.arch_hash) for model in one.train_data]
    assert len(set(map(str, (model.arch_hash for model in one.train_data)))) == len(first)
    drawn = [predictor.value(text) for text in table.architectures()[::80]]
    assert min(first) > np.median(drawn), "the best four of sixteen"
    assert first == sorted(first, reverse=True)


def test_what_was_queried_is_not_queried_again(tmp_path: Path, table: Any) -> None:
    settings = {**DISCRETE, "num_candidates": 10}
    config = configuration(tmp_path, {"predictor": {"name": "params"}}, **settings)
    one = proxied(Bananas)(config)
    one.adapt_search_space(space(), dataset_api=dataset_api(table))
    for epoch in range(10):
        one.new_epoch(epoch)
    guided = [str(model.arch_hash) for model in one.train_data[DISCRETE["num_init"] :]]
    assert len(guided) == len(set(guided))


def test_a_predictor_that_needs_labels_cannot_be_first(tmp_path: Path, table: Any) -> None:
    block = {"initial": {"name": "few-label-structure"}}
    one = proxied(Bananas)(configuration(tmp_path, block, **DISCRETE))
    one.adapt_search_space(space(), dataset_api=dataset_api(table))
    with pytest.raises(ConfigError, match="learns from labels, of which there are none"):
        one.new_epoch(0)


def test_many_slow_candidates_are_announced(caplog: pytest.LogCaptureFixture) -> None:
    predictor = make_predictor("params")
    clock = iter(float(second) for second in range(10_000))
    texts = ALL_CELLS[:100]
    with pytest.MonkeyPatch.context() as patch, caplog.at_level("INFO"):
        place = "naslib_proxydata.naslib_bridge.predictors.perf_counter"
        patch.setattr(place, lambda: next(clock))
        predictor.query([NasBench201().hash(text) for text in texts])
    lines = [one for one in caplog.messages if "has scored" in one]
    assert lines[0].startswith("params has scored 3 of 100 architectures, 1.0 s each: about 97 s")
    assert len(lines) == 2, "and once a minute"
