"""The kinds of things that plugins offer, and the hook that collects each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from naslib_proxydata.hookspecs import BenchmarkRegistration, Registration


class Kind(NamedTuple):
    """One kind of thing that plugins offer.

    Attributes:
        singular: What messages call one of them.
        hook: Name of the hook that collects them.
        base: Import path of the class that factories return; empty where any object will do.
        registration: Type that the hook's list holds.
    """

    singular: str
    hook: str
    base: str
    registration: type[Registration] = Registration


_ROOM = "naslib_proxydata"

KINDS: Mapping[str, Kind] = {
    "spaces": Kind("search space", "register_spaces", f"{_ROOM}.spaces.base:SearchSpace"),
    "benchmarks": Kind(
        "benchmark",
        "register_benchmarks",
        f"{_ROOM}.tables.base:BenchmarkTable",
        BenchmarkRegistration,
    ),
    "metrics": Kind("metric", "register_metrics", f"{_ROOM}.leaderboard.metrics:Metric"),
    "predictors": Kind("predictor", "register_predictors", f"{_ROOM}.predictors.base:Predictor"),
    "datasets": Kind("dataset format", "register_datasets", f"{_ROOM}.data.base:Dataset"),
    "scorers": Kind("scorer", "register_scorers", f"{_ROOM}.selection.scorers.base:Scorer"),
    "selectors": Kind("selector", "register_selectors", f"{_ROOM}.selection.base:Selector"),
    "supernets": Kind("supernet", "register_supernets", f"{_ROOM}.oneshot.supernets.base:Supernet"),
    "strategies": Kind("strategy", "register_strategies", f"{_ROOM}.oneshot.base:Strategy"),
    "pruners": Kind("pruner", "register_pruners", ""),
    "observers": Kind("observer", "register_observers", ""),
    "optimizers": Kind("optimizer", "register_optimizers", f"{_ROOM}.evolution.base:Optimizer"),
    "naslib-graphs": Kind(
        "NASLib graph",
        "register_naslib_graphs",
        f"{_ROOM}.naslib_bridge.conversions:Conversion",
    ),
}
"""The kinds by their name in ``naslib-proxydata list KIND``, in the order of the hooks."""

NAMED_BY_THEMSELVES = frozenset(KINDS) - {"datasets", "supernets", "pruners", "observers"}
"""Kinds whose objects carry a ``name``, which must be the registered one."""
