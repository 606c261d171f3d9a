"""The table of TransNAS-Bench-101 micro; see :mod:`naslib_proxydata.tables.transnas`."""

from __future__ import annotations

from naslib_proxydata.spaces.transnas.micro import TransNasMicro
from naslib_proxydata.tables.transnas import TransNasKind

MICRO = TransNasKind("micro", TransNasMicro)

load = MICRO.load
convert = MICRO.convert
from_api = MICRO.from_api
