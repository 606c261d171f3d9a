"""What acts in one search inside NASLib: the block's pruner, observers and plugin files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.plugins import Acting
from naslib_proxydata.plugins.naming import add_files, add_named, add_observers

if TYPE_CHECKING:
    from naslib_proxydata.naslib_bridge.settings import ProxyData
    from naslib_proxydata.plugins import Plugins


def actors_of(block: ProxyData, plugins: Plugins) -> Acting:
    """Make what the block names, and let it act.

    Args:
        block: The user's settings.
        plugins: Where pruners and observers are registered.

    Raises:
        ConfigError: A name or an option is unknown.
        NaslibError: One of them weighs examples.
        ProxyDataError: A pruner or observer refuses the value of an option.
    """
    acting = Acting()
    add_files(acting, plugins)
    pruner = block.chosen_pruner
    if pruner is not None:
        add_named(acting, plugins, "pruners", pruner.name, pruner.options)
    add_observers(acting, plugins, block.observers)
    _refuse_weights(acting)
    return acting


def _refuse_weights(acting: Acting) -> None:
    """Refuse what weighs examples, whose weights nothing in NASLib would see."""
    for implementation in acting.hook.weigh_examples.get_hookimpls():
        name = implementation.plugin_name
        raise NaslibError(
            f"{name!r} weighs examples, which a search in NASLib cannot: it computes its own loss, "
            "from loaders that give images and labels only. Name a pruner that drops examples, "
            "such as bdp, random or el2n, or search with the command 'naslib-proxydata search' "
            f"({acting.who(name, 'weigh_examples')})"
        )
