"""The plugin's predictor and selector do what naslib-proxydata expects of them."""

from collections.abc import Callable

import pytest
from naslib_proxydata_example.metric import BestOfTop
from naslib_proxydata_example.predictor import ConvolutionCount
from naslib_proxydata_example.selector import EvenlySpaced

from naslib_proxydata.leaderboard.metrics import Metric
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.selection.base import Selector
from naslib_proxydata.testing import MetricContract, PredictorContract, SelectorContract


class TestBestOfTop(MetricContract):
    @pytest.fixture
    def metric(self) -> Metric:
        return BestOfTop()


class TestConvolutionCount(PredictorContract):
    @pytest.fixture
    def factory(self) -> Callable[..., Predictor]:
        return ConvolutionCount


class TestEvenlySpaced(SelectorContract):
    @pytest.fixture
    def selector(self) -> Selector:
        return EvenlySpaced()
