from __future__ import annotations

import itertools

import numpy as np
import pluggy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata import hookspecs
from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import SearchInfo
from naslib_proxydata.pruning.baselines import EL2NPruner, RandomPruner
from naslib_proxydata.pruning.bilevel import LEVELS, BilevelPruner
from naslib_proxydata.pruning.schedule import Schedule


def manager_of(plugin: object) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()
    return manager


def info_of(targets: np.ndarray | None, epochs: int = 50) -> SearchInfo:
    return SearchInfo("nb201", "darts", epochs, {"weights": 1, "architecture": 1}, targets)


class Run:
    """A search without a network: random probabilities, real hooks."""

    def __init__(self, plugin: object, targets: np.ndarray, epochs: int, seed: int = 0) -> None:
        self.hook = manager_of(plugin).hook
        self.targets, self.generator = targets, np.random.default_rng(seed)
        half = len(targets) // 2
        self.active = {"weights": np.arange(half), "architecture": np.arange(half, len(targets))}
        self.errors: dict[tuple[str, int], list[float]] = {}
        sizes = {level: len(active) for level, active in self.active.items()}
        self.hook.search_started(info=SearchInfo("nb201", "darts", epochs, sizes, targets))

    def epoch(self, epoch: int, skip: tuple[int, ...] = ()) -> None:
        for level in LEVELS:
            order = self.generator.permutation(self.active[level])
            order = order[~np.isin(order, skip)]
            for start in range(0, len(order), 16):
                indices = order[start : start + 16]
                p = self.generator.dirichlet(np.ones(5), size=len(indices))
                y = self.targets[indices]
                for index, error in zip(indices, np.linalg.norm(p - np.eye(5)[y], axis=1)):  # noqa: B905
                    self.errors.setdefault((level, int(index)), []).append(error)
                self.hook.batch_finished(
                    level=level,
                    epoch=epoch,
                    indices=indices,
                    probabilities=torch.tensor(p),
                    targets=torch.tensor(y),
                )

    def prune(self, epoch: int) -> None:
        for level in LEVELS:
            kept = self.hook.prune_examples(level=level, epoch=epoch, active=self.active[level])
            for one in kept:
                self.active[level] = one


@pytest.mark.parametrize("weights_drops", ["low", "high"])
@pytest.mark.parametrize("architecture_drops", ["low", "high"])
def test_all_four_criteria_against_recorded_errors(weights_drops, architecture_drops) -> None:
    targets = np.arange(80) % 5
    pruner = BilevelPruner(
        Schedule(2, 0.3, 0.1), weights_drops=weights_drops, architecture_drops=architecture_drops
    )
    run = Run(pruner, targets, epochs=4)
    for window in (1, 2):
        before = {level: run.active[level].copy() for level in LEVELS}
        run.errors.clear()
        for epoch in (2 * window - 1, 2 * window):
            run.epoch(epoch)
            run.prune(epoch)
        for level, side, ratio in (
            ("weights", weights_drops, 0.3),
            ("architecture", architecture_drops, 0.1),
        ):
            voe = {int(i): float(np.var(run.errors[level, int(i)])) for i in before[level]}
            ranked = sorted(voe, key=lambda i: voe[i] if side == "low" else -voe[i])
            gone = ranked[: int(ratio * len(ranked))]
            assert set(before[level].tolist()) - set(run.active[level].tolist()) == set(gone)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=20, max_size=120),
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.integers(0, 99),
    st.booleans(),
)
def test_sets_only_shrink_and_classes_survive(labels, p_t, p_v, seed, balance) -> None:
    targets = np.array(labels)
    run = Run(BilevelPruner(Schedule(2, p_t, p_v), class_balance=balance), targets, 6, seed)
    for epoch in range(1, 7):
        before = {level: run.active[level].copy() for level in LEVELS}
        run.epoch(epoch)
        run.prune(epoch)
        for level, ratio in (("weights", p_t), ("architecture", p_v)):
            after = run.active[level]
            assert set(after.tolist()) <= set(before[level].tolist())
            assert set(targets[after].tolist()) == set(targets[before[level]].tolist())
            assert len(before[level]) - len(after) <= int(ratio * len(before[level]) + 1e-9)
            if epoch % 2:
                assert len(after) == len(before[level])


def test_examples_not_seen_in_a_window_stay_and_are_counted() -> None:
    targets = np.arange(40) % 5
    pruner = BilevelPruner(Schedule(2, 0.5, 0.5), class_balance=False)
    run = Run(pruner, targets, epochs=2)
    run.epoch(1)
    run.epoch(2, skip=(0, 1, 2))
    run.prune(2)
    assert {0, 1, 2} <= set(run.active["weights"].tolist())
    record = next(one for _, level, one in pruner.history if level == "weights")
    assert record.unscored == 3
    assert record.dropped == 10


@pytest.mark.parametrize(
    ("class_balance", "least", "most"), [(False, 0.037, 0.041), (True, 0.038, 0.05)]
)
def test_the_published_sizes_are_reached(class_balance: bool, least: float, most: float) -> None:
    """20/10 leaves 3.8 % after 25 prunings; the limit by class may leave a little more."""
    targets = np.arange(4000) % 5
    run = Run(BilevelPruner("to-4-percent", class_balance=class_balance), targets, epochs=50)
    for epoch in range(1, 51):
        if epoch % 2:
            run.errors.clear()
        run.epoch(epoch)
        run.prune(epoch)
    left = sum(len(run.active[level]) for level in LEVELS) / len(targets)
    assert least <= left <= most


def test_a_saved_window_goes_on() -> None:
    targets = np.arange(60) % 5
    runs = [Run(BilevelPruner(Schedule(2, 0.3, 0.3)), targets, 2, seed=4) for _ in range(2)]
    pruners = [next(iter(manager_of_run(run))) for run in runs]
    for run in runs:
        run.epoch(1)
    resumed = BilevelPruner(Schedule(2, 0.3, 0.3))
    resumed.search_started(info_of(targets, 2))
    resumed.load_state_dict(pruners[1].state_dict(), torch.zeros(1))
    runs[1].hook = manager_of(resumed).hook
    for run in runs:
        run.epoch(2)
        run.prune(2)
    for level in LEVELS:
        np.testing.assert_array_equal(runs[0].active[level], runs[1].active[level])


def manager_of_run(run: Run) -> list[BilevelPruner]:
    return [one.plugin for one in run.hook.search_started.get_hookimpls()]


def test_el2n_drops_once_by_the_mean_error() -> None:
    targets = np.arange(100) % 5
    run = Run(EL2NPruner(0.4, epoch=3, drops="high"), targets, epochs=5)
    before = run.active["weights"].copy()
    for epoch in (1, 2, 3):
        run.epoch(epoch)
        run.prune(epoch)
    mean = {int(i): float(np.mean(run.errors["weights", int(i)])) for i in before}
    assert set(run.active["weights"].tolist()) == set(sorted(mean, key=mean.__getitem__)[:20])
    sizes = {level: len(run.active[level]) for level in LEVELS}
    run.epoch(4)
    run.prune(4)
    assert sizes == {level: len(run.active[level]) for level in LEVELS}


@pytest.mark.parametrize("sides", list(itertools.product(("low", "high"), repeat=2)))
def test_el2n_by_level_and_side_drops_half_of_each(sides: tuple[str, str]) -> None:
    pruner = EL2NPruner(0.5, epoch=1, weights_drops=sides[0], architecture_drops=sides[1])
    run = Run(pruner, np.arange(100) % 5, epochs=3)
    before = {level: run.active[level].copy() for level in LEVELS}
    run.epoch(1)
    run.prune(1)
    for level, side in zip(LEVELS, sides, strict=True):
        error = {int(i): float(np.mean(run.errors[level, int(i)])) for i in before[level]}
        by_error = sorted(error, key=error.__getitem__, reverse=side == "high")
        assert set(run.active[level].tolist()) == set(by_error[len(by_error) // 2 :])


def test_random_pruning_has_the_schedule_s_sizes_and_its_own_seed() -> None:
    targets = np.arange(400) % 5
    left = []
    for seed in (1, 1, 2):
        run = Run(RandomPruner(Schedule(2, 0.2, 0.1), seed=seed), targets, epochs=4)
        for epoch in range(1, 5):
            run.prune(epoch)
        left.append(run.active["weights"].tolist())
        assert len(run.active["weights"]) == 128  # 200 -> 160 -> 128
        assert len(run.active["architecture"]) == 162  # 200 -> 180 -> 162
    assert left[0] == left[1] != left[2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BilevelPruner(weights_drops="lowest"), "'low' or 'high'"),
        (lambda: BilevelPruner(Schedule(1, 0.1, 0.1)).search_started(info_of(np.zeros(3))), "zero"),
        (lambda: BilevelPruner().search_started(info_of(None)), "needs labels"),
        (lambda: BilevelPruner("to-5").search_started(info_of(np.zeros(3))), "to-14-percent"),
        (lambda: BilevelPruner([0.5]), "a name or the share of examples"),  # type: ignore[arg-type]
        (lambda: BilevelPruner("nan"), "a number, above 0 and at most 1; got nan"),
        (lambda: EL2NPruner(0.0), "fraction must be a number, above 0 and below 1"),
        (lambda: EL2NPruner(1.0), "fraction must be a number, above 0 and below 1"),
        (lambda: EL2NPruner(weights_drops="highest"), "'low' or 'high'"),
        (lambda: EL2NPruner(epoch=4).search_started(info_of(np.zeros(3), 4)), "the search has 4"),
    ],
)
def test_what_does_not_fit_together_is_refused(call, message: str) -> None:
    with pytest.raises(PruningError, match=message):
        call()


def test_the_outcome_says_how_often_the_limit_bound_and_what_was_reached() -> None:
    # Ninety examples of class 0 in each half, ten of the others: the limit binds at once.
    targets = np.tile(np.repeat([0, 1, 2], [90, 5, 5]), 2)
    pruner = BilevelPruner("20/10")
    run = Run(pruner, targets, epochs=6)
    start = {level: len(run.active[level]) for level in LEVELS}
    spared = dict.fromkeys(LEVELS, 0)
    for epoch in range(1, 7):
        run.epoch(epoch)
        run.prune(epoch)
    for _, level, result in pruner.history:
        spared[level] += result.spared
    outcome = pruner.outcome()
    for level in LEVELS:
        mine = [one for _, other, one in pruner.history if other == level]
        assert outcome[level] == {
            "prunings": 3,
            "limit bound in": sum(one.spared > 0 for one in mine),
            "spared": spared[level],
            "examples at first": start[level],
            "examples left": len(run.active[level]),
        }
    assert outcome["weights"]["limit bound in"] > 0


def test_the_outcome_goes_on_after_a_checkpoint() -> None:
    targets = np.tile(np.repeat([0, 1, 2], [90, 5, 5]), 2)
    whole, first, second = (BilevelPruner("20/10") for _ in range(3))
    run = Run(whole, targets, epochs=6)
    for epoch in range(1, 7):
        run.epoch(epoch)
        run.prune(epoch)
    run = Run(first, targets, epochs=6)
    for epoch in range(1, 5):
        run.epoch(epoch)
        run.prune(epoch)
    again = Run(second, targets, epochs=6)
    second.load_state_dict(first.state_dict())
    again.active, again.generator = run.active, run.generator
    for epoch in (5, 6):
        again.epoch(epoch)
        again.prune(epoch)
    assert second.outcome() == whole.outcome()
