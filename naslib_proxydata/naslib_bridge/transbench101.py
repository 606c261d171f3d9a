"""NASLib's graphs of TransNAS-Bench-101's macro space.

Those of the micro space are left out: their hash numbers operations and edges in one way where the
graph was made with ``create_graph=True`` and in another where it was not, and does not tell which.
"""

from __future__ import annotations

from typing import Any, Final

from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.naslib_bridge.integers import integers
from naslib_proxydata.spaces.transnas.macro import LENGTHS, TransNasMacro

MODULES: Final = max(LENGTHS)


class TransBench101Macro(Conversion):
    """A code for each module; zeros fill what is missing to six."""

    name = "transbench101_macro"
    space = "transnas-macro"

    def text(self, found: Any) -> str:
        """Return the official text of NASLib's codes.

        Raises:
            ArchitectureError: They are something else.
        """
        codes = integers(found, self.name)
        space = TransNasMacro()
        return space.text(space.parse(f"64-{''.join(str(code) for code in codes if code)}-basic"))

    def hash(self, text: str) -> tuple[int, ...]:
        """Return NASLib's codes of an official text.

        Raises:
            ArchitectureError: The text is no skeleton of the space.
        """
        codes = TransNasMacro().parse(text).codes
        return (*codes, *(0 for _ in range(MODULES - len(codes))))
