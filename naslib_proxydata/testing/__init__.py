"""Conformance tests that plugin authors subclass, and that the built-ins pass.

Each contract is a class of pytest tests. Subclass it under a name that begins with ``Test`` and
override the fixture that it names; pytest does the rest::

    from naslib_proxydata.testing import SelectorContract

    class TestEveryOther(SelectorContract):
        @pytest.fixture
        def selector(self):
            return EveryOther()

A contract's module is imported when the contract is first asked for, so that testing a selector
imports no supernet.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
    "BenchmarkContract": "benchmark",
    "ConversionContract": "conversion",
    "DatasetContract": "dataset",
    "MetricContract": "metric",
    "ObserverContract": "observer",
    "OptimizerContract": "optimizer",
    "PredictorContract": "predictor",
    "PrunerContract": "pruner",
    "ScorerContract": "scorer",
    "SearchSpaceContract": "space",
    "SelectorContract": "selector",
    "StrategyContract": "strategy",
    "SupernetContract": "supernet",
}

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


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
