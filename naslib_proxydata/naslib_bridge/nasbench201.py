"""NASLib's NAS-Bench-201 graphs."""

from __future__ import annotations

from typing import Any

from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.naslib_bridge.integers import integers
from naslib_proxydata.spaces.nb201 import cell, codes


class NasBench201(Conversion):
    """Six operation indices, numbered otherwise than the official codes."""

    name = "nasbench201"
    space = "nb201"

    def text(self, found: Any) -> str:
        """Return the official text of NASLib's operation indices.

        Raises:
            ArchitectureError: They are something else.
        """
        return cell.text(codes.from_naslib_codes(integers(found, self.name)))

    def hash(self, text: str) -> tuple[int, ...]:
        """Return NASLib's operation indices of an official text.

        Raises:
            ArchitectureError: The text is no cell.
        """
        return codes.to_naslib_codes(cell.parse(text))
