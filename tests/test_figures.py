"""Figures where there is nowhere to write."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest

from naslib_proxydata.errors import FileError
from naslib_proxydata.figures import new_figure


def test_matplotlib_without_any_folder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It raises this where neither its own folder nor a temporary one can be written."""
    original = builtins.__import__

    def refusing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise OSError("Matplotlib requires access to a writable cache directory")
        return original(name, *rest, **more)

    for module in [one for one in sys.modules if one.startswith("matplotlib.backends")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(FileError, match="Set MPLCONFIGDIR or TMPDIR"):
        new_figure(1, 1)
