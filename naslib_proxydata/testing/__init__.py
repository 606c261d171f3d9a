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
from naslib_proxydata.testing.optimizer import OptimizerContract
from naslib_proxydata.testing.predictor import PredictorContract
from naslib_proxydata.testing.scorer import ScorerContract
from naslib_proxydata.testing.selector import SelectorContract
from naslib_proxydata.testing.space import SearchSpaceContract

__all__ = [
    "BenchmarkContract",
    "ConversionContract",
    "DatasetContract",
    "MetricContract",
    "OptimizerContract",
    "PredictorContract",
    "ScorerContract",
    "SearchSpaceContract",
    "SelectorContract",
]
