"""Our search spaces as NASLib's graphs, in NASLib's discrete optimizers."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.naslib_bridge.naslib_setup import DISCRETE, configuration, require_naslib

require_naslib()

from naslib.optimizers import Bananas, LocalSearch, RandomSearch, RegularizedEvolution
from naslib.utils.encodings import EncodingType

from naslib_proxydata.errors import ArchitectureError, NaslibError
from naslib_proxydata.naslib_bridge import (
    ProxyTrainer,
    dataset_api,
    make_predictor,
    predicted_api,
    proxied,
    space_graph,
)
from naslib_proxydata.naslib_bridge.architectures import bridged
from naslib_proxydata.plugins import load
from naslib_proxydata.tables import nasbench_mr, transnas_micro

OPTIMIZERS = [RandomSearch, RegularizedEvolution, LocalSearch, Bananas]
PREDICTED = ["nds-resnet", "nds-darts", "nasbench-mr", "mobilenet", "s1", "s2", "s3", "s4"]
MEASURED = {
    "transnas-micro": (transnas_micro, "jigsaw"),
    "nasbench-mr": (nasbench_mr, "cls-50-1000"),
}
BLOCK = {"predictor": {"name": "params"}}


def found(save: Path, optimizer: Any, ours: Any, api: Any, dataset: str, **settings: Any) -> Any:
    """Search, make sure that the best is one of the space and was reported, and return it."""
    block = BLOCK if optimizer is Bananas and "predictor_type" not in settings else None
    config = configuration(save, block, **{**DISCRETE, **settings})
    config.dataset = dataset
    one = proxied(optimizer)(config)
    one.adapt_search_space(space_graph(ours, seed=1), dataset_api=api)
    trainer = ProxyTrainer(one, config)
    trainer.search()
    best = one.get_final_architecture()
    assert ours.text(ours.parse(best.get_hash())) == best.get_hash()
    assert trainer.search_trajectory.valid_acc[-1] == api["values"](best.get_hash(), dataset)
    return best


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", PREDICTED)
def test_searches_by_scores(tmp_path: Path, optimizer: Any, name: str) -> None:
    predictor = make_predictor("params", f"proxydata:{name}")
    ours = load().create("spaces", name)
    best = found(tmp_path, optimizer, ours, predicted_api(predictor), "any")
    scores = [score.value for score in predictor.scores.values()]
    assert len(scores) > 3
    assert predictor.query(best) == float(ours.params(ours.parse(best.get_hash())))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", MEASURED)
def test_searches_over_tables(tmp_path: Path, shared_data: Path, optimizer: Any, name: str) -> None:
    module, dataset = MEASURED[name]
    table = module.load(shared_data)
    ours = load().create("spaces", name)
    best = found(tmp_path, optimizer, ours, dataset_api(table), dataset)
    metric = table.default_metric(dataset)
    assert np.isfinite(table.query(best.get_hash(), dataset, metric))


@pytest.mark.parametrize("name", [*PREDICTED, "transnas-macro", "nb101", "darts"])
def test_architectures_convert_both_ways(name: str) -> None:
    ours = load().create("spaces", name)
    graph = space_graph(ours, seed=3)
    kind = bridged(graph.get_type(), load())
    for _ in range(5):
        graph.sample_random_architecture()
        text = kind.text(graph.get_hash())
        other = space_graph(ours)
        other.set_spec(kind.hash(text))
        assert other.get_hash() == graph.get_hash()
        assert ours.hash(other.architecture) == ours.hash(graph.architecture)
        mutant = graph.clone()
        mutant.mutate(graph)
        assert mutant.architecture in ours.neighbours(graph.architecture)
    with pytest.raises(ArchitectureError):
        graph.set_spec("nonsense")


@pytest.mark.parametrize("name", PREDICTED)
def test_naslibs_ensemble_learns_from_our_encoding(tmp_path: Path, name: str) -> None:
    ours = load().create("spaces", name)
    api = predicted_api(make_predictor("macs", f"proxydata:{name}"))
    found(tmp_path, Bananas, ours, api, "any", predictor_type="lgb", num_init=6, epochs=8)
    graph = space_graph(ours, seed=2)
    encodings = []
    for _ in range(6):
        graph.sample_random_architecture()
        encodings.append(graph.encode(EncodingType.PATH))
        assert np.array_equal(graph.encode("adjacency_one_hot"), encodings[-1])
    together = np.array(encodings)  # of one length
    assert np.isfinite(together).all()
    assert (np.ptp(together, axis=0) > 0).any()
    assert encodings[-1][-1] == np.log(ours.macs(graph.architecture))


def test_graph_encodings_are_refused() -> None:
    graph = space_graph(load().create("spaces", "s2"))
    graph.sample_random_architecture()
    with pytest.raises(NaslibError, match=r"'s2' has no encoding 'gcn'.*lgb"):
        graph.encode(EncodingType.GCN)
