"""A search that is too short for what it is to do is refused before anything is spent."""

from __future__ import annotations

import pytest

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.base import Strategy, combine
from naslib_proxydata.oneshot.duration import check_epochs
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.strategies.enas import enas
from naslib_proxydata.oneshot.strategies.p_darts import p_darts
from naslib_proxydata.oneshot.strategies.pc_darts import pc_darts
from naslib_proxydata.oneshot.strategies.random_sharing import random_sharing
from naslib_proxydata.oneshot.strategies.sgas import sgas


@pytest.mark.parametrize(
    ("strategy", "epochs", "warm_up", "message"),
    [
        (pc_darts(), 15, 15, "warm-up has 15 epochs and the whole search 15.*more than 15"),
        (darts(), 3, 4, "would never be trained"),
        (enas(), 3, 3, "would never be trained"),
        (p_darts(), 2, 0, "at least 3 epochs for its stages"),
        (sgas(), 9, 0, "at least 10 epochs"),
        (combine(pc_darts(), sgas(first=30)), 29, 15, "at least 30"),
        (p_darts(), 6, 5, None),
        (p_darts(depths=(5,), kept=(), dropouts=(0.0,)), 5, 4, None),
        (pc_darts(), 16, 15, None),
        (sgas(first=2), 2, 0, None),
        (random_sharing(), 2, 9, None),  # has no alpha that would have to be trained
    ],
)
def test_what_does_not_fit(
    strategy: Strategy, epochs: int, warm_up: int, message: str | None
) -> None:
    settings = SearchSettings(epochs=epochs, warm_up=warm_up)
    if message is None:
        check_epochs(strategy, settings)
        return
    with pytest.raises(ConfigError, match=message):
        check_epochs(strategy, settings)
