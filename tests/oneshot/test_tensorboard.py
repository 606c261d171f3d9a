from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.tensorboard import TensorBoard
from tests.oneshot.fakes import acting, coloured, make_learner

MODULE = "torch.utils.tensorboard"


class Writer:
    """Keeps what torch's SummaryWriter would write."""

    made: list[Writer] = []  # noqa: RUF012

    def __init__(self, folder: str) -> None:
        self.folder, self.scalars, self.texts, self.closed = folder, [], [], False
        self.made.append(self)

    def add_scalar(self, *arguments: Any) -> None:
        self.scalars.append(arguments)

    def add_text(self, *arguments: Any) -> None:
        self.texts.append(arguments)

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def test_events_of_every_epoch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = types.ModuleType(MODULE)
    fake.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, MODULE, fake)
    hook = TensorBoard(tmp_path)
    result = Search(coloured(32), make_learner(darts(), epochs=2), acting(hook), "nb201").run()
    writer = Writer.made[-1]
    losses = [value for name, value, _ in writer.scalars if name == "search/weights_loss"]
    assert losses == [record.metrics["weights_loss"] for record in result.records]
    assert [(text, epoch) for _, text, epoch in writer.texts] == [
        (record.cell, record.epoch) for record in result.records
    ]
    assert writer.closed


def test_without_the_package_the_user_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, MODULE, None)  # type: ignore[arg-type]
    with pytest.raises(SearchError, match="pip install tensorboard"):
        TensorBoard(tmp_path)
