"""What the plugin offers does what naslib-proxydata expects of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from naslib_proxydata_example.dataset import open_pixel_csv
from naslib_proxydata_example.metric import BestOfTop
from naslib_proxydata_example.observer import EpochTable
from naslib_proxydata_example.optimizer import LocalSearch
from naslib_proxydata_example.predictor import ConvolutionCount
from naslib_proxydata_example.pruner import CertainPruner
from naslib_proxydata_example.scorer import Contrast
from naslib_proxydata_example.selector import EvenlySpaced
from naslib_proxydata_example.space import TinyChain
from naslib_proxydata_example.supernet import TinyChainSupernet

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.leaderboard.metrics import Metric
from naslib_proxydata.oneshot.supernets.base import Supernet
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.selection.base import Selector
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.testing import (
    DatasetContract,
    MetricContract,
    ObserverContract,
    OptimizerContract,
    PredictorContract,
    PrunerContract,
    ScorerContract,
    SearchSpaceContract,
    SelectorContract,
    SupernetContract,
)


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


class TestContrast(ScorerContract):
    @pytest.fixture
    def scorer(self) -> Scorer:
        return Contrast(border=2)


class TestPixelCsv(DatasetContract):
    @pytest.fixture
    def dataset(self, tmp_path: Path) -> Dataset:
        path = tmp_path / "grey.csv"
        path.write_text("\n".join(f"{number % 2},{number},0,0,255" for number in range(20)))
        return open_pixel_csv(str(path))


class TestLocalSearch(OptimizerContract):
    @pytest.fixture
    def factory(self) -> Callable[..., Optimizer]:
        return LocalSearch


class TestCertainPruner(PrunerContract):
    @pytest.fixture
    def factory(self) -> Callable[..., object]:
        return CertainPruner


class TestEpochTable(ObserverContract):
    @pytest.fixture
    def factory(self) -> Callable[..., object]:
        return EpochTable


class TestTinyChain(SearchSpaceContract):
    @pytest.fixture
    def space(self) -> SearchSpace:
        return TinyChain()


class TestTinyChainSupernet(SupernetContract):
    @pytest.fixture
    def factory(self) -> Callable[..., Supernet]:
        return TinyChainSupernet

    @pytest.fixture
    def space(self) -> SearchSpace:
        return TinyChain()
