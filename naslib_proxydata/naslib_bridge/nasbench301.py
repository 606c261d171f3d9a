"""NASLib's graphs of the DARTS space, which it calls NAS-Bench-301."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.spaces.genotypes.genotype import from_fields, genotype_text, parse_text

NODES: Final = 4
CONCATENATED: Final = tuple(range(2, 2 + NODES))
OPERATIONS: Final = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""NASLib's numbers of operations in its DARTS space, which has no "none"."""


class NasBench301(Conversion):
    """Two cells of eight pairs (source, operation): NASLib's compact form."""

    name = "nasbench301"
    space = "darts"

    def text(self, found: Sequence[Sequence[Sequence[Any]]]) -> str:
        """Return the genotype of NASLib's compact form.

        Raises:
            ArchitectureError: It is something else.
        """
        try:
            normal, reduce = (
                [[_operation(code), int(source)] for source, code in cell] for cell in found
            )
        except (TypeError, ValueError, IndexError):
            raise ArchitectureError(
                f"{found!r} is not NASLib's compact form of the DARTS space: expected two cells "
                f"of {2 * NODES} pairs (source, operation)"
            ) from None
        concat = list(CONCATENATED)
        fields = {
            "normal": normal,
            "normal_concat": concat,
            "reduce": reduce,
            "reduce_concat": concat,
        }
        return genotype_text(from_fields(fields, OPERATIONS, NODES))

    def hash(self, text: str) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Return NASLib's compact form of a genotype.

        Raises:
            ArchitectureError: NASLib has no such architecture: an edge is "none", or not all four
                nodes are concatenated.
        """
        genotype = parse_text(text, OPERATIONS, NODES)
        for cell in (genotype.normal, genotype.reduce):
            if sorted(cell.concat) != list(CONCATENATED):
                raise ArchitectureError(f"NASLib concatenates all four nodes, {text!r} does not")
        return tuple(
            tuple((source, OPERATIONS.index(operation)) for operation, source in cell.edges)
            for cell in (genotype.normal, genotype.reduce)
        )


def _operation(code: Any) -> str:
    """Return the operation of a number, without Python's reading of negative ones."""
    if int(code) < 0:
        raise IndexError(code)
    return OPERATIONS[int(code)]
