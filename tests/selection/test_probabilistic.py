"""P1, P2 and P3 against equations 2 to 5, on the published entropy lists."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.base import SelectorInputs
from naslib_proxydata.selection.histogram import (
    example_weights,
    log_histogram,
    published_width,
)
from naslib_proxydata.selection.probabilistic import (
    EntropyP1Selector,
    EntropyP2Selector,
    EntropyP3Selector,
    ProbabilisticSelector,
)
from naslib_proxydata.selection.weighted import weighted_sample

ALL = [EntropyP1Selector, EntropyP2Selector, EntropyP3Selector]


def published(shared_data: Path, name: str) -> NDArray[np.float64]:
    with np.load(shared_data / "entropy_lists.npz") as archive:
        return np.array(archive[f"{name}_entropy"], dtype=np.float64)


def slow_probabilities(entropies: NDArray[np.float64], width: float, which: str) -> list[float]:
    """Equations 2 to 5, example by example, in plain Python."""
    exponents = [float(np.log10(entropy)) for entropy in entropies]
    low, high = float(round(min(exponents))), float(round(max(exponents)))
    while low > min(exponents):
        low -= width
    while high < max(exponents):
        high += width
    count = round((high - low) / width)
    bins = [min(int((exponent - low) // width), count - 1) for exponent in exponents]
    heights = Counter(bins)
    weight = {
        "p1": lambda h: max(heights.values()) - h + 1,
        "p2": lambda h: 1 / count,
        "p3": lambda h: 1 / h,
    }[which]
    raw = [weight(heights[one]) / heights[one] for one in bins]
    return [one / sum(raw) for one in raw] if len(raw) < 1000 else _normalised(raw)


def _normalised(raw: list[float]) -> list[float]:
    total = sum(raw)
    return [one / total for one in raw]


@pytest.mark.parametrize(
    ("name", "width", "bins", "low"),
    [("cifar10", 0.5, 43, -21), ("cifar100", 0.25, 72, -17), ("svhn", 0.2, 32, -6)],
)
def test_published_lists_have_the_published_bins(
    shared_data: Path, name: str, width: float, bins: int, low: float
) -> None:
    entropies = published(shared_data, name)
    histogram = log_histogram(entropies, width)
    assert (len(histogram.counts), histogram.low) == (bins, low)
    expected, _ = np.histogram(np.log10(entropies), histogram.edges)
    np.testing.assert_array_equal(histogram.counts, expected)


@pytest.mark.parametrize("which", ["p1", "p2", "p3"])
def test_weights_equal_the_slow_reference(shared_data: Path, which: Any) -> None:
    entropies = published(shared_data, "cifar10")
    histogram = log_histogram(entropies, 0.5)
    weights = example_weights(histogram.counts, which)[histogram.bins(entropies)]
    expected = slow_probabilities(entropies, 0.5, which)
    np.testing.assert_allclose(weights / weights.sum(), expected, rtol=1e-9)


@pytest.mark.parametrize("selector_class", ALL)
def test_bin_frequencies_pass_a_chi_square_test(
    shared_data: Path, selector_class: type[ProbabilisticSelector]
) -> None:
    """Single draws follow equations 2 to 5 bin by bin."""
    entropies = published(shared_data, "cifar10")[::10]
    histogram = log_histogram(entropies, 0.5)
    bins = histogram.bins(entropies)
    probabilities = np.array(slow_probabilities(entropies, 0.5, selector_class.weighting))
    by_bin = np.bincount(bins, probabilities, len(histogram.counts))
    inputs = SelectorInputs(len(entropies), scores=entropies)
    generator = np.random.default_rng(20210604)
    draws = 6000
    drawn = [int(selector_class().choose(inputs, 1, generator)[0]) for _ in range(draws)]
    counts = np.bincount(bins[drawn], minlength=len(histogram.counts))
    enough = by_bin * draws >= 5
    observed = np.append(counts[enough], counts[~enough].sum())
    expected = np.append(by_bin[enough], by_bin[~enough].sum()) * draws
    occupied = expected > 0
    assert not observed[~occupied].any()
    assert chisquare(observed[occupied], expected[occupied]).pvalue > 0.001


def test_draws_without_replacement_are_those_of_picking_one_by_one() -> None:
    """All ordered pairs of a tiny population, against their exact probabilities."""
    weights = np.array([5.0, 1.0, 3.0, 0.0, 1.0])
    exact = {
        (i, j): weights[i] / weights.sum() * weights[j] / (weights.sum() - weights[i])
        for i, j in permutations(np.flatnonzero(weights).tolist(), 2)
    }
    generator = np.random.default_rng(5)
    draws = 20_000
    seen = Counter(tuple(weighted_sample([weights], 2, generator).tolist()) for _ in range(draws))
    assert set(seen) <= set(exact)
    observed = [seen[pair] for pair in exact]
    assert chisquare(observed, [exact[pair] * draws for pair in exact]).pvalue > 0.001


def test_chunks_do_not_change_the_draw() -> None:
    weights = np.random.default_rng(0).random(1000)
    whole = weighted_sample([weights], 100, np.random.default_rng(1))
    parts = weighted_sample(np.array_split(weights, 7), 100, np.random.default_rng(1))
    np.testing.assert_array_equal(whole, parts)


def test_p1_of_cifar10_takes_both_ends(shared_data: Path) -> None:
    """About 51 % of picks from the lowest decile and 17 % from the highest, by the release."""
    entropies = published(shared_data, "cifar10")
    inputs = SelectorInputs(len(entropies), scores=entropies)
    chosen = EntropyP1Selector().select(inputs, 5000, np.random.default_rng(0))
    ranks = np.argsort(np.argsort(entropies))[chosen]
    assert np.mean(ranks < 5000) == pytest.approx(0.51, abs=0.03)
    assert np.mean(ranks >= 45_000) == pytest.approx(0.17, abs=0.03)


def test_zeros_are_counted_with_the_smallest_positive_score() -> None:
    histogram = log_histogram(np.array([0.0, 0.0, 1e-3, 1.0]), 0.5)
    assert histogram.counts[0] == 3
    assert histogram.counts.sum() == 4


@pytest.mark.parametrize("width", [0.0, np.nan, np.inf, 1e-9])
def test_widths_without_a_histogram_are_refused(width: float) -> None:
    """1e-9 asks for four thousand million bins."""
    with pytest.raises(SelectionError, match="bin width"):
        log_histogram(np.array([1e-3, 1.0, 20.0]), width)


def test_wrong_scores_are_refused() -> None:
    with pytest.raises(SelectionError, match="must not be negative"):
        log_histogram(np.array([-1.0, 1.0]), 0.5)
    with pytest.raises(SelectionError, match="all scores are 0"):
        log_histogram(np.zeros(3), 0.5)
    with pytest.raises(SelectionError, match="above 0"):
        EntropyP1Selector(bin_width=0)
    with pytest.raises(SelectionError, match="only 2 examples can be drawn"):
        weighted_sample([np.array([1.0, 0.0, 1.0])], 3, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *(("cifar10", 0.5), ("cifar100", 0.25), ("CIFAR-100", 0.25), ("svhn", 0.2), ("SVHN", 0.2)),
        *(("imagenet", 0.25), ("ImageNet16-120", 0.25), ("digits", 0.5), ("", 0.5)),
    ],
)
def test_the_bin_width_is_that_of_the_dataset(name: str, width: float) -> None:
    assert published_width(name) == width
    inputs = SelectorInputs(50, scores=np.logspace(-6, 0, 50), dataset=name)
    fitted = EntropyP1Selector().fitted(inputs)
    assert fitted.parameters() == {"bin_width": width}
    assert EntropyP1Selector(0.3).fitted(inputs).parameters() == {"bin_width": 0.3}
    np.testing.assert_array_equal(
        EntropyP1Selector().select(inputs, 9, np.random.default_rng(0)),
        EntropyP1Selector(width).select(inputs, 9, np.random.default_rng(0)),
    )


def test_histograms_that_tell_little_are_warned_of(
    shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, width in (("cifar10", 0.5), ("cifar100", 0.25), ("svhn", 0.2)):
        assert not log_histogram(published(shared_data, name), width).complaints()
    few = np.repeat([0.1, 1.0], [40, 40])
    EntropyP1Selector(0.5).select(SelectorInputs(80, scores=few), 9, np.random.default_rng(0))
    assert "2 occupied bins of width 0.5" in caplog.text
    caplog.clear()
    one = np.concatenate([np.full(60, 2.0), np.logspace(-6, 0, 40)])
    EntropyP1Selector(0.5).select(SelectorInputs(100, scores=one), 9, np.random.default_rng(0))
    assert "one bin of the histogram of scores holds 6" in caplog.text
