"""The one check of labels, and that all who count them count to the same number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from naslib_proxydata.config import DpsConfig, LeaderboardConfig
from naslib_proxydata.errors import LabelError
from naslib_proxydata.predictors.labels import FEWEST_LABELS, checked_labels


def test_the_labels_of_the_usable_ones_are_returned():
    labels = checked_labels([70, 80, 90, 85], [True, False, True, True], "here")
    assert labels.dtype == np.float64
    assert labels.tolist() == [70.0, 90.0, 85.0]


@pytest.mark.parametrize(
    ("accuracies", "usable", "message"),
    [
        ([1.0, 2.0], [True] * 3, r"^here: expected one finite .* each of 3 .* shape \(2,\) with 2"),
        ([[1.0], [2.0], [3.0]], [True] * 3, r"shape \(3, 1\)"),
        ([1.0, 2.0, math.inf], [True] * 3, "with 2 finite"),
        ([1.0, 2.0, 3.0], [True, True, False], r"at least 3 .*; got 2\. Draw more labels"),
        ([5.0, 5.0, 5.0, 9.0], [True, True, True, False], "got 3, all equal"),
        ([], [], r"got 0\."),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(accuracies, usable, message):
    with pytest.raises(LabelError, match=message):
        checked_labels(accuracies, usable, "here")


def test_configurations_count_to_the_same_number():
    assert LeaderboardConfig(labels=FEWEST_LABELS).labels == FEWEST_LABELS
    for schema in (LeaderboardConfig, DpsConfig):
        with pytest.raises(ValueError, match=rf"{FEWEST_LABELS}"):
            schema(labels=FEWEST_LABELS - 1)
