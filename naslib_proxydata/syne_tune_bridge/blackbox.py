"""A column of a benchmark table as a blackbox of Syne Tune."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pandas as pd
from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular
from syne_tune.config_space import choice, randint

from naslib_proxydata.errors import BridgeError
from naslib_proxydata.runs.measured import Measured
from naslib_proxydata.spaces.common.listed import ROW
from naslib_proxydata.spaces.common.parameters import Parameters

ELAPSED_TIME: Final = "elapsed_time"
"""Name of the objective that holds the seconds of a trial."""
FIDELITY: Final = "training"
"""The one fidelity: 1, for a whole training."""


def table_blackbox(
    benchmark: str,
    dataset: str | None = None,
    metric: str | None = None,
    *,
    seconds: float = 1.0,
    **given: Any,
) -> BlackboxTabular:
    """Return a blackbox of all that a table measured in one column, for simulated tuning.

    A configuration is one choice for each of the space's parameters where every combination of
    them was measured, such as NAS-Bench-201's, and otherwise the integer ``row``: Syne Tune's
    simulator knows no trial without a result. Its objectives are the metric, by its name, in its
    own unit, and :data:`ELAPSED_TIME`. The tables hold no durations that were measured alike, so
    all trials take the same time.

    Args:
        benchmark: A benchmark's name, or ``"csv:FILE"``.
        dataset: The dataset (task); the benchmark's first where None.
        metric: The metric; validation accuracy, or the first, where None.
        seconds: How long a trial takes.
        given: ``root``, ``space`` and ``lower_is_better`` of
            :class:`~naslib_proxydata.runs.measured.Measured`.

    Raises:
        ConfigError: There is no such benchmark, space or column.
        TableError: The table's file is absent or damaged, or lacks the column.
        BridgeError: A trial takes no time.
    """
    if not 0 < seconds < math.inf:
        raise BridgeError(f"expected seconds above 0 for a trial, got {seconds}")
    measured = Measured(benchmark, dataset, metric, **given)
    texts = measured.architectures
    parameters = complete_parameters(measured)
    values = np.array([measured.value(text) for text in texts])
    times = np.full(len(texts), seconds)
    return BlackboxTabular(
        hyperparameters=_frame(measured, parameters),
        configuration_space=_configuration_space(len(texts), parameters),
        fidelity_space={FIDELITY: randint(1, 1)},
        objectives_evaluations=np.stack([values, times], axis=-1)[:, None, None, :],
        objectives_names=[measured.metric, ELAPSED_TIME],
    )


def complete_parameters(measured: Measured) -> Parameters[Any] | None:
    """Return the space's parameters, or None where not every combination was measured."""
    parameters = measured.space.parameters()
    if parameters is None:
        return None
    combinations = math.prod(len(choices) for choices in parameters.choices.values())
    return parameters if combinations == len(set(measured.architectures)) else None


def _frame(measured: Measured, parameters: Parameters[Any] | None) -> pd.DataFrame:
    """Return the configuration of each measured architecture, a line each."""
    texts = measured.architectures
    if parameters is None:
        return pd.DataFrame({ROW: range(len(texts))})
    return pd.DataFrame([parameters.values(measured.space.parse(text)) for text in texts])


def _configuration_space(rows: int, parameters: Parameters[Any] | None) -> dict[str, Any]:
    if parameters is None:
        return {ROW: randint(0, rows - 1)}
    return {name: choice(list(choices)) for name, choices in parameters.choices.items()}
