"""The MAC term against values worked by hand, and its sign against the score's."""

from __future__ import annotations

import math

import pytest

from naslib_proxydata.predictors.dps.scores import with_mac_term
from naslib_proxydata.predictors.eproxy.config import EproxyConfig
from naslib_proxydata.predictors.eproxy.mac_term import mac_term


@pytest.mark.parametrize(
    ("macs", "alpha", "reference", "expected"),
    [
        (50, 0.5, 100.0, 0.75),
        (100, 0.5, 100.0, 0.5),
        (50, -0.5, 100.0, 1.25),
        (0, 0.5, 100.0, 1.0),
        (50, 0.0, 100.0, 1.0),
        (50, 0.5, None, 1.0),
    ],
)
def test_worked_values(macs, alpha, reference, expected):
    assert mac_term(macs, alpha, reference) == expected


def test_a_positive_alpha_favours_more_multiply_accumulates():
    config = EproxyConfig(mac_alpha=0.5, mac_reference=100.0)
    assert with_mac_term(-1.0, config, 80) == -0.6
    assert with_mac_term(-1.0, config, 80) > with_mac_term(-1.0, config, 20)


def test_what_failed_or_carries_no_signal_stays():
    config = EproxyConfig(mac_alpha=1.0, mac_reference=100.0)
    assert with_mac_term(-math.inf, config, 300) == -math.inf  # the term is -2
    assert math.isnan(with_mac_term(math.nan, config, 50))
