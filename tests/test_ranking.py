"""Ranking measures against scipy, against slow references, and under monotone maps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import ndcg_score

from naslib_proxydata import ranking

# Few distinct values, so that ties are common.
tied = st.integers(-3, 3).map(float)
pairs = st.lists(st.tuples(tied, tied), min_size=2, max_size=30).map(np.array)


@given(pairs)
def test_correlations_equal_scipy_with_ties(pair):
    scores, values = pair.T
    with np.errstate(all="ignore"):
        rho = stats.spearmanr(scores, values).statistic if _varies(scores, values) else math.nan
        tau = stats.kendalltau(scores, values).statistic
    assert ranking.spearman(scores, values) == pytest.approx(rho, abs=1e-12, nan_ok=True)
    assert ranking.kendall(scores, values) == pytest.approx(tau, abs=1e-12, nan_ok=True)


def _varies(scores, values):
    return np.ptp(scores) > 0 and np.ptp(values) > 0


@given(pairs)
def test_measures_are_invariant_under_increasing_maps(pair):
    scores, values = pair.T
    mapped = np.exp(scores) * 3 + scores
    for measure in (ranking.spearman, ranking.kendall, ranking.top_retrieval):
        same = pytest.approx(measure(scores, values), abs=1e-12, nan_ok=True)
        assert measure(mapped, values) == same
        assert measure(scores, np.exp(values)) == same


def test_failed_scores_rank_below_no_signal_and_that_below_every_number():
    codes = ranking.order_codes([np.nan, -np.inf, -1e300, 2.0, np.nan, 2.0])
    assert codes.tolist() == [0, 1, 2, 3, 0, 3]


def test_a_failed_score_costs_what_the_lowest_rank_costs():
    values = np.arange(10.0)
    replaced = np.array([0, 1, 2, 3, 4, 5, 6, 7, -2, -3], dtype=float)
    scores = replaced.copy()
    scores[8:] = [-np.inf, np.nan]
    for measure in (ranking.spearman, ranking.kendall, ranking.top_retrieval):
        assert measure(scores, values) == measure(replaced, values)
    assert ranking.spearman(scores, values) < 0.5


@pytest.mark.parametrize("scores", [[1.0] * 5, [np.nan] * 5, [-np.inf] * 5])
def test_constant_scores_have_no_correlation_and_retrieve_as_chance(scores):
    values = np.arange(5.0)
    assert math.isnan(ranking.spearman(scores, values))
    assert math.isnan(ranking.kendall(scores, values))
    assert ranking.top_retrieval(scores, values, 0.4) == pytest.approx(2 / 5)
    interval = ranking.bootstrap_spearman(scores, values, np.random.default_rng(0))
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_architectures_have_no_correlation(n):
    one = np.zeros(n)
    assert math.isnan(ranking.spearman(one, one))
    assert math.isnan(ranking.kendall(one, one))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(tied, tied), min_size=1, max_size=5), st.sampled_from([0.2, 0.5, 1.0]))
def test_retrieval_is_the_mean_over_every_way_of_breaking_ties(pair, fraction):
    scores, values = np.array(pair).T
    n = len(scores)
    k = math.ceil(fraction * n)

    def tops(array):
        orders = itertools.permutations(range(n))
        return [set(sorted(order, key=lambda i: -array[i])[:k]) for order in orders]

    # sorted() is stable, so each permutation is one way to break the ties.
    shares = [len(a & b) / k for a in tops(scores) for b in tops(values)]
    assert ranking.top_retrieval(scores, values, fraction) == pytest.approx(np.mean(shares))


@pytest.mark.parametrize(("n", "k"), [(1, 1), (10, 1), (11, 2), (30, 3), (100, 10), (15625, 1563)])
def test_top_count_is_the_ceiling_of_a_tenth(n, k):
    assert ranking.top_count(n) == k


def test_bootstrap_ranks_every_resample_anew():
    """Against scipy on the same resamples, written out, with ties, -inf and nan."""
    generator = np.random.default_rng(3)
    values = generator.normal(size=25).round(1)
    scores = (values + generator.normal(size=25)).round(0)
    scores[:3] = -np.inf
    scores[3] = np.nan
    drawn = np.random.default_rng(7).integers(25, size=(200, 25))
    plain = np.nan_to_num(scores, nan=-1e9, neginf=-1e8)
    rhos = [stats.spearmanr(plain[rows], values[rows]).statistic for rows in drawn]
    interval = ranking.bootstrap_spearman(scores, values, np.random.default_rng(7), resamples=200)
    assert interval == pytest.approx(tuple(np.quantile(rhos, [0.025, 0.975])))


def test_bootstrap_interval_covers_and_repeats():
    """Over 100 samples of a bivariate normal, the interval holds the true rho about 95 times."""
    generator = np.random.default_rng(0)
    true = 6 / math.pi * math.asin(0.7 / 2)  # Spearman's rho of a normal with Pearson's 0.7
    covered = 0
    for _ in range(100):
        values = generator.normal(size=100)
        scores = 0.7 * values + math.sqrt(1 - 0.49) * generator.normal(size=100)
        low, high = ranking.bootstrap_spearman(scores, values, generator, resamples=300)
        covered += low <= true <= high
    assert 87 <= covered <= 100
    first = ranking.bootstrap_spearman(scores, values, np.random.default_rng(1))
    assert first == ranking.bootstrap_spearman(scores, values, np.random.default_rng(1))
    assert first.low < ranking.spearman(scores, values) < first.high


def drawn_with_two_seeds():
    """Return scores (3 methods, 2 seeds, 25), with ties, -inf and nan, and values (2, 25)."""
    generator = np.random.default_rng(3)
    values = np.tile(generator.normal(size=25).round(1), (2, 1))
    scores = (values + generator.normal(size=(3, 2, 25))).round(0)
    scores[0, :, :3] = -np.inf
    scores[0, 1, 3] = np.nan
    values[0, 20:], values[1, :5] = np.nan, np.nan  # each seed has drawn others
    return scores, values


def test_resamples_of_several_methods_are_ranked_anew_seed_by_seed():
    """Against scipy on the same resamples, written out: one draw for all methods and seeds."""
    scores, values = drawn_with_two_seeds()
    found = ranking.resampled_spearman(scores, values, np.random.default_rng(7), resamples=60)
    expected = np.empty((60, 3))
    plain = np.nan_to_num(scores, nan=-1e9, neginf=-1e8)
    for number, drawn in enumerate(np.random.default_rng(7).integers(25, size=(60, 25))):
        for method in range(3):
            rhos = []
            for seed in range(2):
                rows = [row for row in drawn if not np.isnan(values[seed, row])]
                rho = stats.spearmanr(plain[method, seed, rows], values[seed, rows]).statistic
                rhos.append(rho)
            expected[number, method] = np.mean(rhos)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_mean_over_seeds_is_that_of_what_each_has_drawn():
    scores, values = drawn_with_two_seeds()
    rhos = [ranking.spearman(scores[0, 0, :20], values[0, :20])]
    rhos.append(ranking.spearman(scores[0, 1, 5:], values[1, 5:]))
    assert ranking.mean_spearman(scores[0], values) == pytest.approx(np.mean(rhos))


def test_a_paired_difference_of_worked_values():
    first, second = [0.5, 0.6, 0.7, np.nan], [0.4, 0.4, 0.8, 0.1]
    found = ranking.paired_difference(0.05, first, second)
    assert found.value == 0.05
    assert (found.low, found.high) == pytest.approx((-0.09, 0.195))  # of -0.1, 0.1 and 0.2
    assert found.p_value == 1.0  # 2 (1 + 1) / (3 + 1)
    many = np.linspace(0.1, 0.3, 999)
    assert ranking.paired_difference(0.2, many, np.zeros(999)).p_value == 2 / 1000
    assert ranking.paired_difference(0.0, many, many) == (0.0, 0.0, 0.0, 1.0)
    assert all(map(math.isnan, ranking.paired_difference(math.nan, many, many)))


def test_equal_methods_differ_significantly_as_seldom_as_is_said():
    """Over 200 draws of two predictors that are equally good, p < 0.05 about ten times."""
    generator = np.random.default_rng(0)
    rejected = 0
    for _ in range(200):
        values = generator.normal(size=(1, 60))
        scores = values + generator.normal(size=(2, 1, 60))
        drawn = ranking.resampled_spearman(scores, values, generator, resamples=200)
        rhos = [ranking.mean_spearman(one, values) for one in scores]
        difference = ranking.paired_difference(rhos[0] - rhos[1], *drawn.T)
        rejected += difference.p_value < 0.05
    assert 2 <= rejected <= 20


def test_holm_of_worked_values():
    """Holm's steps by hand: 0.005 * 4, 0.01 * 3, 0.03 * 2 and then 0.04 * 1, never falling."""
    found = ranking.holm([0.01, 0.04, math.nan, 0.03, 0.005])
    assert found.tolist() == pytest.approx([0.03, 0.06, math.nan, 0.06, 0.02], nan_ok=True)
    assert ranking.holm([0.7, 0.8]).tolist() == [1.0, 1.0]
    assert ranking.holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_what_its_steps_reject(p_values):
    """Against the procedure as it is defined, step by step, at several levels."""
    adjusted = ranking.holm(p_values)
    for level in (0.01, 0.05, 0.3):
        rejected = set()
        for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if (len(p_values) - step) * p_values[place] > level:
                break
            rejected.add(place)
        assert {place for place, one in enumerate(adjusted) if one <= level} == rejected


def test_relevance_of_worked_values():
    """The 20 % quantile of 10, 20, ..., 60 is 20, so that 40 is half way to the best."""
    expected = [0, 0, 5, 10, 15, 20]
    assert ranking.relevance([10, 20, 30, 40, 50, 60]) == pytest.approx(expected)
    assert ranking.relevance([5.0] * 9 + [1.0]) == pytest.approx([20.0] * 9 + [0.0])


def test_ndcg_of_a_worked_order():
    values = [10, 20, 30, 40, 50, 60]
    gains = {30: 2**5 - 1, 40: 2**10 - 1, 50: 2**15 - 1, 60: 2**20 - 1}
    ideal = gains[60] + gains[50] / math.log2(3) + gains[40] / 2 + gains[30] / math.log2(5)
    # The best stands third, behind the worst and 40.
    found = gains[40] / math.log2(3) + gains[60] / 2 + gains[50] / math.log2(5)
    found += gains[30] / math.log2(6)
    scores = [9, -1, 1, 8, 2, 7]
    assert ranking.ndcg(scores, values) == pytest.approx(found / ideal)
    assert ranking.ndcg(scores, values, k=1) == 0
    assert ranking.ndcg([0, 0, 0, 0, 0, 1], values, k=1) == 1


@given(pairs, st.one_of(st.none(), st.integers(1, 40)))
def test_discounted_gain_equals_sklearn_with_ties(pair, k):
    """sklearn averages over ties, too; its gains are what it is given."""
    scores, values = pair.T
    gains = values + 3
    found = ranking.discounted_gain(ranking.order_codes(scores), gains, k)
    ideal = ranking.discounted_gain(ranking.order_codes(gains), gains, k)
    expected = ndcg_score([gains], [scores], k=k)
    assert (found / ideal if ideal else 0.0) == pytest.approx(expected, abs=1e-12)


@given(pairs, st.one_of(st.none(), st.integers(1, 40)))
def test_ndcg_is_that_of_sklearn_for_exponential_gains_of_the_relevance(pair, k):
    scores, values = pair.T
    if np.ptp(values) == 0:
        assert math.isnan(ranking.ndcg(scores, values, k))
        return
    expected = ndcg_score([2 ** ranking.relevance(values) - 1], [scores], k=k)
    assert ranking.ndcg(scores, values, k) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(tied, tied), min_size=2, max_size=5), st.sampled_from([None, 1, 3]))
def test_ndcg_is_the_mean_over_every_way_of_breaking_ties(pair, k):
    scores, values = np.array(pair).T
    if np.ptp(values) == 0:
        return
    gains = 2 ** ranking.relevance(values) - 1

    def gain(order):
        return sum(gains[i] / math.log2(place + 2) for place, i in enumerate(order[:k]))

    orders = [
        gain(sorted(order, key=lambda i: -scores[i]))
        for order in itertools.permutations(range(len(scores)))
    ]
    ideal = gain(np.argsort(-gains))
    assert ranking.ndcg(scores, values, k) == pytest.approx(np.mean(orders) / ideal)


@given(pairs)
def test_ndcg_keeps_under_maps_of_scores_and_units_of_values_and_is_1_for_the_true_order(pair):
    scores, values = pair.T
    mapped = np.exp(scores) * 3 + scores
    same = pytest.approx(ranking.ndcg(scores, values), abs=1e-9, nan_ok=True)
    assert ranking.ndcg(mapped, values) == same
    assert ranking.ndcg(scores, values / 100 + 7) == same
    if np.ptp(values) > 0:
        assert ranking.ndcg(values, values) == 1
        assert 0 <= ranking.ndcg(scores, values) <= 1


def test_ndcg_takes_failed_scores_last_and_refuses_no_place():
    values = np.arange(10.0)
    failed = [math.nan, *values[1:]]
    assert ranking.ndcg(failed, values) == 1
    assert ranking.ndcg([*values[:-1], math.nan], values) < 0.5
    assert math.isnan(ranking.ndcg([], []))
    with pytest.raises(ValueError, match="at least 1; got 0"):
        ranking.ndcg(values, values, k=0)


def test_ndcg_by_value_is_that_of_sklearn():
    """As the code of VKDNW measures it: accuracies as they are, the first k places."""
    generator = np.random.default_rng(0)
    values, scores = generator.uniform(10, 95, 300), generator.normal(size=300).round(1)
    for k in (None, 10, 5000):
        expected = ndcg_score([values], [scores], k=k)
        assert ranking.ndcg(scores, values, k, linear=True) == pytest.approx(expected, abs=1e-12)
    with pytest.raises(ValueError, match="cannot be negative, got -3"):
        ranking.ndcg([1, 2], [-3, 1], linear=True)


def test_best_rank_of_a_worked_order():
    values = [70, 90, 80, 95, 60]  # of ranks 4, 2, 3, 1, 5
    scores = [9, 8, 7, 6, 5]
    assert [ranking.best_rank(scores, values, k) for k in (1, 2, 3, 4, 9)] == [4, 2, 2, 1, 1]
    assert ranking.best_rank([math.nan, 8, -math.inf, math.nan, 5], values, 1) == 2
    # Of three that share the first place, of ranks 4, 2 and 3, two are looked at.
    assert ranking.best_rank([9, 9, 9, 6, 5], values, 2) == pytest.approx((2 + 2 + 3) / 3)
    # Equal values share their rank.
    assert ranking.best_rank([1, 2, 3], [5, 7, 7], 1) == 1
    assert math.isnan(ranking.best_rank([], []))
    with pytest.raises(ValueError, match="at least 1; got 0"):
        ranking.best_rank(scores, values, 0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(tied, tied), min_size=1, max_size=5), st.integers(1, 6))
def test_best_rank_is_the_mean_over_every_way_of_breaking_ties(pair, k):
    scores, values = np.array(pair).T
    ranks = [1 + sum(other > value for other in values) for value in values]
    orders = [
        sorted(order, key=lambda i: -scores[i])
        for order in itertools.permutations(range(len(scores)))
    ]
    expected = np.mean([min(ranks[i] for i in order[:k]) for order in orders])
    assert ranking.best_rank(scores, values, k) == pytest.approx(expected)


def test_relative_improvement():
    assert ranking.relative_improvement(97.0, 94.0) == pytest.approx(100 * 3 / 94)
    with pytest.raises(ValueError, match="must be > 0"):
        ranking.relative_improvement(97.0, 0.0)


def test_values_without_a_measurement_and_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="finite"):
        ranking.spearman([1.0, 2.0], [1.0, np.nan])
    with pytest.raises(ValueError, match="one shape"):
        ranking.spearman([1.0, 2.0], [1.0])


def test_noise_ceiling_by_hand_and_by_scipy():
    # Training 1 against the mean of 2 and 3, and so on; the architecture with a gap is left out.
    trainings = np.array([[1, 1, 3], [2, 3, 2], [3, 2, 1], [9, np.nan, 0]], dtype=float)
    # Means of the others: (2, 2.5, 1.5), (2, 2, 2), (1, 2.5, 2.5); the second is not defined.
    assert math.isnan(ranking.noise_ceiling(trainings))
    trainings[0, 2] = 0  # (.5, 2.5, 1.5), (.5, 2, 2), (1, 2.5, 2.5)
    expected = [
        stats.spearmanr(ours, others).statistic
        for ours, others in (
            ([1, 2, 3], [0.5, 2.5, 1.5]),
            ([1, 3, 2], [0.5, 2, 2]),
            ([0, 2, 1], [1, 2.5, 2.5]),
        )
    ]
    assert ranking.noise_ceiling(trainings) == pytest.approx(np.mean(expected))


def test_noise_ceiling_of_too_little():
    assert math.isnan(ranking.noise_ceiling(np.ones((5, 1))))
    assert math.isnan(ranking.noise_ceiling([[1, 2], [1, np.nan]]))
    assert ranking.noise_ceiling([[1, 2], [3, 4]]) == pytest.approx(1)
    with pytest.raises(ValueError, match=r"shape \(n, t\)"):
        ranking.noise_ceiling([1, 2, 3])


@pytest.mark.parametrize("fraction", [0, -0.1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(fraction):
    with pytest.raises(ValueError, match="0 < fraction <= 1"):
        ranking.top_retrieval([1, 2], [1, 2], fraction)
