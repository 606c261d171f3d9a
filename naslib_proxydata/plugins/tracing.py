"""Writing down every hook call, where the user asked for it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pluggy

TRACE_VARIABLE = "NASLIB_PROXYDATA_TRACE"


def trace_if_asked(manager: pluggy.PluginManager) -> None:
    """Let a manager write its hook calls to the standard error stream, where the variable is 1."""
    if os.environ.get(TRACE_VARIABLE, "0") not in ("", "0"):
        manager.trace.root.setwriter(lambda line: sys.stderr.write(line) and None)
        manager.enable_tracing()
