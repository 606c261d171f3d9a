"""DARTS-PT: what is decided, when, and by which accuracies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from naslib_proxydata.errors import ConfigError, SearchError
from naslib_proxydata.oneshot.duration import check_epochs
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies import darts_pt as module
from naslib_proxydata.oneshot.strategies.darts_pt import PerturbationSelection, accuracies, darts_pt
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import (
    CLASSES,
    acting,
    coloured,
    make_learner,
    random_batch,
    supernet_maker,
)
from tests.oneshot.test_loop import StopAfter


def moment(epoch: int, epochs: int) -> Moment:
    return Moment(epoch, epochs, torch_generator(epoch))


def darts_learner(epochs: int = 130, every: int = 5, space: str = "darts") -> Learner:
    settings = SearchSettings.parse({"epochs": epochs, "batch_size": 8}, "a test")
    builder = supernet_maker(space, channels=2, cells=3, num_classes=CLASSES)
    return Learner(builder, darts_pt(every), settings)


def decided_in(learner: Learner, kind: str) -> int:
    """Decisions that can be seen in what is allowed: single operations, nodes with two edges."""
    choices, allowed = learner.supernet.choices[kind], learner.architecture.allowed(kind)
    single = int((allowed.sum(1) <= 1).sum())
    if learner.supernet.inputs_per_node is None:
        return single
    counts = [int(allowed[list(choices.into(node))].any(1).sum()) for node in (3, 4, 5)]
    return single + counts.count(2)


def test_decisions_come_at_their_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "accuracies", lambda *_: np.arange(9)[: len(_[4])])
    learner = make_learner(darts_pt(), epochs=125)
    seen = []
    for epoch in (1, 99, 100, 104, 105, 109, 110, 124, 125):
        learner.strategy.phase.run(learner, [], moment(epoch, 125))
        seen.append(decided_in(learner, "cell"))
    assert seen == [0, 0, 1, 1, 2, 2, 3, 5, 6]
    learner = darts_learner()
    seen = []
    for epoch in (49, 50, 54, 55, 119, 124, 125, 129, 130):
        learner.strategy.phase.run(learner, [], moment(epoch, 130))
        seen.append((decided_in(learner, "normal"), decided_in(learner, "reduce")))
    assert seen == [(count, count) for count in (0, 1, 1, 2, 14, 15, 16, 16, 14 + 3)]


def test_a_learning_rate_of_a_tenth_for_tuning() -> None:
    learner, rates = make_learner(darts_pt(), epochs=125), []
    for epoch in range(1, 126):
        learner.set_epoch(epoch)
        rates.append(learner.weights_lr)
    cosine = [0.001 + 0.012 * (1 + np.cos(np.pi * k / 100)) for k in range(100)]
    np.testing.assert_allclose(rates, cosine + [0.0025] * 25)
    learner, rates = darts_learner(), []
    for epoch in range(1, 131):
        learner.set_epoch(epoch)
        rates.append(learner.weights_lr)
    first = [0.001 + 0.012 * (1 + np.cos(np.pi * k / 50)) for k in range(50)]
    second = [0.001 + 0.00075 * (1 + np.cos(np.pi * k / 80)) for k in range(80)]
    np.testing.assert_allclose(rates, first + second)


def test_the_operation_that_is_needed_most_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known counts for every operation that is taken away; the smaller, the more it is needed."""
    table = np.random.default_rng(3).integers(0, 30, (6, 5))
    table[2] = [7, 7, 9, 7, 8]  # equal ones keep the first

    def known(learner, batches, moment, kind, removed) -> NDArray[np.int64]:
        return np.array([table[mask].sum() for mask in removed])

    monkeypatch.setattr(module, "accuracies", known)
    learner = make_learner(darts_pt(every=1), epochs=3)
    learner.strategy.phase.run(learner, [], moment(3, 3))
    allowed = learner.architecture.allowed("cell").numpy()
    assert allowed.sum() == 6
    assert allowed.argmax(1).tolist() == [int(row.argmin()) for row in table]
    assert allowed[2].argmax() == 0


def test_nodes_keep_the_two_edges_that_are_needed_most(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.random.default_rng(4).permutation(14)

    def known(learner, batches, moment, kind, removed) -> NDArray[np.int64]:
        rows = [np.flatnonzero(mask.any(1)) for mask in removed]
        whole = all(mask[row].all() for mask, row in zip(removed, rows, strict=True))
        columns = [mask.any(0).argmax() for mask in removed]
        assert whole or 0 not in columns  # none is not taken away alone, and so never kept
        return np.array([counts[row[0]] if whole else 0 for row in rows])

    monkeypatch.setattr(module, "accuracies", known)
    learner = darts_learner(epochs=20, every=1)
    learner.strategy.phase.run(learner, [], moment(20, 20))
    for kind, choices in learner.supernet.choices.items():
        allowed = learner.architecture.allowed(kind).numpy()
        assert not allowed[:, 0].any()
        for node in choices.targets:
            rows = list(choices.into(node))
            needed = sorted(rows, key=lambda row: counts[row])[:2]
            assert [row for row in rows if allowed[row].any()] == sorted(needed)
            assert allowed[rows].sum() == 2


def test_edges_are_decided_in_a_random_order_of_the_seed() -> None:
    def order(seed: int) -> list[int]:
        learner, rows = make_learner(darts_pt(every=1), epochs=6, seed=seed), []
        for epoch in range(1, 7):
            before = learner.architecture.allowed("cell").sum(1)
            learner.strategy.phase.run(learner, [random_batch(4, epoch)], moment(epoch, 6))
            rows += (before != learner.architecture.allowed("cell").sum(1)).nonzero().flatten()
        return [int(row) for row in rows]

    orders = [order(seed) for seed in (0, 0, 1, 2)]
    assert orders[0] == orders[1]
    assert all(sorted(one) == [0, 1, 2, 3, 4, 5] for one in orders)
    assert len({tuple(one) for one in orders}) == 3


@pytest.mark.parametrize("space", ["nb201", "darts"])
def test_accuracies_of_a_slow_reference(space: str) -> None:
    learner = make_learner(darts_pt()) if space == "nb201" else darts_learner()
    kind = next(iter(learner.supernet.choices))
    with torch.no_grad():
        for alpha in learner.architecture.alpha.values():
            alpha.copy_(2 * torch.randn(alpha.shape, generator=torch_generator(1)))
    batches = [random_batch(16, 1), random_batch(12, 2)]
    rows, width = (1, 4) if space == "nb201" else (4,), learner.architecture.alpha[kind].shape[1]
    removed = []
    for row in rows:
        for column in range(width):
            mask = np.zeros(tuple(learner.architecture.alpha[kind].shape), dtype=bool)
            mask[row, column] = True
            removed.append(mask)
    before = {key: one.clone() for key, one in learner.supernet.state_dict().items()}
    ours = accuracies(learner, batches, moment(1, 1), kind, removed)
    for key, one in learner.supernet.state_dict().items():
        assert torch.equal(before[key], one), "a buffer has moved"

    expected = []
    for mask in removed:
        mixtures = {
            name: Mixture(torch.exp(alpha) / torch.exp(alpha).sum(1, keepdim=True))
            for name, alpha in learner.architecture.alpha.items()
        }
        with torch.no_grad():
            for row, column in np.argwhere(mask):
                mixtures[kind].weights[row, column] = 0
            predicted = [learner.supernet(one.images, mixtures).argmax(1) for one in batches]
        right = [p == one.labels for p, one in zip(predicted, batches, strict=True)]
        expected.append(int(torch.cat(right).sum()))
    assert ours.tolist() == expected
    assert len(set(expected)) > 1  # so that this test can tell


def test_tuning_begins_without_momentum() -> None:
    learner = make_learner(darts_pt(every=1), epochs=7)
    learner.weights_step(random_batch(8, 0), moment(1, 7))
    assert any(learner.momentum_of(one).any() for one in learner.weights)
    learner.strategy.phase.run(learner, [random_batch(8, 1)], moment(1, 7))
    assert any(learner.momentum_of(one).any() for one in learner.weights)
    learner.strategy.phase.run(learner, [random_batch(8, 1)], moment(2, 7))
    assert not any(learner.momentum_of(one).any() for one in learner.weights)


def test_a_search_that_is_interrupted_decides_the_same(tmp_path: Path) -> None:
    def search(folder: Path, *plugins: object, epochs: int = 7) -> Search:
        learner = make_learner(darts_pt(every=1), epochs=epochs)
        return Search(coloured(32), learner, acting(*plugins), "nb201", folder=folder)

    whole = search(tmp_path / "whole")
    expected = whole.run()
    assert whole.learner.architecture.allowed("cell").sum() == 6
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "cut", StopAfter(4)).run()
    resumed = search(tmp_path / "cut")
    assert resumed.run().cell == expected.cell
    for one, other in zip(
        resumed.learner.supernet.state_dict().values(),
        whole.learner.supernet.state_dict().values(),
        strict=True,
    ):
        assert torch.equal(one, other)
    longer = search(tmp_path / "whole", epochs=9).run()
    assert longer.cell == expected.cell  # all is decided, so more epochs only tune


def test_what_it_cannot_do_is_refused_before_anything_is_spent() -> None:
    with pytest.raises(SearchError, match="another kind; use another strategy"):
        darts_learner(space="nb1shot1-1")
    with pytest.raises(ConfigError, match=r"every must be .* at least 1; got 0"):
        darts_pt(every=0)
    with pytest.raises(ConfigError, match=r"every must be a whole number.*1\.5"):
        darts_pt(every=1.5)  # type: ignore[arg-type]
    learner = make_learner(darts_pt(), epochs=25)
    with pytest.raises(ConfigError, match=r"at least 26 epochs .* got 25"):
        check_epochs(learner.strategy, learner.settings)


def test_the_published_settings() -> None:
    assert darts_pt().published("nb201") == {"epochs": 125}
    assert darts_pt().published("s3") == {"epochs": 130}
    assert not darts_pt(learn_alpha=False).learns
    strategy = darts_pt(every=3)
    assert isinstance(strategy.progress, PerturbationSelection)
    assert strategy.progress is strategy.phase
