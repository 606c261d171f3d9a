"""The record of what ran where."""

from __future__ import annotations

import pytest
import torch

from naslib_proxydata.config import LeaderboardConfig
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.runs.environment import environment, provenance


def test_the_build_of_torch_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.13.0+cu130")  # the wheel's metadata say 2.13.0
    found = environment(LeaderboardConfig(device="cpu"), Plugins())
    assert found["packages"]["torch"] == "2.13.0+cu130"
    assert "torch 2.13.0+cu130" in provenance(found)


def test_a_package_that_is_absent_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("naslib_proxydata.runs.environment._PACKAGES", ("no-such-package",))
    found = environment(LeaderboardConfig(device="cpu"), Plugins())
    assert found["packages"] == {"no-such-package": "not installed"}
