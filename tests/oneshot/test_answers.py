"""What lifecycle hooks answer: what is taken, and how the rest is told with plugin and hook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from naslib_proxydata.data.loader import BatchLoader
from naslib_proxydata.errors import PluginError, ProxyDataError, PruningError
from naslib_proxydata.hookspecs import LEVELS, WeightedExamples, hookimpl
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.strategies.enas import enas
from naslib_proxydata.oneshot.strategies.gdas import gdas
from naslib_proxydata.pruning.infobatch import InfoBatchPruner
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.base import Selection
from tests.oneshot.fakes import acting, coloured, make_learner

Indices = NDArray[np.int64]


class Chooses:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def choose_examples(self) -> Any:
        return self.answer


class Prunes:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def prune_examples(self, active: Indices) -> Any:
        return self.answer(active)


class Weighs:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def weigh_examples(self, active: Mapping[str, Indices], epoch: int) -> Any:
        return self.answer(active, epoch)


def searched(*actors: object, count: int = 32, strategy: Strategy | None = None) -> Search:
    """Return a search of two epochs that has run."""
    learner = make_learner(strategy or darts(), epochs=2)
    search = Search(coloured(count), learner, acting(*actors), "nb201")
    search.run()
    return search


def told(*actors: object, error: type[ProxyDataError] = PluginError) -> str:
    with pytest.raises(error) as caught:
        searched(*actors)
    return str(caught.value)


# ----------------------------------------------------------------------------- choose_examples


@pytest.mark.parametrize("make", [list, np.array, tuple], ids=["list", "array", "tuple"])
def test_indices_are_a_selection_of_two_random_halves(make: Any) -> None:
    search = searched(Chooses(make([3, 1, 9, 30, 12, 7, 20, 5])))
    halves = search.pool
    assert sorted(np.concatenate(list(halves.values()))) == [1, 3, 5, 7, 9, 12, 20, 30]
    assert {level: len(half) for level, half in halves.items()} == dict.fromkeys(LEVELS, 4)


def test_a_selection_keeps_its_own_halves() -> None:
    halves = np.arange(4), np.arange(10, 20)
    selection = Selection(np.concatenate(halves), *halves, 32, "by hand")
    search = searched(Chooses(selection))
    for level, half in zip(LEVELS, halves, strict=True):
        np.testing.assert_array_equal(search.pool[level], half)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("first half", "got str"),
        ([0.5, 1.5, 2.5, 3.5], "float64"),
        (np.ones(32, bool), "bool"),
        (np.zeros((4, 2), int), "shape (4, 2)"),
        ({"indices": [1, 2]}, "got dict"),
        ([0, 1, 2, 2], "duplicated"),
        ([0, 1, 2, 32], "32"),
        ([-1, 0, 1, 2], "-1"),
    ],
)
def test_nonsense_is_no_selection(answer: Any, complaint: str) -> None:
    message = told(Chooses(answer))
    assert "plugin 'actor 0' (tests 1.0): hook 'choose_examples'" in message
    assert complaint in message


# ------------------------------------------------------------------------------ prune_at_start


class DropsAtStart:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def prune_at_start(self, active: Indices) -> Any:
        return self.answer(active)


def test_what_goes_before_the_first_epoch_never_trains_and_never_comes_back() -> None:
    seen: set[int] = set()

    class Watches(DropsAtStart):
        @hookimpl
        def batch_finished(self, indices: Indices) -> None:
            seen.update(indices.tolist())

    whole, search = searched(), searched(Watches(lambda active: active[::2]))
    for level in LEVELS:
        assert search.pool[level].tolist() == whole.pool[level][::2].tolist()
    assert seen == {int(one) for half in search.pool.values() for one in half}
    assert [record.used for record in search.records] == [dict.fromkeys(LEVELS, 8)] * 2
    assert [record.left for record in search.records] == [dict.fromkeys(LEVELS, 8)] * 2


def test_nonsense_before_the_first_epoch_is_told() -> None:
    message = told(DropsAtStart(lambda active: [0.5, 1.5]))
    assert "plugin 'actor 0' (tests 1.0): hook 'prune_at_start'" in message
    message = told(DropsAtStart(lambda active: active[:1]), error=PruningError)
    assert "1 weights examples are left before the first epoch" in message


# ------------------------------------------------------------------------------ prune_examples


def test_a_mask_keeps_what_is_true() -> None:
    search = searched(Prunes(lambda active: np.isin(np.arange(len(active)), [0, 1, 2])))
    for level in LEVELS:
        np.testing.assert_array_equal(search.active[level], search.pool[level][:3])


def test_a_list_of_indices_is_taken_in_any_order() -> None:
    search = searched(Prunes(lambda active: [int(one) for one in active[3::-1]]))
    np.testing.assert_array_equal(search.active["weights"], search.pool["weights"][:4])


@pytest.mark.parametrize(
    ("answer", "error", "complaint"),
    [
        (lambda active: np.ones(len(active) + 1, bool), PluginError, "mask of shape (17,)"),
        (lambda active: np.ones((len(active), 1), bool), PluginError, "mask of shape (16, 1)"),
        (lambda active: active.astype(float), PluginError, "float64"),
        (lambda active: [str(one) for one in active], PluginError, "got list of <U"),
        (lambda active: active.reshape(2, -1), PluginError, "shape (2, 8)"),
        (lambda active: "all", PluginError, "got str"),
        (lambda active: 3, PluginError, "got int"),
        (lambda active: active + 1, PruningError, "not in use"),
        (lambda active: active[:1], PruningError, "1 weights examples are left after epoch 1"),
    ],
)
def test_what_is_no_subset_of_the_active_is_refused(
    answer: Any, error: type[ProxyDataError], complaint: str
) -> None:
    message = told(Prunes(answer), error=error)
    assert complaint in message
    if "are left" not in complaint:
        assert "plugin 'actor 0' (tests 1.0): hook 'prune_examples'" in message


def test_a_pruner_that_writes_to_its_input_changes_nothing_else() -> None:
    def careless(active: Indices) -> Indices:
        kept = active[::2].copy()
        active[:] = 0
        return kept

    search = searched(Prunes(careless))
    np.testing.assert_array_equal(search.active["weights"], search.pool["weights"][::4])


# ------------------------------------------------------------------------------ weigh_examples


def weighted(indices: Any, weights: Any) -> Any:
    return lambda active, epoch: {"weights": WeightedExamples(indices(active["weights"]), weights)}


@pytest.mark.parametrize(
    ("answer", "error", "complaint"),
    [
        (lambda active, epoch: [1, 2], PluginError, "expected a mapping"),
        (lambda active, epoch: {"test": None}, PluginError, "from weights or architecture"),
        (lambda active, epoch: {"weights": [1, 2]}, PluginError, "expected WeightedExamples"),
        (weighted(lambda a: a[:4], np.ones(3)), PluginError, "one weight for each of 4"),
        (weighted(lambda a: a[:2], np.array(["1", "2"])), PluginError, "got <U1"),
        (weighted(lambda a: a[:2] / 1, np.ones(2)), PluginError, "float64"),
        (weighted(lambda a: a[:2], np.array([1.0, np.nan])), PluginError, "finite"),
        (weighted(lambda a: a[:2], np.array([1.0, np.inf])), PluginError, "finite"),
        (weighted(lambda a: a[:2], np.array([1.0, -1.0])), PluginError, "not negative"),
        (weighted(lambda a: np.arange(32), np.ones(32)), PruningError, "of the pool"),
        (weighted(lambda a: a[[0, 1, 1]], np.ones(3)), PruningError, "each once"),
        (weighted(lambda a: a[:1], np.ones(1)), PruningError, "left 1 weights examples"),
    ],
)
def test_what_is_not_weighted_examples_of_the_pool_is_refused(
    answer: Any, error: type[ProxyDataError], complaint: str
) -> None:
    message = told(Weighs(answer), error=error)
    assert "plugin 'actor 0' (tests 1.0): hook 'weigh_examples'" in message
    assert complaint in message


def test_two_that_weigh_one_level_are_refused_and_two_levels_are_not() -> None:
    def one(level: str) -> Weighs:
        return Weighs(lambda active, _: {level: WeightedExamples(active[level], np.ones(16))})

    message = told(one("weights"), one("weights"))
    assert "plugin 'actor 0' (tests 1.0): hook 'weigh_examples'" in message
    assert "weights examples; name one" in message
    searched(one("weights"), one("architecture"))


def test_examples_come_back_and_only_those_of_an_epoch_are_used() -> None:
    """Epoch 1 uses a part of the pool, epoch 2 all of it, though prune_examples dropped most."""

    class Returns:
        @hookimpl
        def prune_examples(self, active: Indices) -> Indices:
            return active[:4]

        @hookimpl
        def weigh_examples(self, epoch: int, pool: Mapping[Any, Indices]) -> Any:
            return {
                level: WeightedExamples(all_[:6] if epoch == 1 else all_[::-1], np.ones(one))
                for level, all_ in pool.items()
                for one in [6 if epoch == 1 else len(all_)]
            }

        @hookimpl
        def batch_finished(self, level: str, epoch: int, indices: Indices) -> None:
            seen.setdefault((level, epoch), []).extend(indices.tolist())

    seen: dict[tuple[str, int], list[int]] = {}
    search = searched(Returns())
    for level in LEVELS:
        assert sorted(seen[level, 1]) == search.pool[level][:6].tolist()
        assert sorted(seen[level, 2]) == search.pool[level].tolist()
    assert [record.used for record in search.records] == [
        dict.fromkeys(LEVELS, 6),
        dict.fromkeys(LEVELS, 16),
    ]
    assert [record.left["weights"] for record in search.records] == [4, 4]


# --------------------------------------------------------------------------------- the weights


def test_the_weighted_loss_is_the_mean_of_weighted_losses() -> None:
    dataset, learner = coloured(12), make_learner(darts())
    indices = np.array([11, 2, 5, 7])
    given = {11: 0.5, 2: 2.0, 5: 0.0, 7: 1.0}
    loader = BatchLoader(
        dataset, indices, batch_size=8, weights=np.array([given[one] for one in indices.tolist()])
    )
    (batch,) = loader
    mixtures = learner.mixtures(Moment(1, 1, torch_generator(0)))
    loss, logits = learner.loss(batch, mixtures)
    by_hand = [
        given[index] * -F.log_softmax(row, 0)[label].item()
        for index, row, label in zip(batch.indices.tolist(), logits, batch.labels, strict=True)
    ]
    assert loss.item() == pytest.approx(sum(by_hand) / 4, rel=1e-6)


def test_batches_carry_the_weights_of_their_own_examples() -> None:
    weights = np.arange(10) / 4
    loader = BatchLoader(
        coloured(12), np.arange(2, 12), batch_size=4, weights=weights, generator=torch_generator(0)
    )
    for batch in loader:
        assert batch.weights is not None
        np.testing.assert_array_equal(batch.weights, weights[batch.indices.numpy() - 2])


def state(search: Search) -> dict[str, torch.Tensor]:
    """Return weights and architecture parameters."""
    return {
        **search.learner.supernet.state_dict(),
        **{f"architecture.{k}": v for k, v in search.learner.architecture.state_dict().items()},
    }


def assert_same(search: Search, other: Search) -> None:
    mine, theirs = state(search), state(other)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert [record.cell for record in search.records] == [record.cell for record in other.records]


def test_weights_of_one_change_nothing_to_the_last_bit() -> None:
    def all_alike(active: Mapping[Any, Indices], epoch: int) -> Any:
        return {level: WeightedExamples(one, np.ones(len(one))) for level, one in active.items()}

    assert_same(searched(), searched(Weighs(all_alike)))


def test_weights_that_differ_do_change_the_search() -> None:
    def uneven(active: Mapping[Any, Indices], epoch: int) -> Any:
        return {level: WeightedExamples(one, one % 3.0) for level, one in active.items()}

    plain, other = searched(), searched(Weighs(uneven))
    assert not all(torch.equal(state(plain)[key], state(other)[key]) for key in state(plain))


class Asks:
    """Looks at the network's outputs before every epoch and leaves the choice alone."""

    def __init__(self, asked: Any) -> None:
        self.asked, self.answers = asked, []

    @hookimpl
    def weigh_examples(self, predict: Any) -> None:
        self.answers.append(predict(self.asked))


@pytest.mark.parametrize("make", [darts, gdas, lambda: enas(picks=2, steps=2, cells=2)])
def test_predicting_changes_neither_weights_nor_draws(make: Any) -> None:
    asks = Asks(np.array([5, 30, 2, 31]))
    assert_same(searched(strategy=make()), searched(asks, strategy=make()))
    assert [tuple(one.shape) for one in asks.answers] == [(4, 4)] * 2
    for one in asks.answers:
        torch.testing.assert_close(one.sum(1), torch.ones(4))
        assert not one.requires_grad


def test_predictions_come_in_the_order_asked() -> None:
    asks = Asks(np.array([5, 30, 2, 31]))
    swapped = Asks(np.array([31, 2, 30, 5]))
    searched(asks)
    searched(swapped)
    torch.testing.assert_close(asks.answers[0], swapped.answers[0].flip(0))
    assert not torch.allclose(asks.answers[0][0], asks.answers[0][1])


@pytest.mark.parametrize("asked", [np.ones(32, bool), ["1"], np.ones((2, 2), int)])
def test_predicting_what_is_no_indices_is_told(asked: Any) -> None:
    assert "predict expected dataset indices" in told(Asks(asked))
    assert Asks(np.array([], int)).answers == []


def test_no_indices_give_no_predictions() -> None:
    asks = Asks(np.array([], dtype=np.int64))
    searched(asks)
    assert [tuple(one.shape) for one in asks.answers] == [(0, 4)] * 2


def test_a_pruner_that_weighs_is_resumed_equal(tmp_path: Any) -> None:
    """InfoBatch weighs by losses of earlier epochs, which a checkpoint must hold."""

    class Stops:
        @hookimpl
        def batch_finished(self, epoch: int) -> None:
            if epoch == 3:
                raise KeyboardInterrupt

    def make(folder: Any, *more: object) -> Search:
        actors = acting(InfoBatchPruner(0.5, untouched=0.0), *more)
        learner = make_learner(darts(), epochs=4)
        return Search(coloured(32), learner, actors, "nb201", folder=folder)

    whole = make(None)
    whole.run()
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, Stops()).run()
    resumed = make(tmp_path)
    resumed.run()
    assert_same(whole, resumed)
    assert [record.used for record in whole.records] == [record.used for record in resumed.records]
    assert whole.records[-1].used["weights"] < 16
