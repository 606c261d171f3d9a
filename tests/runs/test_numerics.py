from __future__ import annotations

import os

import pytest
import torch

from naslib_proxydata.config import SearchConfig
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.numerics import WORKSPACE, numerics


def test_modes_hold_for_the_block_and_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKSPACE, raising=False)
    with numerics(cudnn_benchmark=False, deterministic=True):
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ[WORKSPACE] == ":4096:8"
    assert not torch.are_deterministic_algorithms_enabled()
    with numerics(cudnn_benchmark=True, deterministic=False):
        assert torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.benchmark


def test_the_workspace_of_the_environment_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE, ":16:8")
    with numerics(cudnn_benchmark=False, deterministic=True):
        assert os.environ[WORKSPACE] == ":16:8"


def test_the_fastest_and_the_same_are_not_wanted_together() -> None:
    with pytest.raises(ConfigError, match="leave one of them out"):
        SearchConfig.parse({"cudnn_benchmark": True, "deterministic": True}, "a test")
