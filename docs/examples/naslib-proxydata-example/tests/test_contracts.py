"""The plugin's predictor and selector do what naslib-proxydata expects of them."""

from collections.abc import Callable

import pytest
from naslib_proxydata_example.optimizer import LocalSearch
from naslib_proxydata_example.predictor import ConvolutionCount
from naslib_proxydata_example.selector import EvenlySpaced

from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.selection.base import Selector
from naslib_proxydata.testing import OptimizerContract, PredictorContract, SelectorContract


class TestConvolutionCount(PredictorContract):
    @pytest.fixture
    def factory(self) -> Callable[..., Predictor]:
        return ConvolutionCount


class TestEvenlySpaced(SelectorContract):
    @pytest.fixture
    def selector(self) -> Selector:
        return EvenlySpaced()


class TestLocalSearch(OptimizerContract):
    @pytest.fixture
    def factory(self) -> Callable[..., Optimizer]:
        return LocalSearch
