"""SGAS and P-DARTS: what they forbid, and when."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from naslib_proxydata.errors import ConfigError, SearchError
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies.p_darts import Stages, p_darts, weakest
from naslib_proxydata.oneshot.strategies.sgas import (
    GreedyDecisions,
    edge_importance,
    normalised,
    selection_certainty,
    selection_stability,
    sgas,
    shares_of_real,
)
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import (
    CLASSES,
    acting,
    coloured,
    make_learner,
    random_batch,
    supernet_maker,
)

WEIGHTS = np.array([[0.1, 0.6, 0.3], [0.5, 0.25, 0.25], [0.2, 0.1, 0.7]])
REAL = np.array([[False, True, True]] * 3)


def test_the_scores_of_sgas_by_hand() -> None:
    np.testing.assert_allclose(edge_importance(WEIGHTS, REAL), [0.9, 0.5, 0.8])
    rows = ([2 / 3, 1 / 3], [0.5, 0.5], [1 / 8, 7 / 8])
    expected = [1 - entropy(row) / np.log(2) for row in rows]
    np.testing.assert_allclose(selection_certainty(WEIGHTS, REAL), expected, atol=1e-12)
    shares = shares_of_real(WEIGHTS, REAL)
    np.testing.assert_allclose(shares[:, 1:], rows)
    # Overlaps without none: min(2/3, 1/3) + min(1/3, 2/3) = 2/3; 1; 1/8 + 0.5 = 5/8; and 1 each.
    past = [np.array([[0, 1 / 3, 2 / 3], [0, 0.5, 0.5], [0, 0.5, 0.5]]), shares]
    np.testing.assert_allclose(selection_stability(shares, past), [5 / 6, 1, 13 / 16])
    np.testing.assert_allclose(normalised(np.array([2.0, 4.0, 3.0])), [0, 1, 0.5])
    np.testing.assert_allclose(normalised(np.array([2.0, 2.0])), [1, 1])


def darts_learner(strategy: Strategy, cells: int = 3, **settings: object) -> Learner:
    chosen = {**strategy.settings, "epochs": 6, "batch_size": 16, **settings}
    builder = supernet_maker("darts", channels=4, cells=cells, num_classes=CLASSES)
    return Learner(builder, strategy, SearchSettings.parse(chosen, "a test"))


def moment(epoch: int, epochs: int = 50) -> Moment:
    return Moment(epoch, epochs, torch_generator(epoch))


@pytest.mark.parametrize("criterion", [1, 2])
def test_decisions_come_at_their_epochs_and_leave_two_edges_a_node(criterion: int) -> None:
    progress = GreedyDecisions(criterion)
    learner = darts_learner(Strategy("sgas", progress=progress))
    with torch.no_grad():
        for kind, alpha in learner.architecture.alpha.items():
            alpha.copy_(torch.randn(alpha.shape, generator=torch_generator(kind)))
    sizes = []
    for epoch in range(1, 51):
        before = learner.architecture.allowed("normal").clone()
        progress.epoch_finished(learner, moment(epoch))
        changed = not torch.equal(before, learner.architecture.allowed("normal"))
        assert changed == (epoch in range(10, 46, 5))  # eight edges a cell, then none is left
        sizes.append(learner.batch_size)
    assert sizes[8:11] == [16, 24, 24]
    assert sizes[-1] == 16 + 8 * 8
    for kind, choices in learner.supernet.choices.items():
        allowed = learner.architecture.allowed(kind)
        assert not allowed[:, 0][allowed.sum(1) == 1].any(), "none was chosen"
        for node in choices.targets:
            counts = allowed[list(choices.into(node))].sum(1).tolist()
            assert sorted(counts) == [0] * (len(counts) - 2) + [1, 1]


def test_the_best_edge_is_decided_first() -> None:
    progress = GreedyDecisions(1, first=1)
    learner = make_learner(Strategy("sgas", progress=progress))
    with torch.no_grad():
        learner.architecture.alpha["cell"].zero_()
        learner.architecture.alpha["cell"][4] = torch.tensor([-3.0, 0.0, 0.0, 4.0, 0.0])
        learner.architecture.alpha["cell"][2] = torch.tensor([5.0, 0.0, 0.0, 4.0, 0.0])
    progress.epoch_finished(learner, moment(1))
    allowed = learner.architecture.allowed("cell")
    assert allowed[4].tolist() == [False, False, False, True, False]
    assert allowed.sum() == 5 * 5 + 1


def test_scores_are_normalised_over_all_edges() -> None:
    progress = GreedyDecisions(1, first=1)
    learner = make_learner(Strategy("sgas", progress=progress))
    logits = np.random.default_rng(39).normal(0, 2, (6, 5))
    with torch.no_grad():
        learner.architecture.alpha["cell"].copy_(torch.from_numpy(logits))
    dropped = np.zeros((6, 5), dtype=bool)
    dropped[0] = True  # as an edge into a node that has all its edges
    learner.architecture.forbid("cell", dropped)
    weights = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    importance = weights[:, 1:].sum(1)
    certainty = 1 - entropy(weights[:, 1:].T) / np.log(4)

    def scores(rows: slice) -> np.ndarray:
        both = (importance[rows], certainty[rows])
        first, second = ((x - x.min()) / (x.max() - x.min()) for x in both)
        return first * second

    best = 1 + int(scores(slice(6))[1:].argmax())
    assert best != 1 + int(scores(slice(1, 6)).argmax())  # so that this test can tell
    progress.epoch_finished(learner, moment(1))
    expected = [0, 5, 5, 5, 5, 5]
    expected[best] = 1
    assert learner.architecture.allowed("cell").sum(1).tolist() == expected


def test_alpha_of_a_decided_edge_is_frozen_against_weight_decay() -> None:
    learner = make_learner(Strategy("sgas", progress=GreedyDecisions(1)), architecture_decay=0.1)
    mask = np.zeros((6, 5), dtype=bool)
    mask[2] = [True, True, False, True, True]
    mask[4] = True
    learner.architecture.forbid("cell", mask)
    before = learner.architecture.alpha["cell"].detach().clone()
    batch = random_batch(16, 0)
    learner.architecture_step(batch, batch, moment(1))
    changed = (learner.architecture.alpha["cell"] != before).any(1)
    assert changed.tolist() == [True, True, False, True, False, True]


def test_published_depths_are_those_of_the_darts_space() -> None:
    stages = p_darts().progress
    assert [stages.depth(epoch, 75, None) for epoch in (1, 26, 51)] == [5, 11, 17]
    assert [stages.depth(epoch, 75, 8) for epoch in (1, 26, 51)] == [2, 5, 8]  # 8 d / 17, rounded
    assert [stages.depth(epoch, 75, 1) for epoch in (1, 26, 51)] == [1, 1, 1]
    with pytest.raises(SearchError, match=r"5, 11, 17 of P-DARTS .* --cells"):
        make_learner(p_darts())  # NAS-Bench-201 counts cells by stage
    make_learner(p_darts(), cells=3)


@given(st.integers(3, 90), st.integers(1, 3))
def test_stages_cover_the_search_in_order(epochs: int, count: int) -> None:
    stages = Stages(tuple(range(1, count + 1)), (5, 3)[: count - 1], (0.0,) * count)
    numbers = [stages.stage(epoch, epochs) for epoch in range(1, epochs + 1)]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(count))
    lengths = [numbers.count(number) for number in range(count)]
    assert max(lengths) - min(lengths) <= 1
    place = 0
    for number, length in enumerate(lengths):
        for position in range(1, length + 1):
            place += 1
            assert stages.position(place, epochs) == (position, length)
            assert stages.depth(place, epochs, None) == number + 1


def test_alpha_is_frozen_in_the_first_ten_of_25_epochs() -> None:
    frozen = [p_darts().progress.frozen(epoch, 75) for epoch in range(1, 76)]
    assert frozen == ([True] * 10 + [False] * 15) * 3


def test_skip_dropout_falls_within_each_stage() -> None:
    rates = [p_darts().progress.skip_dropout(epoch, 75) for epoch in range(1, 76)]
    expected = []
    for first in (0.0, 0.4, 0.7):
        expected += [first * (25 - epoch - 1) / 25 for epoch in range(10)]
        expected += [first * np.exp(-(epoch - 10) * 0.2) for epoch in range(10, 25)]
    np.testing.assert_allclose(rates, expected)


def test_stages_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="for each stage"):
        p_darts(depths=(5, 11), kept=(5, 3))


def test_the_weakest_candidates() -> None:
    mask = weakest(np.array([[0.1, 0.4, 0.3, 0.2], [0.25, 0.25, 0.25, 0.25]]), 2)
    assert mask.tolist() == [[True, False, False, True], [False, False, True, True]]


def test_p_darts_from_stage_to_stage() -> None:
    strategy = p_darts(depths=(3, 4), kept=(3,), dropouts=(0.0, 0.4), most_skips=1)
    learner = darts_learner(strategy, epochs=4)
    seen = []

    class Spy:
        from naslib_proxydata.hookspecs import hookimpl

        @hookimpl
        def epoch_finished(self, epoch: int) -> None:
            allowed = learner.architecture.allowed("normal").sum(1)
            lr = round(learner.weights_lr, 4)
            seen.append((epoch, len(learner.supernet.cells), allowed.tolist(), lr))

    result = Search(coloured(32), learner, acting(Spy()), "darts").run()
    assert [one[:2] for one in seen] == [(1, 3), (2, 3), (3, 4), (4, 4)]
    assert seen[0][2] == [8] * 14
    assert seen[1][2] == seen[2][2] == [3] * 14
    assert [one[3] for one in seen] == [0.025, 0.0125] * 2  # each stage a cosine of its own
    normal = result.cell[: result.cell.index("normal_concat")]
    assert normal.count("skip_connect") <= 1


def test_skip_connections_are_limited_weakest_first() -> None:
    learner = darts_learner(p_darts(most_skips=2))
    with torch.no_grad():
        learner.architecture.alpha["normal"].zero_()
        learner.architecture.alpha["normal"][:, 3] = torch.linspace(1, 2, 14)
    learner.strategy.progress.epoch_finished(learner, moment(6, 6))
    strengths = learner.architecture.strengths(learner.relaxation)
    chosen = learner.supernet.chosen(strengths)["normal"]
    skips = [(edge.source, edge.target) for edge in chosen if edge.operation == "skip_connect"]
    assert skips == [(4, 5), (3, 5)]
    assert learner.architecture.allowed("reduce").all()


def test_a_skip_that_is_given_up_leaves_the_other_probabilities_as_they_are() -> None:
    learner = darts_learner(p_darts(most_skips=0))
    with torch.no_grad():
        learner.architecture.alpha["normal"].zero_()
        learner.architecture.alpha["normal"][:, 3] = 2.0
    before = learner.architecture.strengths(learner.relaxation)["normal"]
    learner.strategy.progress.epoch_finished(learner, moment(6, 6))
    after = learner.architecture.strengths(learner.relaxation)["normal"]
    gone = after[:, 3] == 0
    assert gone.any()
    np.testing.assert_array_equal(np.delete(after, 3, 1), np.delete(before, 3, 1))


def test_interrupted_between_stages_and_decisions(tmp_path) -> None:
    from tests.oneshot.test_loop import StopAfter

    for name, make in {
        "p-darts": lambda: p_darts(depths=(1, 2), kept=(3,), dropouts=(0.1, 0.4)),
        "sgas": lambda: Strategy("sgas", progress=GreedyDecisions(2, first=1, every=1)),
    }.items():

        def search(folder, *plugins, make=make) -> Search:
            learner = make_learner(make(), epochs=4, cells=2)
            return Search(coloured(32), learner, acting(*plugins), "nb201", folder=folder)

        whole = search(tmp_path / name / "whole")
        expected = whole.run()
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / name / "cut", StopAfter(3)).run()
        resumed = search(tmp_path / name / "cut")
        assert resumed.run().cell == expected.cell
        assert resumed.learner.batch_size == whole.learner.batch_size
        for one, other in zip(
            resumed.learner.architecture.state_dict().values(),
            whole.learner.architecture.state_dict().values(),
            strict=True,
        ):
            assert torch.equal(one, other)


def test_another_criterion_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"criterion must be .* at most 2; got 3"):
        sgas(criterion=3)
