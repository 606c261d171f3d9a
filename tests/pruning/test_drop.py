from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.pruning.balance import class_limits
from naslib_proxydata.pruning.drop import drop, number_to_drop


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    size = draw(st.integers(1, 60))
    active = np.array(sorted(draw(st.sets(st.integers(0, 500), min_size=size, max_size=size))))
    score = st.one_of(st.just(float("nan")), st.sampled_from([0.0, 0.25, 0.5]), st.floats(0, 1))
    scores = np.array(draw(st.lists(score, min_size=size, max_size=size)))
    targets = np.array(draw(st.lists(st.integers(0, 4), min_size=size, max_size=size)))
    return active, scores, targets, draw(st.integers(0, size))


@given(cases(), st.sampled_from(["low", "high"]), st.none() | st.integers(1, 30))
def test_drop_against_visiting_one_by_one(case, side, prunings) -> None:
    active, scores, targets, number = case
    result = drop(active, scores, targets, number, side=side, prunings=prunings)

    sizes = {c: int((targets == c).sum()) for c in sorted(set(targets.tolist()))}
    limits = class_limits(np.array(list(sizes.values())), prunings)
    left = dict(zip(sizes, limits.tolist(), strict=True))
    visits = [i for i in range(len(active)) if not np.isnan(scores[i])]
    visits.sort(key=lambda i: scores[i] if side == "low" else -scores[i])
    dropped: set[int] = set()
    for i in visits:
        if len(dropped) < number and left[targets[i]] > 0:
            dropped.add(i)
            left[targets[i]] -= 1
    expected = [int(active[i]) for i in range(len(active)) if i not in dropped]

    assert result.kept.tolist() == expected
    assert result.dropped == len(dropped) <= result.wanted == number
    assert result.unscored == int(np.isnan(scores).sum())
    assert set(targets[np.isin(active, result.kept)].tolist()) == set(sizes), "a class is gone"


def test_a_ratio_is_not_lost_to_the_last_bit() -> None:
    assert number_to_drop(100, 0.29) == 29
    assert number_to_drop(9, 0.1) == 0
    assert number_to_drop(5000, 0.2) == 1000
