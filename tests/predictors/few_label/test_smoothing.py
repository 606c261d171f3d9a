"""Smoothing against scikit-learn, and where values are missing."""

from __future__ import annotations

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from naslib_proxydata.predictors.few_label import smoothing
from naslib_proxydata.predictors.few_label.smoothing import NOISE, smoother


def made_up(rows=60):
    generator = np.random.default_rng(0)
    features = generator.standard_normal((rows, 3))
    features -= features.mean(axis=0)
    values = np.stack([features @ [1.0, -2.0, 0.5], np.sin(features[:, 0])], axis=1)
    return features, values + 0.2 * generator.standard_normal(values.shape)


def reference(features, values, at):
    """Return what scikit-learn's Gaussian process of a fixed kernel predicts of one column."""
    norm = np.sqrt(np.mean(np.sum(features**2, axis=1)))
    known = np.isfinite(values)
    process = GaussianProcessRegressor(RBF(1.0), alpha=NOISE, optimizer=None)
    return process.fit(features[known] / norm, values[known]).predict(at / norm)


def test_it_is_a_gaussian_process_by_column():
    features, values = made_up()
    values[::3, 1] = np.nan
    at = features[:7] + 0.1
    found = smoother(features, values)(at)
    for column in range(2):
        expected = reference(features, values[:, column], at)
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-8)


def test_a_column_without_values_is_zero():
    features, values = made_up()
    values[:, 0] = np.nan
    found = smoother(features, values)(features)
    assert (found[:, 0] == 0).all()
    assert (found[:, 1] != 0).all()


def test_many_rows_are_learnt_from_evenly(monkeypatch):
    features, values = made_up()
    monkeypatch.setattr(smoothing, "ROWS", 4)
    places = [0, 19, 39, 59]
    norm = np.sqrt(np.mean(np.sum(features**2, axis=1)))
    process = GaussianProcessRegressor(RBF(1.0), alpha=NOISE, optimizer=None)
    process.fit(features[places] / norm, values[places])
    expected = process.predict(features / norm)
    np.testing.assert_allclose(smoother(features, values)(features), expected, rtol=1e-8)
