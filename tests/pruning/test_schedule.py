from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import PruningError
from naslib_proxydata.pruning.schedule import PRESETS, Schedule, preset, solve


def simulate(schedule: Schedule, epochs: int) -> float:
    weights = architecture = 1.0
    for epoch in range(1, epochs + 1):
        first = schedule.first or schedule.period
        if epoch in range(first, epochs + 1, schedule.period):
            weights -= schedule.weights_ratio * weights
            architecture -= schedule.architecture_ratio * architecture
    return (weights + architecture) / 2


@pytest.mark.parametrize(
    ("name", "published"),
    [("to-4-percent", 0.038), ("to-14-percent", 0.139), ("to-1-percent", 0.0105)],
)
@pytest.mark.parametrize("epochs", [50, 100])
def test_presets_leave_the_published_share(name: str, published: float, epochs: int) -> None:
    assert preset(name, epochs).remaining(epochs) == pytest.approx(published, abs=5e-4)
    assert preset(name, epochs).prunings(epochs) == 25


@given(
    st.integers(1, 5), st.floats(0, 0.9), st.floats(0, 0.9), st.integers(0, 9), st.integers(1, 60)
)
def test_remaining_against_a_walk_through_the_epochs(
    period: int, p_t: float, p_v: float, first: int, epochs: int
) -> None:
    schedule = Schedule(period, p_t, p_v, first)
    assert schedule.remaining(epochs) == pytest.approx(simulate(schedule, epochs), abs=1e-12)


@given(st.floats(0.05, 1), st.integers(8, 60), st.sampled_from([0.5, 1.0, 2.0]))
def test_the_solved_ratios_leave_the_fraction(fraction: float, epochs: int, tilt: float) -> None:
    schedule = solve(fraction, epochs, tilt=tilt)
    assert simulate(schedule, epochs) == pytest.approx(fraction, abs=1e-9)
    if schedule.architecture_ratio > 1e-9:
        assert schedule.weights_ratio / schedule.architecture_ratio == pytest.approx(tilt)


def test_the_paper_s_four_percent_is_a_solution() -> None:
    remaining = PRESETS["to-4-percent"].remaining(50)
    solved = solve(remaining, 50)
    assert (solved.weights_ratio, solved.architecture_ratio) == pytest.approx((0.2, 0.1))


def test_levels_have_their_own_ratio() -> None:
    schedule = PRESETS["to-14-percent"]
    assert (schedule.ratio("weights"), schedule.ratio("architecture")) == (0.25, 0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: preset("to-4-per-cent", 50), "Did you mean 'to-4-percent'"),
        (lambda: Schedule(2, 1.0, 0.1), "weights_ratio must be at least 0 and below 1"),
        (lambda: Schedule(0, 0.1, 0.1), "period"),
        (lambda: solve(0.0, 50), r"fraction must be in \(0, 1\]"),
        (lambda: solve(0.04, 1), "0 prunings in 1 epochs"),
        (lambda: solve(0.04, 2, tilt=2.0), "cannot leave 0.04"),
    ],
)
def test_impossible_schedules_are_refused(call, message: str) -> None:
    with pytest.raises(PruningError, match=message):
        call()
