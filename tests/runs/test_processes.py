from __future__ import annotations

import pytest

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.runs.processes import bounds, joined, started_number


@pytest.mark.parametrize("count", range(1, 40))
def test_no_share_is_a_single_example(count: int) -> None:
    shares = bounds(count, 4)
    assert [place for share in shares for place in range(*share)] == list(range(count))
    sizes = [end - start for start, end in shares]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= min(2, count)


def test_one_named_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="'cuda:1'"), joined("cuda:1"):
        pass


@pytest.mark.parametrize(
    ("name", "value"), [("WORLD_SIZE", "two"), ("WORLD_SIZE", "0"), ("RANK", "-1"), ("RANK", "x")]
)
def test_an_environment_that_torchrun_does_not_make_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"{name} is '{value}', expected a whole number from"):
        started_number()


def test_processes_that_cannot_meet_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="start them with torchrun"), joined("cpu"):
        pass
