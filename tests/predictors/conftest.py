"""Fixtures of the predictors' tests."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

import pytest


@pytest.fixture
def wrong_sum(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the built-in sum be off by one for floats, since how it rounds depends on the Python."""
    original = builtins.sum

    def wrong(values: Iterable[Any], start: Any = 0) -> Any:
        terms = list(values)
        return original(terms, start) + any(type(one) is float for one in terms)

    monkeypatch.setattr(builtins, "sum", wrong)
    return monkeypatch
