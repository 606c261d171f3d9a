"""How the actors of a search are named: pruners, observers, and the files of a project."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from naslib_proxydata.errors import ConfigError, unknown_name
from naslib_proxydata.plugins.acting import Acting, lifecycle_hooks
from naslib_proxydata.plugins.manager import Plugins

logger = logging.getLogger(__name__)


def add_files(acting: Acting, plugins: Plugins) -> None:
    """Let the files act that were given with ``--plugin``, as far as they have lifecycle hooks."""
    for provider, plugin in plugins.from_files():
        if lifecycle_hooks(plugin):
            acting.add(provider.plugin, plugin, provider)


def tell_idle(acting: Acting, plugins: Plugins) -> None:
    """Log which installed plugins have lifecycle hooks and do not act, since none named them."""
    themselves = {one.provider for one in acting.actors if one.name == one.provider.plugin}
    for provider, plugin in plugins.from_distributions():
        hooks = lifecycle_hooks(plugin)
        if hooks and provider not in themselves:
            logger.info(
                "%s has the hook %s and does not act; --observer %s lets it",
                provider,
                " and ".join(hooks),
                provider.plugin,
            )


def add_named(
    acting: Acting,
    plugins: Plugins,
    kind: str,
    name: str,
    options: Mapping[str, Any],
    recorded: Mapping[str, Any] | None = None,
) -> object:
    """Make a pruner or an observer by its registered name, let it act, and return it.

    Args:
        acting: What acts in the search.
        plugins: Where the name is registered.
        kind: ``pruners`` or ``observers``.
        name: The name, or an alias.
        options: What it is made with.
        recorded: The options as the records have them, where these are no plain data.

    Raises:
        ConfigError: There is no such name or option.
    """
    actor: object = plugins.create(kind, name, **options)
    registered = plugins.registration(kind, name).name
    given = options if recorded is None else recorded
    acting.add(registered, actor, plugins.provider(kind, name), given)
    return actor


def add_observers(
    acting: Acting, plugins: Plugins, observers: Mapping[str, Mapping[str, Any]]
) -> None:
    """Let observers act: registered ones by name, or an installed plugin by its own name.

    Raises:
        ConfigError: There is no such observer, or an installed plugin was given options.
    """
    installed = {provider.plugin: (provider, one) for provider, one in plugins.from_distributions()}
    for name, options in observers.items():
        if plugins.offers("observers", name):
            add_named(acting, plugins, "observers", name, options)
            continue
        if name not in installed or not lifecycle_hooks(installed[name][1]):
            known = {*plugins.names("observers")}
            known |= {one for one, (_, plugin) in installed.items() if lifecycle_hooks(plugin)}
            raise ConfigError(unknown_name("observer", name, known))
        if options:
            raise ConfigError(f"observer {name!r} is a plugin itself and takes no options")
        provider, plugin = installed[name]
        acting.add(name, plugin, provider)
