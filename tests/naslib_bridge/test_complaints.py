"""What users of NASLib have complained of in public, and what they meet here; needs NASLib.

Killed searches (#153) and optimizer states in checkpoints (PR #168) are in ``test_search.py``;
candidates whose hash numpy spells otherwise (#139) are in ``test_zero_cost_table.py``.
"""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.naslib_bridge.naslib_setup import DISCRETE, configuration, require_naslib

require_naslib()

from naslib.optimizers import Bananas, RegularizedEvolution
from naslib.search_spaces import NasBench201SearchSpace, NasBench301SearchSpace
from naslib.search_spaces.core.query_metrics import Metric

import naslib_proxydata
from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge import (
    ProxyTrainer,
    dataset_api,
    make_predictor,
    proxied,
    space_graph,
)
from naslib_proxydata.naslib_bridge.architectures import bridged
from naslib_proxydata.plugins import load

MANY = 6_000
"""Where memory ended in #142."""


@pytest.fixture(scope="module")
def darts_table(shared_data: Path) -> Any:
    return naslib_proxydata.table("darts", shared_data)


def resident_mib() -> float:
    """Return the memory of this process."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("memory is read from /proc, which this system does not have")
    (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def searched(save: Path, optimizer: Any, graph: Any, api: Any, dataset: str) -> Any:
    block = {"predictor": {"name": "params"}} if optimizer is Bananas else None
    config = configuration(save, block, **DISCRETE)
    config.dataset = dataset
    one = proxied(optimizer)(config)
    one.adapt_search_space(graph, dataset_api=api)
    ProxyTrainer(one, config).search()
    return one.get_final_architecture()


@pytest.mark.parametrize("optimizer", [RegularizedEvolution, Bananas], ids=lambda one: one.__name__)
def test_140_the_darts_space_needs_no_download(
    tmp_path: Path, darts_table: Any, optimizer: Any
) -> None:
    """#140 and #138: how NAS-Bench-301's space is searched with measured genotypes."""
    graph = space_graph(naslib_proxydata.space("darts"), seed=1)
    (dataset,) = darts_table.columns()
    best = searched(tmp_path, optimizer, graph, dataset_api(darts_table), dataset)
    metric = darts_table.default_metric(dataset)
    assert np.isfinite(darts_table.query(best.get_hash(), dataset, metric))


def test_140_naslibs_own_graph_says_what_to_do(darts_table: Any) -> None:
    graph = NasBench301SearchSpace()
    graph.sample_random_architecture(None)
    with pytest.raises(NaslibError, match=r"space_graph\(naslib_proxydata\.space\('darts'\)\)"):
        graph.query(Metric.VAL_ACCURACY, "cifar10", dataset_api=dataset_api(darts_table))


def test_167_a_subset_of_a_benchmark_by_its_order(shared_data: Path) -> None:
    """#167: architectures by their place in a table, as NASLib's graphs, with their accuracies."""
    table = naslib_proxydata.table("nb201", shared_data)
    conversion, api = bridged("nasbench201", load()), dataset_api(table)
    for text in table.architectures()[:100:20]:
        graph = NasBench201SearchSpace()
        graph.instantiate_model = False
        graph.set_spec(conversion.hash(text))
        assert conversion.text(graph.get_hash()) == text
        found = graph.query(Metric.VAL_ACCURACY, "cifar10", dataset_api=api)
        assert found == table.query(text, "cifar10", "validation_accuracy")


def test_142_thousands_of_architectures_leave_memory_as_it_is(shared_data: Path) -> None:
    """#142: a list of 15,625 graphs ended memory; hashes and scores take a few MiB."""
    table = naslib_proxydata.table("nb201", shared_data)
    conversion = bridged("nasbench201", load())
    hashes = [conversion.hash(text) for text in table.architectures()[:MANY]]
    predictor = make_predictor("params")
    predictor.query(hashes[:100])
    before = resident_mib()
    values = predictor.query(hashes)
    assert len(values) == MANY
    assert resident_mib() - before < 64


def test_133_accuracies_come_from_the_table_with_zero_cost_scores_too(
    tmp_path: Path, shared_data: Path
) -> None:
    """#133: with ``zc`` the accuracy was read from a file of scores that may not exist."""
    table = naslib_proxydata.table("nb201", shared_data)
    settings = {**DISCRETE, "zc": True, "zc_names": ["params"]}
    config = configuration(tmp_path, {"predictor": {"name": "params"}}, **settings)
    one = proxied(Bananas)(config)
    graph = NasBench201SearchSpace()
    graph.instantiate_model = False
    one.adapt_search_space(graph, dataset_api=dataset_api(table))
    ProxyTrainer(one, config).search()
    conversion = bridged("nasbench201", load())
    for model in one.train_data:
        text = conversion.text(model.arch_hash)
        assert model.accuracy == table.query(text, "cifar10", "validation_accuracy")
