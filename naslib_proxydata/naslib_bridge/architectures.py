"""Which conversion belongs to a graph of NASLib, and what its architecture is called here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from naslib_proxydata.errors import ConfigError, NaslibError

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins

KIND: Final = "naslib-graphs"
PREFIX: Final = "proxydata:"
"""What the type of a :class:`graphs.SpaceGraph` begins with; our name of the space follows."""
HOW_TO_ADD = (
    "Where the space is one of ours ('naslib-proxydata list spaces'), search space_graph(space) of "
    "naslib_bridge in its place. To add it, offer a "
    "naslib_proxydata.naslib_bridge.conversions.Conversion with the hook register_naslib_graphs, "
    "in a plugin that the block's key 'plugins' names or that is installed"
)


class Bridged(NamedTuple):
    """How architectures of one of NASLib's graphs convert.

    Attributes:
        space: Our name of the search space.
        text: Turns NASLib's hash into our text.
        hash: Turns our text into NASLib's hash.
    """

    space: str
    text: Callable[[Any], str]
    hash: Callable[[str], Any]


def bridged(kind: str, plugins: Plugins) -> Bridged:
    """Return how architectures of one of NASLib's search spaces convert.

    Args:
        kind: What ``get_type()`` of its graphs returns.
        plugins: Where conversions are registered.

    Raises:
        NaslibError: There is no conversion; the closest is named.
    """
    if kind.startswith(PREFIX):
        return Bridged(kind.removeprefix(PREFIX), str, str)
    try:
        plugins.registration(KIND, kind)
    except ConfigError as error:
        raise NaslibError(f"{error} {HOW_TO_ADD}") from None
    conversion = plugins.create(KIND, kind)
    return Bridged(conversion.space, conversion.text, conversion.hash)


def space_name(kind: str, plugins: Plugins) -> str:
    """Return our name of one of NASLib's search spaces, NASLib's where it is not ours."""
    return bridged(kind, plugins).space if _is_ours(kind, plugins) else kind


def graph_text(graph: Any, plugins: Plugins) -> str:
    """Return the text of one of NASLib's graphs: ours where the space is ours, else its hash."""
    kind = graph.get_type()
    found = graph.get_hash()
    return bridged(kind, plugins).text(found) if _is_ours(kind, plugins) else str(found)


def _is_ours(kind: str, plugins: Plugins) -> bool:
    return kind.startswith(PREFIX) or kind in plugins.names(KIND)
