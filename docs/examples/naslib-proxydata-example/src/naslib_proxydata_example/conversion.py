"""A conversion: NASLib's graphs of TransNAS-Bench-101 micro that hold no supernet."""

from __future__ import annotations

from typing import Any

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.spaces.transnas.micro import TransNasMicro

SPACE = TransNasMicro()


class TransBench101Micro(Conversion):
    """The digits of the official text, which are the hash where ``create_graph`` is off.

    With ``create_graph=True`` NASLib numbers edges and operations in another order, and the hash
    does not tell which of the two it follows: this conversion is for those who leave it off.
    """

    name = "transbench101_micro"
    space = "transnas-micro"

    def text(self, found: Any) -> str:
        try:
            first, second, third, *rest = map(int, found)
        except (TypeError, ValueError):
            raise ArchitectureError(f"expected six digits from 0 to 3, got {found!r}") from None
        digits = "".join(map(str, rest))
        return SPACE.text(SPACE.parse(f"64-41414-{first}_{second}{third}_{digits}"))

    def hash(self, text: str) -> tuple[int, ...]:
        return SPACE.parse(text).operations
