"""Every built-in passes the contract that plugin authors are given."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import TableAbsentError
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.selection.base import Selector
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.tables.base import BenchmarkTable
from naslib_proxydata.testing import (
    BenchmarkContract,
    OptimizerContract,
    PredictorContract,
    SearchSpaceContract,
    SelectorContract,
)

FOUND = plugins.load()


class TestSpaces(SearchSpaceContract):
    @pytest.fixture(params=FOUND.names("spaces"))
    def space(self, request: pytest.FixtureRequest) -> SearchSpace[Any]:
        return FOUND.create("spaces", request.param)


SMALLER = {"dps": {"cycles": 1, "shared": {"iterations": 2, "batch": 2}}}
"""Options of predictors whose defaults would take too long."""


class TestPredictors(PredictorContract):
    @pytest.fixture(params=FOUND.names("predictors"))
    def factory(self, request: pytest.FixtureRequest) -> Callable[..., Predictor]:
        options = SMALLER.get(request.param, {})
        return functools.partial(FOUND.create, "predictors", request.param, **options)


class TestSelectors(SelectorContract):
    @pytest.fixture(params=FOUND.names("selectors"))
    def selector(self, request: pytest.FixtureRequest) -> Selector:
        return FOUND.create("selectors", request.param)


class TestOptimizers(OptimizerContract):
    @pytest.fixture(params=FOUND.names("optimizers"))
    def factory(self, request: pytest.FixtureRequest) -> Callable[..., Optimizer[Any]]:
        return functools.partial(FOUND.create, "optimizers", request.param)


@functools.cache
def opened(name: str, root: Path) -> BenchmarkTable:
    return FOUND.create("benchmarks", name, root=root)


class TestBenchmarks(BenchmarkContract):
    @pytest.fixture(params=FOUND.names("benchmarks"))
    def table(self, request: pytest.FixtureRequest, shared_data: Path) -> BenchmarkTable:
        try:
            return opened(request.param, shared_data)
        except TableAbsentError as error:
            pytest.skip(str(error))


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_registrations_are_described(kind: str) -> None:
    for name in FOUND.names(kind):
        registration = FOUND.registration(kind, name)
        assert registration.summary, (kind, name)
        assert "\n" not in registration.summary, (kind, name)


def test_benchmarks_say_their_space_and_where_to_get_them() -> None:
    for name in FOUND.names("benchmarks"):
        registration = FOUND.registration("benchmarks", name)
        assert registration.space in FOUND.names("spaces"), name
        assert registration.datasets, name
        assert registration.how_to_get, name
