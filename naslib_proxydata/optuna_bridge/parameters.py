"""Which of Optuna's parameters name an architecture."""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution

from naslib_proxydata.spaces.common.parameters import Parameters

ARCHITECTURE = "architecture"
"""The user attribute of a trial that holds its architecture's text."""


def distributions_of(parameters: Parameters[Any]) -> dict[str, BaseDistribution]:
    """Return Optuna's categorical distribution of each parameter."""
    return {name: CategoricalDistribution(choices) for name, choices in parameters.choices.items()}
