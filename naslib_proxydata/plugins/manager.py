"""The plugin manager: built-ins first, then installed plugins, then a project's own files.

Every plugin, ours included, goes through :meth:`Plugins.add`, which checks its hooks by name
and argument before pluggy sees them, so that each mistake is told with plugin and hook.
``NASLIB_PROXYDATA_TRACE=1`` writes every hook call to the standard error stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import pluggy

from naslib_proxydata import hookspecs
from naslib_proxydata.errors import ConfigError, PluginError, ProxyDataError, unknown_name
from naslib_proxydata.hookspecs import PROJECT, BenchmarkRegistration, Registration
from naslib_proxydata.plugins.checks import (
    INJECTED,
    check_hooks,
    check_options,
    check_registrations,
    culprit_monitor,
    described,
    factory_path,
    resolve,
)
from naslib_proxydata.plugins.kinds import KINDS, NAMED_BY_THEMSELVES
from naslib_proxydata.plugins.sources import (
    Provider,
    Source,
    builtins,
    files,
    installed,
)
from naslib_proxydata.plugins.tracing import trace_if_asked
from naslib_proxydata.version import DISTRIBUTION

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.evolution.base import Optimizer
    from naslib_proxydata.leaderboard.metrics import Metric
    from naslib_proxydata.naslib_bridge.conversions import Conversion
    from naslib_proxydata.oneshot.base import Strategy
    from naslib_proxydata.oneshot.supernets.base import Supernet
    from naslib_proxydata.predictors.base import Predictor
    from naslib_proxydata.selection.base import Selector
    from naslib_proxydata.selection.scorers.base import Scorer
    from naslib_proxydata.spaces.base import SearchSpace
    from naslib_proxydata.tables.base import BenchmarkTable


class Plugins:
    """The plugins of a run and what they offer.

    Attributes:
        manager: pluggy's manager.
    """

    def __init__(self) -> None:
        self._providers: dict[str, Provider] = {}
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.manager.add_hookcall_monitoring(*culprit_monitor(self._providers))
        trace_if_asked(self.manager)
        self._files: list[str] = []
        self._names: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        self._offers: dict[str, dict[str, tuple[Registration, Provider]]] = {
            kind: {} for kind in KINDS
        }

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
        if provider.is_file:
            self._files.append(provider.plugin)
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

    def offers(self, kind: str, name: str) -> bool:
        """Return whether a name or an alias is registered for a kind.

        Raises:
            ConfigError: There is no such kind.
        """
        self._offers_of(kind)
        return self._registered(kind, name) is not None

    def benchmark(self, name: str) -> BenchmarkRegistration:
        """Return what a benchmark was registered as.

        Raises:
            ConfigError: There is no such benchmark; the closest is named.
        """
        registration = self.registration("benchmarks", name)
        assert isinstance(registration, BenchmarkRegistration)  # as _collect has checked
        return registration

    def provider(self, kind: str, name: str) -> Provider:
        """Return who provides a name or an alias.

        Raises:
            ConfigError: There is no such kind or name; the closest is named.
        """
        return self._offer(kind, name)[1]

    def providers(self) -> tuple[Provider, ...]:
        """Return who provides the plugins, in the order in which they were registered."""
        return tuple(self._providers.values())

    @overload
    def create(self, kind: Literal["spaces"], name: str, **options: Any) -> SearchSpace[Any]: ...

    @overload
    def create(self, kind: Literal["benchmarks"], name: str, **options: Any) -> BenchmarkTable: ...

    @overload
    def create(self, kind: Literal["metrics"], name: str, **options: Any) -> Metric: ...

    @overload
    def create(self, kind: Literal["predictors"], name: str, **options: Any) -> Predictor[Any]: ...

    @overload
    def create(self, kind: Literal["datasets"], name: str, **options: Any) -> Dataset: ...

    @overload
    def create(self, kind: Literal["scorers"], name: str, **options: Any) -> Scorer: ...

    @overload
    def create(self, kind: Literal["selectors"], name: str, **options: Any) -> Selector: ...

    @overload
    def create(self, kind: Literal["supernets"], name: str, **options: Any) -> Supernet: ...

    @overload
    def create(self, kind: Literal["strategies"], name: str, **options: Any) -> Strategy: ...

    @overload
    def create(self, kind: Literal["optimizers"], name: str, **options: Any) -> Optimizer[Any]: ...

    @overload
    def create(self, kind: Literal["naslib-graphs"], name: str, **options: Any) -> Conversion: ...

    @overload
    def create(self, kind: str, name: str, **options: Any) -> Any: ...

    def create(self, kind: str, name: str, **options: Any) -> Any:
        """Make one of the registered things.

        Args:
            kind: One of :data:`~naslib_proxydata.plugins.kinds.KINDS`.
            name: Its registered name, or an alias.
            options: Arguments of its factory, as the registration hook says.

        Raises:
            ConfigError: There is no such kind, name or option.
            PluginError: The factory cannot be imported or called, raised something else than
                a ``ProxyDataError``, or returned something of another type or name.
        """
        registration, provider = self._offer(kind, name)
        what = f"{KINDS[kind].singular} {registration.name!r}"
        where = f"{provider}: {what}, factory {factory_path(registration.factory)!r}"
        factory = resolve(registration.factory, where)
        if check_options(factory, options, what, where):
            options[INJECTED] = self
        try:
            made = factory(**options)
        except ProxyDataError:
            raise
        except Exception as error:
            raise PluginError(f"{where} raised {described(error)}") from error
        _check_made(made, kind, registration.name, where)
        return made

    def from_files(self) -> list[tuple[Provider, object]]:
        """Return the plugins that a project's own files are, which act in every search."""
        return [(self._providers[name], self.manager.get_plugin(name)) for name in self._files]

    def from_distributions(self) -> list[tuple[Provider, object]]:
        """Return the plugins of installed distributions, which act only where they are named."""
        return [
            (provider, self.manager.get_plugin(name))
            for name, provider in self._providers.items()
            if not provider.is_file and provider.distribution != DISTRIBUTION
        ]

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
        offers = self._offers_of(kind)
        registered = self._registered(kind, name)
        if registered is None:
            raise ConfigError(unknown_name(KINDS[kind].singular, name, offers))
        return offers[registered]

    def _registered(self, kind: str, name: str) -> str | None:
        """Return the registered name, where hyphens and underscores stand for each other."""
        spellings = (name, name.replace("_", "-"), name.replace("-", "_"))
        known = self._names[kind]
        return next((known[spelling] for spelling in spellings if spelling in known), None)

    def _collect(self, kind: str, plugin: object, provider: Provider) -> None:
        """Ask one plugin alone for its registrations of one kind and keep them."""
        hook = KINDS[kind].hook
        caller = getattr(self.manager.hook, hook)
        if not any(impl.plugin is plugin for impl in caller.get_hookimpls()):
            return
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        results = self.manager.subset_hook_caller(hook, others)()
        where = f"{provider}: hook {hook!r}"
        for registration in check_registrations(results, KINDS[kind].registration, where):
            for name in (registration.name, *registration.aliases):
                taken = self._names[kind].get(name)
                if taken is not None:
                    raise PluginError(
                        f"{where}: the name {name!r} is already registered by "
                        f"{self._offers[kind][taken][1]}; rename or remove one of the two"
                    )
                self._names[kind][name] = registration.name
            self._offers[kind][registration.name] = (registration, provider)


def load(extra_files: Sequence[Path] = (), without: Sequence[str] = ()) -> Plugins:
    """Load every plugin: built-ins, the entry-point group ``naslib_proxydata``, then files.

    Args:
        extra_files: Python files of the project, as given with ``--plugin``.
        without: Installed plugins to leave out, by the name of the plugin or of its distribution.

    Raises:
        ConfigError: No installed plugin has one of the names to leave out.
        PluginError: A plugin cannot be used; plugin and hook are named.
    """
    plugins = Plugins()
    found = tuple(installed())
    _check_without(without, found)
    wanted = [one for one in found if not {*one.provider.names} & set(without)]
    for provider, importer in (*builtins(), *wanted, *files(extra_files)):
        try:
            plugin = importer()
        except (Exception, SystemExit) as error:
            skip = "" if provider.is_file else f"; --no-plugin {provider.plugin} leaves it out"
            raise PluginError(f"{provider}: import failed with {described(error)}{skip}") from error
        plugins.add(plugin, provider)
    plugins.check_pending()
    return plugins


def _check_without(without: Sequence[str], found: Sequence[Source]) -> None:
    names = {name for source in found for name in source.provider.names}
    for name in without:
        if name not in names:
            raise ConfigError(unknown_name("installed plugin", name, names, "--no-plugin"))


def _check_made(made: object, kind: str, name: str, where: str) -> None:
    """Refuse what a factory returned where it is of another type or name than was registered."""
    base = KINDS[kind].base
    if base and not isinstance(made, resolve(base, where)):
        raise PluginError(f"{where} returned {type(made).__name__}, expected a {base}")
    own = getattr(made, "name", name)
    if kind in NAMED_BY_THEMSELVES and own != name:
        raise PluginError(
            f"{where} returned one that calls itself {own!r}; expected name = {name!r}, as it is "
            "registered, so that what is stored and reported has one name"
        )
