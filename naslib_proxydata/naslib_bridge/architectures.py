"""Architectures both ways: NASLib's hashes and our texts, without NASLib."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from naslib_proxydata.errors import ArchitectureError, NaslibError
from naslib_proxydata.spaces.genotypes.genotype import from_fields, genotype_text, parse_text
from naslib_proxydata.spaces.nb201 import cell as nb201_cell
from naslib_proxydata.spaces.nb201 import codes as nb201_codes

DARTS_NODES: Final = 4
NASLIB_DARTS_OPERATIONS: Final = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""NASLib's numbers of operations in its DARTS space, which has no "none"."""


def nb201_text(codes: Sequence[Any]) -> str:
    """Return the official text of NASLib's operation indices, numpy's integers among them."""
    return nb201_cell.text(nb201_codes.from_naslib_codes([int(code) for code in codes]))


def nb201_hash(text: str) -> tuple[int, ...]:
    """Return NASLib's operation indices of an official text."""
    return nb201_codes.to_naslib_codes(nb201_cell.parse(text))


def darts_text(compact: Sequence[Sequence[Sequence[Any]]]) -> str:
    """Return the genotype of NASLib's compact form, two cells of (source, operation) pairs.

    Raises:
        ArchitectureError: It is something else.
    """
    try:
        normal, reduce = (
            [[NASLIB_DARTS_OPERATIONS[int(code)], int(source)] for source, code in cell]
            for cell in compact
        )
    except (TypeError, ValueError, IndexError):
        raise ArchitectureError(
            f"{compact!r} is not NASLib's compact form of the DARTS space: expected two cells of "
            f"{2 * DARTS_NODES} pairs (source, operation)"
        ) from None
    concat = list(range(2, 2 + DARTS_NODES))
    fields = {"normal": normal, "normal_concat": concat, "reduce": reduce, "reduce_concat": concat}
    return genotype_text(from_fields(fields, NASLIB_DARTS_OPERATIONS, DARTS_NODES))


def darts_hash(text: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return NASLib's compact form of a genotype.

    Raises:
        ArchitectureError: NASLib has no such architecture: an edge is "none", or not all four
            nodes are concatenated.
    """
    genotype = parse_text(text, NASLIB_DARTS_OPERATIONS, DARTS_NODES)
    for cell in (genotype.normal, genotype.reduce):
        if sorted(cell.concat) != list(range(2, 2 + DARTS_NODES)):
            raise ArchitectureError(f"NASLib concatenates all four nodes, {text!r} does not")
    return tuple(
        tuple((source, NASLIB_DARTS_OPERATIONS.index(op)) for op, source in cell.edges)
        for cell in (genotype.normal, genotype.reduce)
    )


class Bridged(NamedTuple):
    """One of NASLib's search spaces that is also ours.

    Attributes:
        space: Our name of it.
        text: Turns NASLib's hash into our text.
        hash: Turns our text into NASLib's hash.
    """

    space: str
    text: Callable[[Any], str]
    hash: Callable[[str], Any]


SPACES: Final = {
    "nasbench201": Bridged("nb201", nb201_text, nb201_hash),
    "nasbench301": Bridged("darts", darts_text, darts_hash),
}
"""By what ``get_type()`` of NASLib's graphs returns."""


PREFIX: Final = "proxydata:"
"""What the type of a :class:`graphs.SpaceGraph` begins with; our name of the space follows."""


def bridged(kind: str) -> Bridged:
    """Return how architectures of one of NASLib's search spaces convert.

    Raises:
        NaslibError: There is no conversion.
    """
    if kind.startswith(PREFIX):
        return Bridged(kind.removeprefix(PREFIX), str, str)
    if kind not in SPACES:
        raise NaslibError(
            f"no conversion is known for NASLib's search space {kind!r}; known: "
            f"{', '.join(sorted(SPACES))}"
        )
    return SPACES[kind]


def graph_text(graph: Any) -> str:
    """Return the text of one of NASLib's graphs: ours where the space is ours, else its hash."""
    kind = graph.get_type()
    found = graph.get_hash()
    return SPACES[kind].text(found) if kind in SPACES else str(found)
