"""balance=true: every class gives its share, and within it the selector's rule holds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from naslib_proxydata import plugins
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.coverage_centric import CoverageCentricSelector
from naslib_proxydata.selection.histogram import example_weights, log_histogram
from naslib_proxydata.selection.plugin import register_selectors
from naslib_proxydata.selection.probabilistic import EntropyP1Selector
from naslib_proxydata.selection.ranked import EL2NSelector
from naslib_proxydata.selection.tails import EntropyTailsSelector

FOUND = plugins.load()
BALANCED = [
    *("entropy-top", "entropy-bottom", "entropy-tails", "entropy-p1", "entropy-p2", "entropy-p3"),
    *("forgetting", "el2n", "autoencoder-loss", "transfer-loss", "aum", "dyn-unc", "tdds"),
    *("coverage-centric", "prototypes", "moderate", "kmeans-outliers"),
]


def inputs(seed: int = 0) -> SelectorInputs:
    """80 easy examples of class 0, 40 hard ones of class 1, 20 of class 2 in between."""
    generator = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [80, 40, 20])
    scores = 10.0 ** (generator.uniform(-1, 0, 140) - np.repeat([8, 0, 4], [80, 40, 20]))
    order = generator.permutation(140)
    return SelectorInputs(140, labels[order], scores[order], generator.normal(size=(140, 5)))


@pytest.mark.parametrize("name", BALANCED)
def test_every_class_gives_its_share(name: str) -> None:
    options: dict[str, Any] = {"clusters": 5} if name == "kmeans-outliers" else {}
    selector = FOUND.create("selectors", name, balance=True, **options)
    assert "labels" in selector.needs
    given = inputs()
    chosen = selector.select(given, 35, np.random.default_rng(0))
    assert given.labels is not None
    assert np.bincount(given.labels[chosen]).tolist() == [20, 10, 5]
    assert selector.parameters()["balance"] is True
    assert "balance" not in FOUND.create("selectors", name, **options).parameters()
    unlabelled = SelectorInputs(140, scores=given.scores, features=given.features)
    with pytest.raises(SelectionError, match="needs labels"):
        selector.select(unlabelled, 35, np.random.default_rng(0))


def test_all_ranked_and_drawn_selectors_can_be_balanced() -> None:
    by_scores = [
        one.name
        for one in register_selectors()
        if "scores" in FOUND.create("selectors", one.name).needs
    ]
    assert set(by_scores) <= set(BALANCED)


def test_within_a_class_the_rule_is_the_same() -> None:
    given = inputs()
    assert given.labels is not None
    assert given.scores is not None

    def sorted_within(one: int) -> list[int]:
        members = [index for index in range(140) if given.labels[index] == one]
        return sorted(members, key=lambda index: float(given.scores[index]))

    top = EL2NSelector(balance=True).select(given, 35, np.random.default_rng(0))
    expected = [*sorted_within(0)[-20:], *sorted_within(1)[-10:], *sorted_within(2)[-5:]]
    assert top.tolist() == sorted(expected)
    tails = EntropyTailsSelector(0.4, balance=True).select(given, 35, np.random.default_rng(0))
    both = [
        *(sorted_within(0)[:8] + sorted_within(0)[-12:]),
        *(sorted_within(1)[:4] + sorted_within(1)[-6:]),
        *(sorted_within(2)[:2] + sorted_within(2)[-3:]),
    ]
    assert tails.tolist() == sorted(both)
    covering = CoverageCentricSelector(0.5, 5, "highest", balance=True)
    chosen = set(covering.select(given, 35, np.random.default_rng(0)).tolist())
    for one, size in enumerate((80, 40, 20)):
        assert not chosen & set(sorted_within(one)[size // 2 :]), "the hardest half of each class"


def test_draws_within_a_class_follow_the_weights_of_the_whole_histogram() -> None:
    """Class 0 has four examples in two bins; all bins count those of class 1 too."""
    scores = np.array([1e-3, 1e-3, 1e-3, 0.5, 1e-3, 0.5, 0.5, 0.5, 0.5, 0.5])
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    given = SelectorInputs(10, labels, scores)
    histogram = log_histogram(scores, 0.5)
    weights = example_weights(histogram.counts, "p1")[histogram.bins(scores)]
    exact = weights[:4] / weights[:4].sum()
    selector = EntropyP1Selector(0.5, balance=True)
    generator = np.random.default_rng(0)
    draws = 4000
    seen: Counter[int] = Counter()
    for _ in range(draws):
        chosen = selector.choose(given, 3, generator)  # quotas 1.2 and 1.8: one and two
        (first,) = [int(one) for one in chosen if labels[one] == 0]
        seen[first] += 1
    observed = [seen[index] for index in range(4)]
    assert chisquare(observed, exact * draws).pvalue > 0.001


def test_balance_must_be_true_or_false() -> None:
    with pytest.raises(SelectionError, match="balance must be true or false, got 'yes'"):
        EL2NSelector(balance="yes")  # type: ignore[arg-type]
