"""Paths of plugins that no file can have, or that never end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from naslib_proxydata.errors import PluginError
from naslib_proxydata.plugins import load


@pytest.mark.parametrize("name", ["x" * 620, "a\0b.py", "loop.py", "pipe.py", "folder.py", "no.py"])
def test_what_is_no_file_is_told_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(PluginError, match=r"no such file; give the path|holds a NUL"):
        load([tmp_path / name])
