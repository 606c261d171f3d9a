"""Comparisons: on the architectures that all runs ranked, and on no others."""

from __future__ import annotations

import math

import numpy as np
import pytest

from naslib_proxydata import ranking
from naslib_proxydata.leaderboard.architectures import ScoredArchitecture
from naslib_proxydata.leaderboard.comparison import compare, compared_run
from naslib_proxydata.leaderboard.difference_page import difference_sections


def run_of(name, noise, *, count=40, first=0, seeds=(0,), shift=0.0):
    """A run whose predictors see the measured value through so much noise, the same each time."""
    found = []
    for seed in seeds:
        values = np.random.default_rng(seed).permutation(100)[first : first + count] + shift
        for place, value in enumerate(values):
            scores = {
                label: float(value + level * np.random.default_rng([seed, place, 9]).normal())
                for label, level in noise.items()
            }
            text = f"{seed}-{place + first}"
            found.append(ScoredArchitecture("b", "d", "accuracy", seed, text, value, scores))
    return compared_run(name, found)


def test_a_difference_is_that_of_the_ranking_and_its_p_is_adjusted():
    run = run_of("a", {"good": 1.0, "poor": 300.0, "fair": 30.0})
    (found,) = compare([run])
    assert (found.n, found.seeds, found.resamples) == (40, 1, 10_000)
    names = [(pair.first, pair.second) for pair in found.pairs]
    assert sorted(names) == [("fair", "poor"), ("good", "fair"), ("good", "poor")]
    one = next(pair for pair in found.pairs if (pair.first, pair.second) == ("good", "poor"))
    table = run.tasks["b", "d", "accuracy"][0]
    values = [scored.value for scored in table.values()]
    good, poor = ([scored.scores[place] for scored in table.values()] for place in (0, 1))
    expected = ranking.spearman(good, values) - ranking.spearman(poor, values)
    assert one.difference.value == pytest.approx(expected)
    assert one.difference.low < expected < one.difference.high
    assert one.is_significant
    raw = [pair.difference.p_value for pair in found.pairs]
    assert [pair.adjusted for pair in found.pairs] == ranking.holm(raw).tolist()


def test_a_comparison_repeats():
    runs = [run_of("a", {"p": 30.0}), run_of("b", {"p": 40.0})]
    assert compare(runs) == compare(runs)


def test_equal_scores_of_several_runs_are_one_method():
    runs = [run_of("a", {"same": 5.0, "p": 10.0}), run_of("b", {"same": 5.0, "p": 99.0})]
    (found,) = compare(runs)
    names = {name for pair in found.pairs for name in (pair.first, pair.second)}
    assert names == {"same (a, b)", "p (a)", "p (b)"}
    assert len(found.pairs) == 3


def test_runs_are_compared_on_what_both_ranked():
    runs = [run_of("a", {"p": 1.0}, count=40), run_of("b", {"p": 90.0}, count=40, first=15)]
    (found,) = compare(runs)
    assert found.n == 25
    runs[1] = run_of("b", {"p": 90.0}, count=40, first=35)
    (found,) = compare(runs)
    assert found.pairs == ()
    assert found.note.startswith("Not compared: the runs share 5 architectures, and 10 are needed")


def test_architectures_that_are_worth_something_else_are_left_out():
    runs = [run_of("a", {"p": 1.0}), run_of("b", {"p": 1.0}, shift=0.5)]
    (found,) = compare(runs)
    assert found.pairs == ()


def test_seeds_in_common_are_averaged_and_others_left_out():
    runs = [run_of("a", {"p": 5.0}, seeds=(0, 1, 2)), run_of("b", {"p": 60.0}, seeds=(1, 2, 3))]
    (found,) = compare(runs)
    assert found.seeds == 2
    table = runs[0].tasks["b", "d", "accuracy"]
    rhos = [
        ranking.spearman([one.scores[0] for one in some], [one.value for one in some])
        for some in (table[1].values(), table[2].values())
    ]
    assert found.pairs[0].rho == pytest.approx(np.mean(rhos))


def test_constant_scores_have_no_difference_and_are_no_hypothesis():
    texts = [f"x{place}" for place in range(20)]
    found = compare(
        [
            compared_run(
                "a",
                [
                    ScoredArchitecture("b", "d", "m", 0, text, float(place), {"p": 1.0, "q": place})
                    for place, text in enumerate(texts)
                ],
            )
        ]
    )
    (pair,) = found[0].pairs
    assert math.isnan(pair.difference.value)
    assert math.isnan(pair.adjusted)
    assert not pair.is_significant
    assert "–" in "".join(difference_sections(found)[0].content)


def test_tasks_that_only_some_runs_have_are_not_compared():
    other = compared_run("b", [ScoredArchitecture("b", "other", "m", 0, "x", 1.0, {"p": 1.0})])
    assert compare([run_of("a", {"p": 1.0}), other]) == []
    assert difference_sections([]) == []
