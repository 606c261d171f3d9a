"""What an interrupted run says that it has kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from naslib_proxydata.runs.kept import epochs_kept


@pytest.mark.parametrize("text", ["", "[", "5", "null", "{}", "[]", "[" * 100_000])
def test_a_history_without_epochs_is_no_second_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.json").write_text(text)
    assert epochs_kept(tmp_path, "history.json").startswith("no epoch was finished yet")


def test_epochs_are_counted(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text("[{}, {}]")
    assert epochs_kept(tmp_path, "history.json").startswith("2 epochs are kept in")
