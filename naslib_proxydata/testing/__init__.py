"""Conformance tests that plugin authors subclass, and that the built-ins pass.

Each contract is a class of pytest tests. Subclass it under a name that begins with ``Test`` and
override the fixture that it names; pytest does the rest::

    from naslib_proxydata.testing import SelectorContract

    class TestEveryOther(SelectorContract):
        @pytest.fixture
        def selector(self):
            return EveryOther()
"""

from naslib_proxydata.testing.benchmark import BenchmarkContract
from naslib_proxydata.testing.conversion import ConversionContract
from naslib_proxydata.testing.dataset import DatasetContract
from naslib_proxydata.testing.metric import MetricContract
from naslib_proxydata.testing.observer import ObserverContract
from naslib_proxydata.testing.optimizer import OptimizerContract
from naslib_proxydata.testing.predictor import PredictorContract
from naslib_proxydata.testing.pruner import PrunerContract
from naslib_proxydata.testing.scorer import ScorerContract
from naslib_proxydata.testing.selector import SelectorContract
from naslib_proxydata.testing.space import SearchSpaceContract
from naslib_proxydata.testing.strategy import StrategyContract
from naslib_proxydata.testing.supernet import SupernetContract

__all__ = [
    "BenchmarkContract",
    "ConversionContract",
    "DatasetContract",
    "MetricContract",
    "ObserverContract",
    "OptimizerContract",
    "PredictorContract",
    "PrunerContract",
    "ScorerContract",
    "SearchSpaceContract",
    "SelectorContract",
    "StrategyContract",
    "SupernetContract",
]
