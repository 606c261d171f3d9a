"""Racing: its limits against brute force and simulation, and its winners against no racing."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from naslib_proxydata.predictors.dps.race import (
    FEWEST_COMPLETE,
    FIRST_RUNG,
    Race,
    exact_upper_limit,
    expected_gain,
    gains,
    spread_order,
    statistical_upper_limit,
)
from naslib_proxydata.predictors.dps.space import GENES, canonical, sample
from naslib_proxydata.ranking import order_codes
from naslib_proxydata.seeding import numpy_generator

M = 20


def genotypes(count):
    generator = numpy_generator(0, "race")
    return list(dict.fromkeys(canonical(sample(generator)) for _ in range(count)))


def noisy(labels, quality, seed):
    """Return scores by genotype whose correlation with the labels is about ``quality[i]``."""
    noise = np.random.default_rng(seed)
    ranks = stats.zscore(stats.rankdata(labels))
    return [rho * ranks + math.sqrt(1 - rho**2) * noise.normal(size=len(labels)) for rho in quality]


class Counting:
    """Evaluates from a table and remembers what it was asked."""

    def __init__(self, table):
        self.table = table
        self.asked = []

    def __call__(self, requests):
        self.asked += requests
        return [self.table[one.genotype][one.position] for one in requests]


def race_of(count=60, seed=0, racing="statistical"):
    labels = np.random.default_rng(seed).normal(size=M)
    names = genotypes(count)
    quality = np.random.default_rng(seed + 1).uniform(-0.3, 0.9, len(names))
    evaluate = Counting(dict(zip(names, noisy(labels, quality, seed + 2), strict=True)))
    return names, labels, evaluate, Race(evaluate, labels, racing)


@pytest.mark.parametrize("trial", range(12))
def test_the_exact_limit_is_the_best_of_all_completions(trial):
    generator = np.random.default_rng(trial)
    total, known = 6, int(generator.integers(2, 6))
    labels = generator.integers(0, 5, total).astype(float)
    scores = generator.integers(0, 4, known).astype(float)
    if trial % 3 == 0:
        scores[0] = math.nan
    codes = order_codes(scores).astype(float)
    levels = sorted(set(codes))
    gaps = [levels[0] - 1, *(level + 0.5 for level in levels)]
    found = -1.0
    for places in itertools.product(gaps, repeat=total - known):
        for order in itertools.permutations(range(total - known)):
            rest = [place + 0.01 * shift for place, shift in zip(places, order, strict=True)]
            rho = stats.pearsonr(stats.rankdata([*codes, *rest]), stats.rankdata(labels)).statistic
            found = max(found, float(np.nan_to_num(rho, nan=-1.0)))
    assert exact_upper_limit(list(scores), labels) == pytest.approx(found)


def test_with_all_scores_known_the_exact_limit_is_the_correlation():
    generator = np.random.default_rng(0)
    labels, scores = generator.normal(size=(2, M))
    expected = stats.spearmanr(scores, labels).statistic
    assert exact_upper_limit(list(scores), labels) == pytest.approx(expected)


def test_gains_are_what_the_last_correlation_exceeds_the_others_by():
    assert gains([math.nan, 1.0, 0.5, 0.75]) == pytest.approx([0.75, -0.25, 0.25, 0.0])
    assert gains([0.3, math.nan]) == pytest.approx([-0.3, 0.0])


def test_the_expected_gain_is_that_of_the_others_from_there_on():
    others = [np.array([0.9, 0.1, 0.0]), np.array([0.5, 0.2, 0.0]), np.array([0.4, 0.6, 0.0])]
    assert expected_gain(others, 1) == pytest.approx((0.6, math.sqrt((0.09 + 0.01 + 0.04) / 2)))
    assert expected_gain(others, 3) == (0.0, 0.0)
    assert expected_gain(others[:2], 1) == (0.0, math.inf)
    assert statistical_upper_limit(0.5, 0.1) == pytest.approx(0.59)


def test_the_limit_of_a_race_is_the_smaller_of_both():
    names, labels, evaluate, race = race_of(25)
    best = race.best(names, FEWEST_COMPLETE)
    tables = {name: np.array(evaluate.table[name])[race.order] for name in names}
    ordered = labels[race.order]
    complete = [name for name in names if not math.isnan(race.fitness(name))]
    assert len(complete) >= FEWEST_COMPLETE
    for name in complete:
        assert race.upper(name) == pytest.approx(race.fitness(name))
    assert set(best) <= set(complete)
    statistical = 0
    for name in set(names) - set(complete):
        known = sum(one.genotype == name for one in evaluate.asked)
        exact = exact_upper_limit(list(tables[name][:known]), ordered)
        gained = [
            stats.spearmanr(tables[one], ordered).statistic
            - stats.spearmanr(tables[one][:known], ordered[:known]).statistic
            for one in complete
        ]
        so_far = stats.spearmanr(tables[name][:known], ordered[:known]).statistic
        expected = so_far + np.mean(gained) + np.std(gained, ddof=1) - 0.01
        statistical += expected < exact
        assert race.upper(name) == pytest.approx(min(exact, expected))
    assert statistical


def test_the_limit_is_exact_while_few_are_complete():
    names, labels, evaluate, race = race_of(25)
    race.best(names[:1])
    (other,) = race.best(names[1:2])
    assert math.isfinite(race.fitness(other))
    with_two = race.best([*names[:2], names[2]])
    asked = [one for one in evaluate.asked if one.genotype == names[2]]
    scores = [evaluate.table[names[2]][one.position] for one in asked]
    assert with_two
    assert race.upper(names[2]) == exact_upper_limit(scores, labels[race.order])


@pytest.mark.parametrize("quality", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("known", [5, 8, 11])
def test_the_statistical_limit_holds_about_five_times_out_of_six(quality, known):
    """For proxies as good as those that are complete, on the spread order."""

    def correlations(scores, labels):
        ranks = stats.zscore(stats.rankdata(scores, axis=1), axis=1)
        return ranks @ stats.zscore(stats.rankdata(labels)) / len(labels)

    held = 0
    for seed in range(400):
        labels = np.random.default_rng(seed).normal(size=M)
        labels = labels[spread_order(labels)]
        alike = np.array(noisy(labels, [quality] * 16, seed + 1000))
        so_far = correlations(alike[:, :known], labels[:known])
        whole = correlations(alike, labels)
        mean, deviation = expected_gain([*(whole - so_far)[1:, None]], 1)
        limit = statistical_upper_limit(so_far[0] + mean, deviation)
        held += limit >= whole[0]
    assert 0.75 < held / 400 < 0.9


def test_every_first_few_are_spread_over_the_labels():
    labels = np.random.default_rng(3).permutation(M).astype(float)
    order = spread_order(labels)
    assert sorted(order) == list(range(M))
    for few, gap in ((3, 8), (5, 4), (9, 4)):
        assert np.diff(sorted(labels[order[:few]])).max() <= gap
    assert sorted(spread_order(np.arange(3.0))) == [0, 1, 2]


@pytest.mark.parametrize("keep", [1, 5])
def test_an_exact_race_is_won_by_the_fittest(keep):
    for seed in range(5):
        names, labels, evaluate, race = race_of(25, seed, "exact")
        expected = sorted(
            names, key=lambda one: -stats.spearmanr(evaluate.table[one], labels).statistic
        )
        assert race.best(names, keep) == expected[:keep]
        assert race.fitness(expected[0]) == pytest.approx(
            stats.spearmanr(evaluate.table[expected[0]], labels).statistic
        )


def test_without_racing_everything_is_scored():
    names, _, evaluate, race = race_of(12, racing="none")
    race.best(names)
    assert len(evaluate.asked) == len(names) * M == race.evaluations()


def test_a_statistical_race_costs_less_and_mostly_has_the_same_winner():
    same = asked = 0
    for seed in range(15):
        names, _, evaluate, race = race_of(10, seed)
        plain = Race(evaluate, race.labels, "none").best(names)
        evaluate.asked.clear()
        same += race.best(names) == plain
        asked += len(evaluate.asked)
        assert math.isfinite(race.fitness(race.best(names)[0]))
    assert same >= 12
    assert asked < 0.6 * 15 * 10 * M


@pytest.mark.parametrize("rung", [1, 3, M])
def test_a_proxy_is_scored_on_a_rung_at_a_time(rung):
    names, labels, evaluate, _ = race_of(10)
    batches = []

    def remembered(requests):
        batches.append(len(requests))
        return evaluate(requests)

    best = Race(remembered, labels, rung=rung).best(names)
    assert batches[0] == FIRST_RUNG * len(names)
    assert max(batches[1:]) == min(rung, M - FIRST_RUNG)
    assert best == Race(evaluate, labels, "none").best(names)


def test_nothing_is_scored_twice_and_what_was_left_behind_is_taken_up_again():
    names, _, evaluate, race = race_of(30)
    race.best(names)
    weak = [name for name in names if math.isnan(race.fitness(name))]
    assert weak
    best = race.best(weak)[0]
    assert math.isfinite(race.fitness(best))
    assert len(set(evaluate.asked)) == len(evaluate.asked)


def test_fitness_that_is_not_a_number_ranks_last():
    labels = np.arange(6.0)
    constant, backwards = genotypes(2)
    table = {constant: [1.0] * 6, backwards: [-1.0, -2.0, -3.0, -4.0, math.nan, -math.inf]}
    race = Race(Counting(table), labels)
    assert race.best([constant, backwards], 2) == [backwards, constant]
    assert math.isnan(race.fitness(constant))
    assert race.fitness(backwards) < -0.9


def test_of_equally_fit_proxies_the_first_one_wins():
    labels = np.arange(6.0)
    one, two = genotypes(2)
    race = Race(Counting({one: list(labels), two: list(2 * labels)}), labels)
    assert race.best([two, one]) == [two]
    assert race.best([one, two]) == [one]


def test_genotypes_of_one_canonical_form_are_one_candidate():
    name = next(one for one in genotypes(50) if one[[g.name for g in GENES].index("branches")] == 1)
    drifted = (*name[:-1], 2.0)  # the level of a third branch that is switched off
    assert drifted != name
    evaluate = Counting({name: list(range(6))})
    assert Race(evaluate, np.arange(6.0)).best([drifted, name], 2) == [name]
    assert len(evaluate.asked) == 6
