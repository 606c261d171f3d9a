"""What tables of other search spaces say of an architecture, by the structure that both have.

A table tells which structure its own networks like, such as more convolutions on longer paths.
Where the graphs of two spaces have the same names, their features line up once operations are
named alike (:func:`common_view`), and a regression on one space's table predicts the networks of
the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.predictors.few_label.features import structure_features
from naslib_proxydata.predictors.few_label.models import standardiser, varying
from naslib_proxydata.predictors.few_label.smoothing import smoother
from naslib_proxydata.predictors.few_label.tasks import MeasuredTasks, dataset_of, same_dataset
from naslib_proxydata.spaces.base import Architecture, SearchSpace
from naslib_proxydata.spaces.common.graph import common_view

Floats = NDArray[np.float64]
Names = Mapping[str, Sequence[str]]
"""Names of features by kind."""
Values = Mapping[str, Floats]
"""Features of n architectures by kind, each of shape (n, d of the kind)."""
ROWS = 1000
"""Architectures of a table that are learnt from, at most, evenly spread."""


def common_features(
    space: SearchSpace[Architecture], architecture: Architecture
) -> dict[str, dict[str, float]]:
    """Return the features that spaces may have in common, by kind and name.

    Those of the graphs with common operations, the numbers of the view, and the logarithms of
    parameters and multiply-accumulates; names and order are the same for a whole space.
    """
    found = structure_features(common_view(space.graph_view(architecture)))
    params, macs = space.params(architecture), space.macs(architecture)
    found["size"] = {
        "log params": math.log(max(float(params), 1.0)),
        "log macs": math.log(max(float(macs), 1.0)),
    }
    return found


def common_names(space: SearchSpace[Any]) -> Names:
    """Return the names of a space's :func:`common_features`, by the example of one architecture."""
    architecture = space.canonical(space.sample(np.random.default_rng(0)))
    return {kind: list(named) for kind, named in common_features(space, architecture).items()}


class OtherSpace:
    """A table of another space, as a prediction of what its datasets would say of an architecture.

    Args:
        measured: The table.

    Attributes:
        measured: The table.
    """

    def __init__(self, measured: MeasuredTasks) -> None:
        self.measured = measured
        space = measured.space
        architectures, self._measured = measured.evenly(ROWS)
        rows = [common_features(space, space.canonical(one)) for one in architectures]
        self._names: Names = {kind: list(named) for kind, named in rows[0].items()}
        self._values: Values = {
            kind: np.array([list(row[kind].values()) for row in rows]) for kind in rows[0]
        }

    def tasks(self, left_out: Sequence[str]) -> list[str]:
        """Return the columns, by table and dataset, that are of none of some datasets."""
        return [
            name
            for name in self._measured
            if not any(same_dataset(dataset_of(name), dataset) for dataset in left_out)
        ]

    def predictor(
        self, names: Names, reference: Values, tasks: Sequence[str]
    ) -> Callable[[Values], Floats]:
        """Return what predicts the mean over some columns for architectures of another space.

        The posterior mean of :func:`smoother` on the features that both spaces have and that vary
        in both, each space's standardised over its own architectures.

        Args:
            names: Of the features of the space that is ranked.
            reference: Features of the architectures that are ranked together.
            tasks: The columns, at least one.

        Returns:
            From features of n architectures to shape (n, 1), of mean 0 and variance 1 over the
            reference; zeros where the spaces have no feature in common.
        """
        kept = _in_common(names, reference, self._names, self._values)
        here = _scaling(reference, {kind: places for kind, (places, _) in kept.items()})
        there = _scaling(self._values, {kind: places for kind, (_, places) in kept.items()})
        values = _mean_of_known(np.array([self._measured[task] for task in tasks]))
        standard = (values - np.nanmean(values)) / _spread(values)
        smooth = smoother(there(self._values), standard[:, None])
        found = smooth(here(reference))
        mean, spread = found.mean(), _spread(found)
        return lambda features: np.asarray((smooth(here(features)) - mean) / spread)


Places = NDArray[np.intp]


def _in_common(
    names: Names, values: Values, other_names: Names, other_values: Values
) -> dict[str, tuple[Places, Places]]:
    """Return, by kind, where the features stand that both spaces have and that vary in both."""
    kept = {}
    for kind in (kind for kind in names if kind in other_names):
        pairs = [
            (place, other_names[kind].index(name))
            for place, name in enumerate(names[kind])
            if name in other_names[kind]
        ]
        ours, theirs = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        both = varying(values[kind])[ours] & varying(other_values[kind])[theirs]
        if both.any():
            kept[kind] = ours[both], theirs[both]
    return kept


def _scaling(reference: Values, kept: Mapping[str, Places]) -> Callable[[Values], Floats]:
    """Return the map to some features side by side, each kind standardised over a reference."""
    scales = {kind: standardiser(reference[kind][:, places]) for kind, places in kept.items()}

    def scale(values: Values) -> Floats:
        count = len(next(iter(values.values())))
        parts = [scales[kind](values[kind][:, places]) for kind, places in kept.items()]
        return np.hstack([np.zeros((count, 1)), *parts])

    return scale


def _mean_of_known(rows: Floats) -> Floats:
    """Return the mean of each column of rows (r, n) over what is finite, nan where nothing is."""
    count = np.isfinite(rows).sum(axis=0)
    return np.where(count > 0, np.nansum(rows, axis=0) / np.maximum(count, 1), np.nan)


def _spread(values: Floats) -> float:
    """Return the standard deviation of what is finite; where nothing varies infinity."""
    return float(np.nanstd(values)) or math.inf
