"""An architecture for a trial of a study, whichever sampler the study has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.optuna_bridge.parameters import ARCHITECTURE
from naslib_proxydata.runs.parameters import parameters_of, space_of
from naslib_proxydata.spaces.base import SearchSpace


def suggest_architecture(
    trial: optuna.Trial,
    space: str | SearchSpace[Any],
    architectures: Sequence[str] | None = None,
    *,
    by_row: bool = False,
) -> str:
    """Suggest an architecture for a trial, by one categorical parameter for each of its places.

    The text is kept as the trial's user attribute ``architecture``.

    Args:
        trial: The trial.
        space: The search space, or its name.
        architectures: Texts to choose from, where the space has no parameters of its own.
        by_row: Whether to choose by the row among ``architectures`` although it has.

    Returns:
        The text of the architecture.

    Raises:
        optuna.TrialPruned: What the sampler chose is no architecture, as most combinations of
            NAS-Bench-101's parameters are none. ``FewLabelSampler`` chooses none of these.
        ConfigError: There is no such space.
        BridgeError: The space has no parameters and there are no architectures to choose from.
    """
    made = space_of(space)
    parameters = parameters_of(made, architectures, by_row=by_row)
    values = {
        name: trial.suggest_categorical(name, choices)
        for name, choices in parameters.choices.items()
    }
    try:
        text = made.text(parameters.architecture(values))
    except ArchitectureError as error:
        raise optuna.TrialPruned(f"no architecture of {made.name}: {error}") from None
    trial.set_user_attr(ARCHITECTURE, text)
    return text
