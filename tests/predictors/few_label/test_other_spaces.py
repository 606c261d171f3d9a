"""Predictions from another space, against a posterior that scikit-learn computes."""

from __future__ import annotations

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from naslib_proxydata.predictors.few_label.other_spaces import OtherSpace


class Numbers:
    """A space whose architectures are numbers."""

    def canonical(self, architecture):
        return architecture


class Measured:
    """Five architectures of a space of numbers, and what was measured of two datasets."""

    name = "there"
    space = Numbers()

    def evenly(self, count):
        first = np.array([-1.0, 0.5, 0.0, 1.5, 2.0])
        second = np.array([0.25, np.nan, 0.25, 0.25, 0.25])
        return [0.0, 1.0, 2.0, 5.0, 7.0], {"there a": first, "there b": second}


def features(number, **others):
    return {
        "lengths": {"length": number, "square": number**2, "alike": 3.0, **others},
        "size": {"log macs": np.sin(number)},
    }


def lined(rows):
    names = {kind: list(named) for kind, named in rows[0].items()}
    return names, {kind: np.array([list(row[kind].values()) for row in rows]) for kind in names}


def test_it_is_the_posterior_on_what_both_vary_in(monkeypatch):
    module = "naslib_proxydata.predictors.few_label.other_spaces"
    monkeypatch.setattr(f"{module}.common_features", lambda _, one: features(one, theirs=one))
    other = OtherSpace(Measured())
    here = [{**features(number, ours=number), "kind": {"x": number}} for number in (3.0, 4.0, 9.0)]
    names, values = lined(here)
    found = other.predictor(names, values, ["there a", "there b"])(values)[:, 0]

    def scaled(numbers):
        columns = [numbers, numbers**2, np.sin(numbers)]
        standard = [(one - one.mean()) / one.std() for one in columns]
        return np.array([standard[0] / 2**0.5, standard[1] / 2**0.5, standard[2]]).T

    known, asked = scaled(np.array([0.0, 1.0, 2.0, 5.0, 7.0])), scaled(np.array([3.0, 4.0, 9.0]))
    norm = np.sqrt((known**2).sum(axis=1).mean())
    values = np.array([-0.375, 0.5, 0.125, 0.875, 1.125])
    model = GaussianProcessRegressor(RBF(1.0, "fixed"), alpha=0.1, optimizer=None)
    model.fit(known / norm, (values - values.mean()) / values.std())
    expected = model.predict(asked / norm)
    np.testing.assert_allclose(found, (expected - expected.mean()) / expected.std(), rtol=1e-6)


def test_spaces_without_anything_in_common_say_nothing(monkeypatch):
    module = "naslib_proxydata.predictors.few_label.other_spaces"
    monkeypatch.setattr(f"{module}.common_features", lambda _, one: {"theirs": {"x": one}})
    here = [features(number) for number in (3.0, 4.0, 9.0)]
    names, values = lined(here)
    found = OtherSpace(Measured()).predictor(names, values, ["there a"])(values)
    np.testing.assert_array_equal(found, np.zeros((3, 1)))


def test_columns_of_what_is_ranked_are_left_out(monkeypatch):
    module = "naslib_proxydata.predictors.few_label.other_spaces"
    monkeypatch.setattr(f"{module}.common_features", lambda _, one: features(one))
    other = OtherSpace(Measured())
    assert other.tasks(["A-valid", "c"]) == ["there b"]
    assert other.tasks(["A", "b"]) == []
