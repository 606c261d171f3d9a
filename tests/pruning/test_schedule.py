from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import PruningError
from naslib_proxydata.pruning.schedule import (
    ENDS,
    PRINTED,
    Schedule,
    WantedSchedule,
    preset,
    solve,
)


def simulate(schedule: Schedule, epochs: int) -> float:
    weights = architecture = 1.0
    for epoch in range(1, epochs + 1):
        first = schedule.first or schedule.period
        if epoch in range(first, epochs + 1, schedule.period):
            weights -= schedule.weights_ratio * weights
            architecture -= schedule.architecture_ratio * architecture
    return (weights + architecture) / 2


NAMED_ENDS = [("to-4-percent", 0.038), ("to-14-percent", 0.139), ("to-1-percent", 0.0105)]


@pytest.mark.parametrize(("name", "published"), NAMED_ENDS)
@pytest.mark.parametrize("epochs", [2, 4, 10, 11, 12, 25, 30, 49, 50, 51, 74, 75, 100, 599, 600])
def test_a_schedule_named_by_its_end_ends_there(name: str, published: float, epochs: int) -> None:
    assert simulate(preset(name, epochs), epochs) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("epochs", [50, 100])
def test_with_25_prunings_the_named_pair_is_used_itself(epochs: int) -> None:
    ratios = [(one.weights_ratio, one.architecture_ratio) for one in ENDS.values()]
    assert ratios == [(0.2, 0.1), (0.25, 0.05), (0.2, 0.15)]
    for name, pair in ENDS.items():
        found = preset(name, epochs)
        assert found.prunings(epochs) == 25
        assert (found.weights_ratio, found.architecture_ratio) == (
            pair.weights_ratio,
            pair.architecture_ratio,
        )


@pytest.mark.parametrize(
    ("name", "left"),
    # By hand: ((1 - p_t)^25 + (1 - p_v)^25) / 2, e.g. (.8^25 + .9^25) / 2 = .03778.
    [
        ("25/5", 0.13907),
        ("20/10", 0.03778),
        ("15/15", 0.01720),
        ("10/20", 0.03778),
        ("5/25", 0.13907),
    ],
)
def test_printed_pairs(name: str, left: float) -> None:
    assert simulate(preset(name, 50), 50) == pytest.approx(left, abs=5e-6)
    percent = [100 * PRINTED[name].weights_ratio, 100 * PRINTED[name].architecture_ratio]
    assert "/".join(f"{one:g}" for one in percent) == name


def test_a_period_is_used_by_every_kind_of_schedule() -> None:
    for name in ("to-4-percent", "to-14-percent", "to-1-percent", "0.04"):
        schedule = WantedSchedule(name, period=5).resolve(50)
        assert schedule.prunings(50) == 10
    assert simulate(WantedSchedule("to-4-percent", period=5).resolve(50), 50) == pytest.approx(
        0.038, abs=5e-4
    )
    assert WantedSchedule("20/10", period=5).resolve(50) == Schedule(5, 0.2, 0.1)
    assert WantedSchedule("20/10", ratios=(0.3, 0.2), period=4).resolve(50) == Schedule(4, 0.3, 0.2)


def test_steep_prunings_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    WantedSchedule("to-4-percent").resolve(50)
    assert not caplog.records
    WantedSchedule("to-4-percent").resolve(10)
    assert "each of the 5 prunings takes 67 % of a level's remaining examples" in caplog.text


@pytest.mark.parametrize(
    "wanted", [WantedSchedule("20/10", period=60), WantedSchedule(Schedule(2, 0.1, 0.1, 51))]
)
def test_a_search_that_would_never_prune_is_refused(wanted: WantedSchedule) -> None:
    with pytest.raises(PruningError, match=r"50 epochs would never prune.* after epoch"):
        wanted.resolve(50)


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
    remaining = PRINTED["20/10"].remaining(50)
    solved = solve(remaining, 50)
    assert (solved.weights_ratio, solved.architecture_ratio) == pytest.approx((0.2, 0.1))


def test_levels_have_their_own_ratio() -> None:
    schedule = PRINTED["25/5"]
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


@pytest.mark.parametrize(
    ("wanted", "left"),
    [(0.5, 0.5), ("0.25", 0.25), ("to-4-percent", (0.8**25 + 0.9**25) / 2)],
)
@pytest.mark.parametrize("epochs", [10, 50])
def test_a_level_that_shrinks_alone_reaches_the_end_itself(
    wanted: str | float, left: float, epochs: int
) -> None:
    found = WantedSchedule(wanted).resolve(epochs, ("weights",))
    assert found.architecture_ratio == 0.0
    assert (1 - found.weights_ratio) ** (epochs // 2) == pytest.approx(left)
    assert found.left_of(("weights",), epochs) == pytest.approx(left)


def test_ratios_of_a_level_that_shrinks_alone_stay() -> None:
    assert WantedSchedule("20/10").resolve(50, ("weights",)) == Schedule(2, 0.2, 0.0)
    given = WantedSchedule("to-4-percent", ratios=(0.3, 0.2))
    assert given.resolve(50, ("weights",)) == Schedule(2, 0.3, 0.0)
