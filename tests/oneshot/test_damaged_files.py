"""What a search left behind, damaged: told in a sentence, or read as it was written."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.errors import RunFolderError
from naslib_proxydata.oneshot.records import EpochRecord, read_history
from naslib_proxydata.runs.checkpoint import NAME, load_checkpoint, save_checkpoint
from tests.damage import damaged, many_copies, refused
from tests.tables.mutated import mutated

HISTORY = [
    EpochRecord(
        epoch=epoch,
        metrics={"loss": 2.5 / epoch, "seconds": 1.5},
        cell="|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        processed={"weights": 100, "architecture": 50},
        used={"weights": 90, "architecture": 50},
        left={"weights": 80, "architecture": 50},
        left_by_class={"weights": [40, 40]},
        free_share=0.5,
        strengths={"cell": [[0.25, 0.75]]},
    ).plain()
    for epoch in (1, 2)
]
STATE = {"identity": {"seed": 0}, "weights": torch.arange(6.0), "records": HISTORY}


def check(records: tuple[EpochRecord, ...]) -> None:
    assert [record.epoch for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert all(isinstance(value, int | float) for value in record.metrics.values())


@many_copies
@given(data=st.data())
def test_damaged_histories(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(data.draw(damaged(json.dumps(HISTORY).encode())))
    records = refused(lambda: read_history(path), "history.json")
    if records is not None:
        check(records)


@many_copies
@given(data=st.data())
def test_changed_histories(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(data.draw(mutated(HISTORY))))
    records = refused(lambda: read_history(path), "history.json with a changed value")
    if records is not None:
        check(records)


def test_the_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(HISTORY))
    assert [record.plain() for record in read_history(path)] == HISTORY


@many_copies
@given(data=st.data())
def test_damaged_checkpoints(data: st.DataObject, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE)
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(data.draw(damaged(whole)))
    for other in tmp_path.iterdir():
        if other.name != NAME:
            other.unlink()
    state = refused(lambda: load_checkpoint(tmp_path), "checkpoint.pt")
    if state is not None:
        assert state["records"] == HISTORY
        assert torch.equal(state["weights"], STATE["weights"])


def sealed(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest() + payload


def saved(content: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


@many_copies
@given(data=st.data())
def test_damaged_checkpoints_under_a_right_digest(data: st.DataObject, tmp_path: Path) -> None:
    """Nobody's damage, but anybody's file: a digest is no signature."""
    payload = data.draw(damaged(saved(STATE)))
    (tmp_path / NAME).write_bytes(sealed(payload))
    refused(lambda: load_checkpoint(tmp_path), "checkpoint.pt under a right digest")


def test_what_is_no_checkpoint_is_told(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(sealed(saved([1, 2])))
    with pytest.raises(RunFolderError, match="holds no state of a run"):
        load_checkpoint(tmp_path)
    path.unlink()
    os.mkfifo(path)  # whose other end nobody opens
    with pytest.raises(RunFolderError, match="it is a pipe"):
        load_checkpoint(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(RunFolderError, match=NAME):
        load_checkpoint(tmp_path)
