"""The optimizers by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from naslib_proxydata.errors import ConfigError, unknown_name
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.evolution.nsga2 import Nsga2
from naslib_proxydata.evolution.random_search import RandomSearch
from naslib_proxydata.evolution.regularised_evolution import RegularisedEvolution

OPTIMIZERS: Mapping[str, type[Optimizer[Any]]] = {
    one.name: one for one in (RandomSearch, RegularisedEvolution, Nsga2)
}


def optimizer_class(name: str) -> type[Optimizer[Any]]:
    """Return the optimizer of a name.

    Raises:
        ConfigError: There is none; the closest is named.
    """
    if name not in OPTIMIZERS:
        raise ConfigError(unknown_name("optimizer", name, OPTIMIZERS))
    return OPTIMIZERS[name]
