"""What every selector keeps to, and each against a sort or a slow reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.plugins.checks import resolve
from naslib_proxydata.selection.base import Selector, SelectorInputs
from naslib_proxydata.selection.class_subset import ClassSubsetSelector
from naslib_proxydata.selection.class_uniform import ClassUniformSelector
from naslib_proxydata.selection.coverage_centric import CoverageCentricSelector, stratum_budgets
from naslib_proxydata.selection.kmeans_outliers import (
    KMeansOutliersSelector,
    nearest_centre_distances,
    standardised,
)
from naslib_proxydata.selection.plugin import register_selectors
from naslib_proxydata.selection.quotas import proportional_quotas
from naslib_proxydata.selection.ranked import EL2NSelector, EntropyTopSelector
from naslib_proxydata.selection.tails import EntropyTailsSelector

NAMES = [registration.name for registration in register_selectors()]
REQUIRED = {
    *("random", "class-random", "entropy-top", "entropy-bottom", "entropy-tails"),
    *("entropy-p1", "entropy-p2", "entropy-p3", "forgetting", "k-center", "kmeans-outliers"),
    *("class-outliers", "autoencoder-loss", "transfer-loss", "class-subset", "class-uniform"),
    "el2n",
}
BY_CLASS = ["class-random", "class-outliers"]


def make(name: str) -> Selector:
    registration = next(one for one in register_selectors() if one.name == name)
    options = {"kmeans-outliers": {"clusters": 2}, "class-uniform": {"least": 1}}.get(name, {})
    selector = resolve(str(registration.factory), name)(**options)
    assert isinstance(selector, Selector)
    return selector


@st.composite
def populations(draw: st.DrawFn) -> SelectorInputs:
    """Datasets without ties: distinct scores, and no class of two, equally far from its mean."""
    sizes = draw(st.lists(st.integers(3, 12), min_size=2, max_size=5))
    count = sum(sizes)
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = generator.permutation(np.repeat(np.arange(len(sizes)), sizes))
    scores = generator.permutation(np.logspace(-6, 0.2, count))
    return SelectorInputs(count, labels, scores, generator.normal(size=(count, 3)))


def permuted(inputs: SelectorInputs, order: NDArray[np.int64]) -> SelectorInputs:
    assert inputs.labels is not None
    assert inputs.scores is not None
    assert inputs.features is not None
    return SelectorInputs(
        inputs.count, inputs.labels[order], inputs.scores[order], inputs.features[order]
    )


def test_all_names_are_registered() -> None:
    assert set(NAMES) >= REQUIRED
    assert [make(name).name for name in NAMES] == NAMES


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_indices_are_unique_valid_ascending_and_stable(name: str, data: st.DataObject) -> None:
    inputs = data.draw(populations())
    size = data.draw(st.integers(1, inputs.count))
    seed = data.draw(st.integers(0, 100))
    first = make(name).select(inputs, size, np.random.default_rng(seed))
    assert first.dtype == np.int64
    assert len(first) == size
    assert (np.diff(first) > 0).all()
    assert 0 <= first[0] <= first[-1] < inputs.count
    again = make(name).select(inputs, size, np.random.default_rng(seed))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5, deadline=None)
@given(inputs=populations())
def test_choosing_all_gives_all(name: str, inputs: SelectorInputs) -> None:
    chosen = make(name).select(inputs, inputs.count, np.random.default_rng(0))
    np.testing.assert_array_equal(chosen, np.arange(inputs.count))


@pytest.mark.parametrize("name", [name for name in NAMES if make(name).deterministic])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_permuting_the_dataset_permutes_the_selection(name: str, data: st.DataObject) -> None:
    inputs = data.draw(populations())
    assert inputs.labels is not None
    size = data.draw(st.integers(1, inputs.count))
    order = np.array(data.draw(st.permutations(range(inputs.count))))
    one = make(name).select(inputs, size, np.random.default_rng(0))
    other = make(name).select(permuted(inputs, order), size, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(order[other]), one)


@pytest.mark.parametrize("name", BY_CLASS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_class_counts_are_within_one_of_proportional(name: str, data: st.DataObject) -> None:
    inputs = data.draw(populations())
    assert inputs.labels is not None
    size = data.draw(st.integers(1, inputs.count))
    chosen = make(name).select(inputs, size, np.random.default_rng(0))
    sizes = np.bincount(inputs.labels)
    counts = np.bincount(inputs.labels[chosen], minlength=len(sizes))
    assert (np.abs(counts - size * sizes / inputs.count) < 1).all()


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30), st.data())
def test_quotas_sum_and_never_exceed(sizes: Sequence[int], data: st.DataObject) -> None:
    counts = np.array(sizes)
    size = data.draw(st.integers(0, sum(sizes)))
    quotas = proportional_quotas(counts, size)
    assert quotas.sum() == size
    assert (quotas <= counts).all()
    assert (np.abs(quotas - size * counts / counts.sum()) < 1 + 1e-9).all()


def test_deterministic_selections_of_the_published_list_equal_a_sort(shared_data: Path) -> None:
    with np.load(shared_data / "entropy_lists.npz") as archive:
        entropies = np.array(archive["cifar10_entropy"])
    inputs = SelectorInputs(len(entropies), scores=entropies)
    by_entropy = sorted(range(len(entropies)), key=lambda index: float(entropies[index]))

    def chosen(selector: Selector) -> set[int]:
        return set(selector.select(inputs, 5000, np.random.default_rng(0)).tolist())

    assert chosen(make("entropy-bottom")) == set(by_entropy[:5000])
    assert chosen(make("entropy-top")) == set(by_entropy[-5000:])
    tails = set(by_entropy[:1500]) | set(by_entropy[-3500:])
    assert chosen(EntropyTailsSelector(beta=0.3)) == tails


def slow_k_center(features: NDArray[np.float64], size: int) -> list[int]:
    centre = features.mean(0)
    chosen = [int(np.argmin([np.sum((one - centre) ** 2) for one in features]))]
    while len(chosen) < size:
        nearest = np.min(
            [np.sum((features - features[one]) ** 2, axis=1) for one in chosen], axis=0
        )
        nearest[chosen] = -1
        chosen.append(int(np.argmax(nearest)))
    return chosen


@pytest.mark.parametrize("candidates", [4, 512])
@pytest.mark.parametrize("dimensions", [2, 20])
def test_k_center_makes_the_textbook_choices(
    monkeypatch: pytest.MonkeyPatch, candidates: int, dimensions: int
) -> None:
    from naslib_proxydata.selection import k_center

    monkeypatch.setattr(k_center, "CANDIDATES", candidates)
    monkeypatch.setattr(k_center, "ROWS", 37)
    features = np.random.default_rng(dimensions).normal(size=(300, dimensions))
    assert k_center.greedy_k_center(features, 120).tolist() == slow_k_center(features, 120)


def test_k_center_of_ties_and_duplicates() -> None:
    from naslib_proxydata.selection.k_center import greedy_k_center

    grid = np.array([[x, y] for x in range(5) for y in range(5)], dtype=np.float64)
    doubled = np.concatenate([grid, grid])
    assert greedy_k_center(doubled, 40).tolist() == slow_k_center(doubled, 40)
    assert sorted(greedy_k_center(doubled, 50).tolist()) == list(range(50))


def test_kmeans_keeps_the_nearest_and_drops_planted_outliers() -> None:
    generator = np.random.default_rng(0)
    clusters = np.concatenate([generator.normal(centre, 0.1, (100, 4)) for centre in (-5, 0, 5)])
    features = np.concatenate([clusters, generator.uniform(-20, 20, (10, 4))])
    inputs = SelectorInputs(310, features=features)
    chosen = KMeansOutliersSelector(clusters=3, starts=10).select(inputs, 300, generator)
    assert np.isin(np.arange(300), chosen).mean() > 0.98


def test_distances_to_centres_equal_scipys() -> None:
    from scipy.spatial.distance import cdist

    generator = np.random.default_rng(0)
    points, centres = generator.normal(size=(50, 6)), generator.normal(size=(4, 6))
    expected = cdist(points, centres, "sqeuclidean").min(1)
    np.testing.assert_allclose(nearest_centre_distances(points, centres), expected)
    scaled = standardised(np.concatenate([points, np.ones((50, 1))], axis=1))
    np.testing.assert_allclose(scaled[:, :6].std(0), 1, rtol=1e-5)
    np.testing.assert_array_equal(scaled[:, 6], 0)


def test_class_outliers_drop_the_farthest_of_each_class() -> None:
    features = np.array([[0.0], [1.0], [2.0], [30.0], [100.0], [101.0], [102.0], [150.0]])
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    inputs = SelectorInputs(8, labels, features=features)
    chosen = make("class-outliers").select(inputs, 6, np.random.default_rng(0))
    assert chosen.tolist() == [0, 1, 2, 4, 5, 6]


def test_class_subset_takes_whole_classes() -> None:
    labels = np.arange(100) % 10
    inputs = SelectorInputs(100, labels)
    chosen = ClassSubsetSelector().select(inputs, 30, np.random.default_rng(0))
    assert sorted(np.bincount(labels[chosen]).tolist())[-3:] == [10, 10, 10]
    with pytest.raises(SelectionError, match="2 classes drawn hold 20"):
        ClassSubsetSelector(classes=2).select(inputs, 30, np.random.default_rng(0))
    with pytest.raises(SelectionError, match="classes must be at most 10"):
        ClassSubsetSelector(classes=11).select(inputs, 30, np.random.default_rng(0))


def test_class_subset_shares_a_size_among_its_classes_or_takes_all() -> None:
    """As P4 of arXiv 2006.13314: a fifth of the classes, and half of the images of each."""
    labels = np.repeat(np.arange(20), 100)
    inputs = SelectorInputs(2000, labels)
    selector = ClassSubsetSelector(classes=4)
    chosen = selector.select(inputs, 200, np.random.default_rng(0))
    assert sorted(np.bincount(labels[chosen]).tolist())[-4:] == [50, 50, 50, 50]
    sizes = [10, 20, 30, 40, 50]
    uneven = np.repeat(np.arange(5), sizes)
    inputs = SelectorInputs(150, uneven)
    three = ClassSubsetSelector(classes=3)
    for seed in range(5):
        size = three.own_size(inputs, np.random.default_rng(seed))
        whole = three.select(inputs, size, np.random.default_rng(seed))
        counts = np.bincount(uneven[whole], minlength=5)
        assert [count for count in counts if count] == [
            size for size, count in zip(sizes, counts, strict=True) if count
        ]
        assert (counts > 0).sum() == 3
    with pytest.raises(SelectionError, match="has no size of its own; give either size"):
        ClassSubsetSelector().own_size(inputs, np.random.default_rng(0))


def test_class_uniform_drops_tiny_classes_and_spreads_over_sizes() -> None:
    sizes = [1000, 500, 250, 100, 8, 3]
    labels = np.repeat(np.arange(6), sizes)
    inputs = SelectorInputs(len(labels), labels)
    chosen = ClassUniformSelector().select(inputs, 190, np.random.default_rng(0))
    counts = np.bincount(labels[chosen], minlength=6)
    assert counts[4:].tolist() == [0, 0]
    shares = counts[:4] / np.array(sizes[:4])
    np.testing.assert_allclose(shares, 190 / 1850, atol=0.01)
    three = ClassUniformSelector(classes=3).select(inputs, 190, np.random.default_rng(0))
    assert np.flatnonzero(np.bincount(labels[three], minlength=6)).tolist() == [0, 3]
    few = SelectorInputs(8, np.repeat(np.arange(4), 2))
    assert len(ClassUniformSelector().select(few, 4, np.random.default_rng(0))) == 4
    with pytest.raises(SelectionError, match="use more classes"):
        ClassUniformSelector(classes=2).select(inputs, 1500, np.random.default_rng(0))


def test_class_uniform_keeps_the_fraction() -> None:
    """A hundredth of each class; those left with one image go, and no other gives more."""
    sizes = [1000, 500, 299, 200, 199, 100, 50]
    labels = np.repeat(np.arange(7), sizes)
    inputs = SelectorInputs(len(labels), labels)
    selector = ClassUniformSelector(fraction=0.01)
    size = selector.own_size(inputs, np.random.default_rng(0))
    assert size == 10 + 5 + 2 + 2
    chosen = selector.select(inputs, size, np.random.default_rng(0))
    assert np.bincount(labels[chosen], minlength=7).tolist() == [10, 5, 2, 2, 0, 0, 0]
    assert selector.parameters() == {"classes": None, "least": 2, "fraction": 0.01}
    with pytest.raises(SelectionError, match=r"0\.001 leaves no class with 2"):
        ClassUniformSelector(fraction=0.001).own_size(inputs, np.random.default_rng(0))
    with pytest.raises(SelectionError, match="at most 1, got 2"):
        ClassUniformSelector(fraction=2)


def test_defaults_are_the_published_ones() -> None:
    assert EntropyTailsSelector().beta == 0.9
    covering = CoverageCentricSelector()
    assert (covering.scorer, covering.hardest_dropped, covering.strata) == ("aum", 0.3, 50)


def test_coverage_centric_knows_which_end_is_hard(caplog: pytest.LogCaptureFixture) -> None:
    scores = np.random.default_rng(0).permutation(100) / 100.0
    low = SelectorInputs(100, scores=scores, hardest="lowest")
    unknown = SelectorInputs(100, scores=scores)
    for one, options, hard in (
        (low, {}, "lowest"),
        (unknown, {}, "highest"),
        (low, {"hardest": "highest"}, "highest"),
    ):
        selector = CoverageCentricSelector(**options).fitted(one)  # type: ignore[arg-type]
        chosen = selector.select(one, 60, np.random.default_rng(0))
        dropped = scores < 0.3 if hard == "lowest" else scores >= 0.7
        assert not dropped[chosen].any()
        assert selector.parameters()["hardest"] == hard
    assert caplog.text.count("nobody says which end") == 1
    with pytest.raises(SelectionError, match="hardest must be highest or lowest"):
        CoverageCentricSelector(hardest="top")  # type: ignore[arg-type]


def test_coverage_centric_budgets_and_cut() -> None:
    assert stratum_budgets(np.array([2, 50, 10, 0]), 30).tolist() == [2, 18, 10, 0]
    assert stratum_budgets(np.array([40, 50, 60]), 31).tolist() == [10, 10, 11]
    scores = np.concatenate([np.zeros(900), np.linspace(0.1, 1, 100)])
    inputs = SelectorInputs(1000, scores=scores)
    selector = CoverageCentricSelector(hardest_dropped=0.05, strata=10)
    chosen = selector.select(inputs, 60, np.random.default_rng(0))
    assert chosen.max() < 950
    assert (chosen >= 900).sum() > 40  # uniform sampling would give 6


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_scores_that_are_not_numbers_are_refused(wrong: float) -> None:
    scores = np.array([1.0, wrong, 2.0])
    with pytest.raises(SelectionError, match=r"1 of 3 scores are nan or infinite.*index 1"):
        EntropyTopSelector().select(SelectorInputs(3, scores=scores), 1, np.random.default_rng(0))


def refused(name: str, inputs: SelectorInputs, size: int, message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        make(name).select(inputs, size, np.random.default_rng(0))


def test_bad_input_is_refused() -> None:
    labels = np.array([0, 0, 1])
    refused("random", SelectorInputs(3), 4, "cannot choose 4 of 3")
    refused("random", SelectorInputs(3), 0, "cannot choose 0 of 3")
    refused("class-random", SelectorInputs(3), 1, "needs labels, got none")
    refused("entropy-p1", SelectorInputs(3), 1, "needs scores, got none")
    refused("k-center", SelectorInputs(3), 1, "needs features, got none")
    refused("class-random", SelectorInputs(3, np.zeros(3, int)), 1, "at least two classes")
    refused("class-subset", SelectorInputs(3, np.array([0, 2, 2])), 1, "class 1 has no examples")
    refused("entropy-top", SelectorInputs(3, labels, np.ones(4)), 1, "another dataset")
    refused("k-center", SelectorInputs(3, features=np.ones((4, 2))), 1, "another dataset")
    refused("k-center", SelectorInputs(3, features=np.full((3, 2), np.nan)), 1, "3 of 3 features")
    refused("kmeans-outliers", SelectorInputs(1, features=np.ones((1, 2))), 1, "2 clusters for 1")
    with pytest.raises(SelectionError, match="keep must be highest or lowest"):
        EL2NSelector(keep="hardest")  # type: ignore[arg-type]
    with pytest.raises(SelectionError, match="beta"):
        EntropyTailsSelector(beta=1.5)


class Careless(Selector):
    name = "careless"

    def choose(self, inputs: SelectorInputs, size: int, generator: Any) -> NDArray[np.int64]:
        return np.zeros(size, np.int64)


def test_a_selector_that_repeats_itself_is_told() -> None:
    with pytest.raises(SelectionError, match="chose 1; this is an error of the selector"):
        Careless().select(SelectorInputs(5), 3, np.random.default_rng(0))
