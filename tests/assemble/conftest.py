"""What tests of whole leaderboards share: a fake benchmark, and no figures unless asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from naslib_proxydata.assemble import leaderboard
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.config import LeaderboardConfig, resolve
from tests.leaderboard import fake_plugin

PLUGIN = Path(fake_plugin.__file__)


@pytest.fixture
def few_figures(monkeypatch):
    """Draw no figures, which would take most of the time."""
    monkeypatch.setattr(leaderboard, "_draw", lambda folder, evaluations: [])


@pytest.fixture
def board_of(tmp_path, few_figures):
    """Run a leaderboard on the fake benchmark; options as on the command line."""

    def run(assignments=(), **options):
        values = {
            "benchmark": "numbers",
            "predictors": {"counted": {"log": str(tmp_path / "log")}},
            "n": "all",
            "images": "noise",
            "plugin": [PLUGIN],
            "out": tmp_path / "run",
            **options,
        }
        return run_leaderboard(resolve(LeaderboardConfig, None, values, assignments))

    return run


@pytest.fixture
def scored(tmp_path):
    """Count how often the predictor ``counted`` has scored."""
    log = tmp_path / "log"
    return lambda: len(log.read_text().splitlines()) if log.exists() else 0
