"""The table of TransNAS-Bench-101 macro; see :mod:`naslib_proxydata.tables.transnas`."""

from __future__ import annotations

from naslib_proxydata.spaces.transnas.macro import TransNasMacro
from naslib_proxydata.tables.transnas import TransNasKind

MACRO = TransNasKind("macro", TransNasMacro)

load = MACRO.load
convert = MACRO.convert
from_api = MACRO.from_api
