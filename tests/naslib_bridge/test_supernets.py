"""Our supernets in NASLib's one-shot optimizers; skipped where NASLib does not import."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.naslib_bridge.naslib_setup import IMAGES, configuration, fake_trainer, require_naslib

require_naslib()

from naslib.defaults.trainer import Trainer
from naslib.optimizers import (
    DARTSOptimizer,
    DrNASOptimizer,
    GDASOptimizer,
    OneShotNASOptimizer,
    RandomNASOptimizer,
)
from naslib.search_spaces import NasBench201SearchSpace
from naslib.search_spaces.core.primitives import EdgeNormalizationCombOp

import naslib_proxydata
from naslib_proxydata.errors import ConfigError, NaslibError
from naslib_proxydata.naslib_bridge import (
    ProxyTrainer,
    dataset_api,
    proxied,
    space_graph,
    supernet_graph,
)
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.plugins import load

DERIVING = [DARTSOptimizer, GDASOptimizer, DrNASOptimizer]
OPTIMIZERS = [*DERIVING, RandomNASOptimizer, OneShotNASOptimizer]
SPACES = [one for one in load().names("supernets") if one != "mobilenet"]
SIZES = {name: {"channels": 4, "cells": 1 if name.startswith("nb") else 3} for name in SPACES}
HALVED = {
    "selector": {"name": "class-random", "fraction": 0.5},
    "bdp": {"fraction": 0.6, "class_balance": False},
}


class FakeProxy(ProxyTrainer, fake_trainer(Trainer)):  # type: ignore[misc]
    """The bridge's trainer over the fake images."""


def graph_of(name: str) -> Any:
    return supernet_graph(name, num_classes=6, seed=1, **SIZES[name])


def made(optimizer: Any, save: Path, name: str, block: Any = None, **search: Any) -> Any:
    config = configuration(save, block, **search)
    torch.manual_seed(5)
    one = proxied(optimizer)(**config.search)
    one.adapt_search_space(graph_of(name), config.dataset)
    return FakeProxy(one, config)


@pytest.mark.parametrize("name", SPACES)
def test_searches_prunes_and_derives(tmp_path: Path, name: str) -> None:
    optimizer = OPTIMIZERS[SPACES.index(name) % len(DERIVING)]
    trainer = made(optimizer, tmp_path, name, HALVED, epochs=2)
    before = [one.clone() for one in trainer.optimizer.architectural_weights]
    trainer.search()
    after = trainer.optimizer.architectural_weights
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert trainer.run.sizes[0] == {"weights": IMAGES // 4, "architecture": IMAGES // 4}
    best = trainer.optimizer.get_final_architecture()
    ours = naslib_proxydata.space(name)
    assert ours.text(ours.parse(best.get_hash())) == best.get_hash()
    assert best(torch.zeros(2, 3, 32, 32)).shape == (2, 6)
    weights = sum(one.numel() for one in best.parameters())
    assert weights == ours.params(ours.parse(best.get_hash()), num_classes=6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("name", ["s2", "nb1shot1-2"])
def test_every_optimizer_runs(tmp_path: Path, optimizer: Any, name: str) -> None:
    trainer = made(optimizer, tmp_path, name, {"selector": HALVED["selector"]}, epochs=1)
    trainer.search()
    assert np.isfinite(trainer.search_trajectory.train_loss).all()


def test_weights_are_darts_softmax() -> None:
    """The network's output is that of the supernet with alpha's softmax, edge by edge."""
    graph = graph_of("s1")
    one = proxied(DARTSOptimizer)()
    one.adapt_search_space(graph, "cifar10")
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    mixtures = {}
    alphas = iter(one.architectural_weights)
    for kind, choices in graph.choices.items():
        rows = []
        for present in choices.present:
            softmax = next(alphas).softmax(0)
            row = torch.zeros(len(present))
            row[present] = softmax
            rows.append(row)
        mixtures[kind] = Mixture(torch.stack(rows))
    expected = one.graph.supernet(images, mixtures)
    assert torch.equal(one.graph(images), expected)
    assert next(alphas, None) is None


def test_edges_come_in_the_order_of_naslibs_own_graph() -> None:
    """From one random state GDAS samples the same weights for both graphs of NAS-Bench-201."""
    weights = []
    for graph in (NasBench201SearchSpace(n_classes=6), graph_of("nb201")):
        one = proxied(GDASOptimizer)(epochs=10)
        one.adapt_search_space(graph, "cifar10")
        with torch.no_grad():
            for number, alpha in enumerate(one.architectural_weights):
                alpha.copy_(torch.linspace(0, number, 5))
        torch.manual_seed(3)
        one.graph.update_edges(
            lambda edge, one=one: one.sample_alphas(edge, one.tau_curr), one.scope
        )
        weights.append(torch.stack(one.graph.get_all_edge_data("sampled_arch_weight")).detach())
    assert weights[0].shape == (6, 5)
    assert torch.equal(*weights)


def test_hard_weights_run_one_operation_and_pass_all_gradients() -> None:
    """GDAS's sum over operations, written out, has the same value and gradient."""
    one = proxied(GDASOptimizer)(epochs=10)
    one.adapt_search_space(graph_of("nb201"), "cifar10")
    torch.manual_seed(2)
    one.graph.update_edges(
        lambda edge: one.sample_alphas(edge, one.tau_curr), scope=one.scope, private_edge_data=False
    )
    hard = torch.stack(one.graph.get_all_edge_data("sampled_arch_weight"))
    assert torch.equal(hard.detach().round(), hard.detach().round().clamp(0, 1))
    mixture = one.graph.mixtures()["cell"]
    features = torch.rand(6, 5, 7)  # an output of each operation of each edge
    columns = hard.argmax(-1)
    expected = sum(
        hard[row, i] * features[row, i] if i == columns[row] else hard[row, i].expand(7)
        for row in range(6)
        for i in range(5)
    )
    assert mixture.active is not None
    assert mixture.idle is not None
    got = sum(
        mixture.weights[row, column] * features[row, column] + mixture.idle[row]
        for row, (column,) in enumerate(mixture.active)
    )
    assert torch.allclose(got, expected)
    alphas = list(one.architectural_weights)
    coefficients = torch.arange(7.0)
    first = torch.autograd.grad((expected * coefficients).sum(), alphas, retain_graph=True)
    second = torch.autograd.grad((got * coefficients).sum(), alphas)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(first, second, strict=True))
    assert any(one.abs().sum() > 0 for one in first)


def test_a_killed_search_goes_on(tmp_path: Path) -> None:
    whole = made(DARTSOptimizer, tmp_path / "whole", "s3", HALVED, epochs=3)
    whole.search()
    killed = made(DARTSOptimizer, tmp_path / "killed", "s3", HALVED, epochs=3)

    def kill(epoch: int) -> None:
        if epoch == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed.search(after_epoch=kill)
    resumed = made(DARTSOptimizer, tmp_path / "killed", "s3", HALVED, epochs=3)
    resumed.search(resume_from=str(tmp_path / "killed" / "search"))
    assert resumed.search_trajectory.train_loss == whole.search_trajectory.train_loss
    ends = [one.optimizer.get_final_architecture().get_hash() for one in (whole, resumed)]
    assert ends[0] == ends[1]


def test_the_table_is_asked(tmp_path: Path, shared_data: Path) -> None:
    table = naslib_proxydata.table("nb201", shared_data)
    trainer = made(DARTSOptimizer, tmp_path, "nb201", epochs=1)
    trainer.search()
    best = trainer.optimizer.get_final_architecture()
    found = trainer.evaluate(dataset_api=dataset_api(table), best_arch=best)
    expected = table.query(best.get_hash(), "cifar10", table.default_metric("cifar10"))
    assert found == expected


def test_what_is_derived_can_be_trained(tmp_path: Path) -> None:
    trainer = made(DARTSOptimizer, tmp_path, "s4", epochs=1)
    trainer.search()
    best = trainer.optimizer.get_final_architecture()
    loss = best(torch.rand(4, 3, 32, 32)).square().mean()
    loss.backward()
    assert all(one.grad is not None for one in best.parameters())


def test_what_does_not_fit_is_told() -> None:
    with pytest.raises(ConfigError, match="nb1shot1-1"):
        supernet_graph("nb1shot1")
    one = proxied(DARTSOptimizer)()
    with pytest.raises(NaslibError, match=r"supernet_graph\('s1'\)"):
        one.adapt_search_space(space_graph(naslib_proxydata.space("s1")), "cifar10")
    graph = graph_of("s1")
    graph.nodes[2]["comb_op"] = EdgeNormalizationCombOp(sum)
    with pytest.raises(NaslibError, match="edge normalization"):
        proxied(DARTSOptimizer)().adapt_search_space(graph, "cifar10")
    with pytest.raises(NaslibError, match="MixedOp"):
        graph_of("s1").mixtures()
