"""What a protocol fills in, and what it leaves alone."""

from __future__ import annotations

import pytest

from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.errors import ConfigError


def parsed(**values):
    return LeaderboardConfig.parse(values, "here")


def test_the_papers_protocol_ranks_2500_beside_20_labelled():
    config = parsed(protocol="eproxy-paper")
    assert config.n == 2500 + 20
    assert (config.labels, config.draws) == (20, 1)
    assert config.metric is None


def test_what_is_said_wins_over_the_protocol():
    config = parsed(protocol="eproxy-paper", n=60, draws=3)
    assert (config.n, config.labels, config.draws) == (60, 20, 3)
    assert parsed(protocol="eproxy-paper", n="all").n == "all"
    assert parsed(protocol="eproxy-paper", label_table="labels.csv").labels == 0


def test_a_protocol_reads_back_and_an_unknown_one_is_told():
    config = parsed(protocol="eproxy-paper", n=60)
    assert LeaderboardConfig.parse(config.model_dump(mode="json"), "here") == config
    with pytest.raises(ConfigError, match=r"protocol.*'eproxy-paper', got 'eproxy'"):
        parsed(protocol="eproxy")
    with pytest.raises(ConfigError, match="at least two architectures beside 20"):
        parsed(protocol="eproxy-paper", n=20)
