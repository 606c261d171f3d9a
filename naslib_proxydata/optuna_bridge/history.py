"""What the trials of a study say of architectures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import median_low
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from naslib_proxydata.errors import ArchitectureError, BridgeError, shown
from naslib_proxydata.evolution.advisor import Known
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.optuna_bridge.parameters import ARCHITECTURE
from naslib_proxydata.spaces.common.parameters import Parameters

PROPOSAL = "naslib_proxydata:architecture"
"""The system attribute of a trial that holds what was proposed to it: until the objective has
asked for its parameters, other workers know it by this."""
FIXED = "fixed_params"
"""The system attribute in which Optuna keeps the parameters of a trial that was enqueued."""
UNFINISHED = (TrialState.RUNNING, TrialState.WAITING)


def known_of(
    trials: Iterable[FrozenTrial],
    parameters: Parameters[Any],
    domain: Domain[Any],
    *,
    maximise: bool,
) -> Known[Any]:
    """Return what trials say: completed ones are measured, pruned ones rank below all of them.

    A trial that was pruned before it had reported anything says nothing, as a failed one; its
    architecture is not proposed again. Where a function was measured more than once, its median
    counts, the lower one of two.

    Args:
        trials: All but the one that a proposal is for.
        parameters: Which of their parameters name an architecture.
        domain: Gives the keys of architectures.
        maximise: Whether a higher value is better.

    Raises:
        BridgeError: A completed trial is of something else than these architectures.
    """
    found: dict[str, list[float]] = {}
    architectures: dict[str, Any] = {}
    pending: dict[str, Any] = {}
    taken: set[str] = set()
    for trial in trials:
        architecture = architecture_of(trial, parameters, domain)
        if architecture is None:
            continue
        key = domain.key(architecture)
        taken.add(key)
        value = value_of(trial, maximise=maximise)
        if trial.state in UNFINISHED:
            pending[key] = architecture
        elif value is not None:
            architectures.setdefault(key, architecture)
            found.setdefault(key, []).append(value)
    measured = {key: (architectures[key], median_low(values)) for key, values in found.items()}
    unmeasured = {key: one for key, one in pending.items() if key not in measured}
    return Known(measured, unmeasured, taken)


def value_of(trial: FrozenTrial, *, maximise: bool) -> float | None:
    """Return what a trial has measured, higher is better; None where it says nothing."""
    if trial.state == TrialState.PRUNED and trial.intermediate_values:
        return -math.inf
    if trial.state != TrialState.COMPLETE or trial.value is None:
        return None
    value = float(trial.value)
    return value if maximise else -value


def architecture_of(
    trial: FrozenTrial, parameters: Parameters[Any], domain: Domain[Any]
) -> Any | None:
    """Return the architecture of a trial; None where there is none yet, or a failed one had none.

    Raises:
        BridgeError: The trial is complete, and its parameters name no architecture, or another
            one than it says itself.
    """
    proposal = trial.system_attrs.get(PROPOSAL)
    complete = trial.state == TrialState.COMPLETE
    if trial.state in UNFINISHED and proposal is not None:
        return domain.space.parse(proposal)
    try:
        found = parameters.architecture({**trial.system_attrs.get(FIXED, {}), **trial.params})
    except ArchitectureError as error:
        if complete:
            raise BridgeError(not_of_this_space(trial, domain.space.name, error)) from None
        return None
    _check_same(trial.number, trial.user_attrs, domain.space.text(found), complete)
    return found


def _check_same(number: int, says: Mapping[str, Any], text: str, complete: bool) -> None:
    """Refuse a row that meant another architecture when the trial was run."""
    if complete and says.get(ARCHITECTURE, text) != text:
        raise BridgeError(
            f"trial {number} measured {shown(says[ARCHITECTURE])}, but its parameters now name "
            f"{shown(text)}: the architectures to choose from, or their order, have changed since; "
            "give the ones that the study began with"
        )


def not_of_this_space(trial: FrozenTrial, space: str, error: Exception) -> str:
    """Return the message for a completed trial that FewLabelSampler cannot learn from."""
    return (
        f"trial {trial.number} is complete, but its parameters name no architecture of {space!r}: "
        f"{error}. FewLabelSampler guides studies whose objective takes its architecture from "
        f"suggest_architecture(trial, {space!r}), or suggests the same parameters itself; give "
        "this study another sampler, or begin a new study"
    )
