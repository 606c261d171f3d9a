"""The plugin manager: built-ins first, then installed plugins, then a project's own files.

Every plugin, ours included, goes through :meth:`Plugins.add`, which checks its hooks by name
and argument before pluggy sees them, so that each mistake is told with plugin and hook.
``NASLIB_PROXYDATA_TRACE=1`` writes every hook call to the standard error stream.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pluggy

from naslib_proxydata import hookspecs
from naslib_proxydata.errors import ConfigError, PluginError, ProxyDataError, unknown_name
from naslib_proxydata.hookspecs import PROJECT, BenchmarkRegistration, Registration
from naslib_proxydata.plugins.checks import (
    check_hooks,
    check_options,
    check_registrations,
    factory_path,
    raised_in,
    resolve,
    told,
)
from naslib_proxydata.plugins.sources import Provider, builtins, files, installed

__all__ = ["KINDS", "TRACE_VARIABLE", "Plugins", "Provider", "load"]

TRACE_VARIABLE = "NASLIB_PROXYDATA_TRACE"


class Kind(NamedTuple):
    """One kind of thing that plugins offer.

    Attributes:
        singular: What messages call one of them.
        hook: Name of the hook that collects them.
        registration: Type that the hook's list holds.
        base: Import path of the class that factories return.
    """

    singular: str
    hook: str
    registration: type[Registration]
    base: str


KINDS: Mapping[str, Kind] = {
    "spaces": Kind(
        "search space", "register_spaces", Registration, "naslib_proxydata.spaces.base:SearchSpace"
    ),
    "benchmarks": Kind(
        "benchmark",
        "register_benchmarks",
        BenchmarkRegistration,
        "naslib_proxydata.tables.base:BenchmarkTable",
    ),
    "predictors": Kind(
        "predictor",
        "register_predictors",
        Registration,
        "naslib_proxydata.predictors.base:Predictor",
    ),
    "selectors": Kind(
        "selector", "register_selectors", Registration, "naslib_proxydata.selection.base:Selector"
    ),
    "strategies": Kind(
        "strategy", "register_strategies", Registration, "naslib_proxydata.oneshot.base:Strategy"
    ),
}
"""The kinds by their name in ``naslib-proxydata list KIND``."""


class Plugins:
    """The plugins of a run and what they offer.

    Attributes:
        manager: pluggy's manager.
    """

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.manager.add_hookcall_monitoring(_nothing_before, self._name_the_culprit)
        if os.environ.get(TRACE_VARIABLE, "0") not in ("", "0"):
            self.manager.trace.root.setwriter(lambda line: sys.stderr.write(line) and None)
            self.manager.enable_tracing()
        self._providers: dict[str, Provider] = {}
        self._offers: dict[str, dict[str, tuple[Registration, Provider]]] = {
            kind: {} for kind in KINDS
        }
        self._aliases: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}

    @property
    def hook(self) -> pluggy.HookRelay:
        """The hooks, to call all plugins at once: ``plugins.hook.epoch_finished(...)``."""
        return self.manager.hook

    def add(self, plugin: object, provider: Provider) -> None:
        """Check a plugin, register its hooks and collect what it offers.

        Args:
            plugin: A module or object whose functions carry ``hookimpl``.
            provider: Who it comes from; ``provider.plugin`` must be a new name.

        Raises:
            PluginError: A hook's name, signature or result is wrong, the plugin raised, or
                one of its names is taken.
        """
        taken = self._providers.get(provider.plugin)
        if taken is not None:
            raise PluginError(
                f"{provider}: {taken} has the same name; uninstall or rename one of the two"
            )
        check_hooks(self.manager, plugin, provider)
        try:
            self.manager.register(plugin, provider.plugin)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(f"{provider}: {' '.join(str(error).split())}") from error
        self._providers[provider.plugin] = provider
        for kind in KINDS:
            self._collect(kind, plugin, provider)

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the names registered for a kind, built-ins first.

        Raises:
            ConfigError: There is no such kind.
        """
        return tuple(self._offers_of(kind))

    def registration(self, kind: str, name: str) -> Registration:
        """Return what was registered under a name or an alias.

        Raises:
            ConfigError: There is no such kind or name; the closest is named.
        """
        return self._offer(kind, name)[0]

    def provider(self, kind: str, name: str) -> Provider:
        """Return who provides a name or an alias.

        Raises:
            ConfigError: There is no such kind or name; the closest is named.
        """
        return self._offer(kind, name)[1]

    def providers(self) -> tuple[Provider, ...]:
        """Return who provides the plugins, in the order in which they were registered."""
        return tuple(self._providers.values())

    def create(self, kind: str, name: str, **options: Any) -> Any:
        """Make one of the registered things.

        Args:
            kind: ``"spaces"``, ``"benchmarks"``, ``"predictors"``, ``"selectors"`` or
                ``"strategies"``.
            name: Its registered name, or an alias.
            options: Arguments of its factory, as the registration hook says.

        Raises:
            ConfigError: There is no such kind, name or option.
            PluginError: The factory cannot be imported or called, raised something else than
                a ``ProxyDataError``, or returned something of another type.
        """
        registration, provider = self._offer(kind, name)
        singular = KINDS[kind].singular
        where = f"{provider}: {singular} {name!r}, factory {factory_path(registration.factory)!r}"
        factory = resolve(registration.factory, where)
        injected = self._injected(factory, options, f"{singular} {name!r}")
        check_options(factory, options, f"{singular} {name!r}", where)
        try:
            made = factory(**options, **injected)
        except ProxyDataError:
            raise
        except Exception as error:
            raise PluginError(f"{where} raised {told(error)}") from error
        base = resolve(KINDS[kind].base, where)
        if not isinstance(made, base):
            raise PluginError(
                f"{where} returned {type(made).__name__}, expected a {KINDS[kind].base}"
            )
        return made

    def check_pending(self) -> None:
        """Refuse hook implementations that no specification knows.

        Raises:
            PluginError: pluggy knows of such an implementation.
        """
        try:
            self.manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(str(error)) from error

    def _offers_of(self, kind: str) -> dict[str, tuple[Registration, Provider]]:
        if kind not in KINDS:
            raise ConfigError(unknown_name("kind", kind, KINDS))
        return self._offers[kind]

    def _offer(self, kind: str, name: str) -> tuple[Registration, Provider]:
        offers, aliases = self._offers_of(kind), self._aliases[kind]
        registered = aliases.get(name, name)
        if registered not in offers:
            raise ConfigError(unknown_name(KINDS[kind].singular, name, [*offers, *aliases]))
        return offers[registered]

    def _injected(self, factory: Any, options: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Return the registry for a factory that asks for it by a parameter ``plugins``.

        Raises:
            ConfigError: A user has set it: it is no option.
        """
        parameters = inspect.signature(factory).parameters if callable(factory) else {}
        if "plugins" not in parameters:
            return {}
        if "plugins" in options:
            known = [name for name in parameters if name != "plugins"]
            raise ConfigError(unknown_name("option", "plugins", known, what))
        return {"plugins": self}

    def _collect(self, kind: str, plugin: object, provider: Provider) -> None:
        """Ask one plugin alone for its registrations of one kind and keep them."""
        hook = KINDS[kind].hook
        caller = getattr(self.hook, hook)
        if not any(impl.plugin is plugin for impl in caller.get_hookimpls()):
            return
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        results = self.manager.subset_hook_caller(hook, others)()
        where = f"{provider}: hook {hook!r}"
        for registration in check_registrations(results, KINDS[kind].registration, where):
            offers, aliases = self._offers[kind], self._aliases[kind]
            for name in (registration.name, *registration.aliases):
                taken = offers.get(aliases.get(name, name))
                if taken is not None:
                    raise PluginError(
                        f"{where}: the name {name!r} is already registered by "
                        f"{taken[1]}; rename or remove one of the two"
                    )
            offers[registration.name] = (registration, provider)
            aliases.update(dict.fromkeys(registration.aliases, registration.name))

    def _name_the_culprit(
        self,
        outcome: pluggy.Result[Any],
        hook_name: str,
        hook_impls: Sequence[pluggy.HookImpl],
        kwargs: Mapping[str, Any],
    ) -> None:
        """Turn what a hook implementation raised into an error with plugin and hook."""
        error = outcome.exception
        if not isinstance(error, Exception) or isinstance(error, ProxyDataError):
            return
        names = [impl.plugin_name for impl in raised_in(error, hook_impls)]
        culprits = ", ".join(str(self._providers.get(name, f"plugin {name!r}")) for name in names)
        explained = PluginError(f"{culprits}: hook {hook_name!r} raised {told(error)}")
        explained.__cause__ = error
        outcome.force_exception(explained)


def load(extra_files: Sequence[Path] = ()) -> Plugins:
    """Load every plugin: built-ins, the entry-point group ``naslib_proxydata``, then files.

    Args:
        extra_files: Python files of the project, as given with ``--plugin``.

    Raises:
        PluginError: A plugin cannot be used; plugin and hook are named.
    """
    plugins = Plugins()
    for provider, importer in (*builtins(), *installed(), *files(extra_files)):
        try:
            plugin = importer()
        except (Exception, SystemExit) as error:
            raise PluginError(f"{provider}: import failed with {told(error)}") from error
        plugins.add(plugin, provider)
    plugins.check_pending()
    return plugins


def _nothing_before(*_: Any) -> None:
    """Do nothing before a hook call; pluggy wants a function here."""
