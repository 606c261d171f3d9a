"""What every metric must do, as tests."""

from __future__ import annotations

import math
from numbers import Real

import numpy as np
import pytest
from numpy.typing import NDArray

from naslib_proxydata.leaderboard.metrics import Metric
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.testing.randomness import global_states

Floats = NDArray[np.float64]


class MetricContract:
    """Tests of a metric; override :meth:`metric`.

    Attributes:
        sizes: Numbers of architectures that are ranked.
    """

    sizes: tuple[int, ...] = (2, 3, 30, 200)

    @pytest.fixture
    def metric(self) -> Metric:
        """Return the metric under test."""
        raise NotImplementedError("override the fixture 'metric'")

    def ranking(self, size: int) -> tuple[Floats, Floats]:
        """Return finite scores, some of them equal, and accuracies in percent, shape (size,)."""
        generator = numpy_generator(0, "contract", "metric", size)
        values = generator.uniform(10, 95, size).round(2)
        return (values + generator.normal(0, 20, size)).round(0), values

    def check(self, metric: Metric, scores: Floats, values: Floats) -> None:
        """Measure, and refuse anything but a finite number or nan."""
        found = metric.measure(scores, values)
        assert isinstance(found, Real), f"expected a number, got {found!r}"
        assert not math.isinf(found), "expected a finite number, or nan where it is not defined"

    def test_measures_rankings_from_two_architectures_on(self, metric: Metric) -> None:
        """Two architectures are the fewest that are ranked."""
        for size in self.sizes:
            self.check(metric, *self.ranking(size))

    def test_takes_failed_scores_and_those_without_signal(self, metric: Metric) -> None:
        """Some scores, or all of them, are nan or -inf."""
        for size in self.sizes:
            scores, values = self.ranking(size)
            scores[0] = np.nan
            self.check(metric, scores, values)
            scores[-1] = -np.inf
            self.check(metric, scores, values)
            self.check(metric, np.full(size, np.nan), values)
            self.check(metric, np.full(size, -np.inf), values)

    def test_takes_scores_and_values_that_do_not_differ(self, metric: Metric) -> None:
        """A predictor may tell nothing apart, and a table may hold one value only."""
        for size in self.sizes:
            scores, values = self.ranking(size)
            self.check(metric, np.ones(size), values)
            self.check(metric, scores, np.full(size, 90.0))
            self.check(metric, np.ones(size), np.full(size, 90.0))

    def test_is_the_same_for_the_same_ranking(self, metric: Metric) -> None:
        """Neither earlier calls nor global generators matter."""
        scores, values = self.ranking(30)
        before = global_states()
        first = metric.measure(scores.copy(), values.copy())
        self.check(metric, *self.ranking(3))
        np.testing.assert_equal(metric.measure(scores.copy(), values.copy()), first)
        assert before == global_states(), "a global random generator was used"

    def test_leaves_its_inputs_alone(self, metric: Metric) -> None:
        """The arrays are not written to."""
        scores, values = self.ranking(30)
        for array in (scores, values):
            array.setflags(write=False)
        self.check(metric, scores, values)

    def test_says_what_it_is_called(self, metric: Metric) -> None:
        """Its column has a head."""
        assert metric.name
        assert metric.title.strip()
        assert isinstance(metric.is_share, bool)
