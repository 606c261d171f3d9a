"""The plugin manager: built-ins first, then installed plugins, then a project's own files.

Every plugin, ours included, goes through :meth:`Plugins.add`, which checks its hooks by name
and argument before pluggy sees them, so that each mistake is told with plugin and hook.
``NASLIB_PROXYDATA_TRACE=1`` writes every hook call to the standard error stream.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pluggy

import naslib_proxydata
from naslib_proxydata import hookspecs
from naslib_proxydata.errors import (
    ConfigError,
    PluginError,
    ProxyDataError,
    closest,
    unknown_name,
)
from naslib_proxydata.hookspecs import PROJECT, BenchmarkRegistration, Registration

TRACE_VARIABLE = "NASLIB_PROXYDATA_TRACE"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class _Kind(NamedTuple):
    """One kind of thing that plugins offer."""

    singular: str
    hook: str
    registration: type[Registration]
    base: str


KINDS: Mapping[str, _Kind] = {
    "spaces": _Kind(
        "search space", "register_spaces", Registration, "naslib_proxydata.spaces.base:SearchSpace"
    ),
    "benchmarks": _Kind(
        "benchmark",
        "register_benchmarks",
        BenchmarkRegistration,
        "naslib_proxydata.tables.base:BenchmarkTable",
    ),
    "predictors": _Kind(
        "predictor",
        "register_predictors",
        Registration,
        "naslib_proxydata.predictors.base:Predictor",
    ),
    "selectors": _Kind(
        "selector", "register_selectors", Registration, "naslib_proxydata.selection.base:Selector"
    ),
    "strategies": _Kind(
        "strategy", "register_strategies", Registration, "naslib_proxydata.oneshot.base:Strategy"
    ),
}
"""The kinds by their name in ``naslib-proxydata list KIND``."""


@dataclass(frozen=True)
class Provider:
    """Who provides a plugin.

    Attributes:
        plugin: Name of the plugin: its entry point, its module, or its file.
        distribution: Name of the distribution that it came with, or the path of its file.
        version: Version of the distribution, empty for a file.
    """

    plugin: str
    distribution: str
    version: str = ""

    def __str__(self) -> str:
        """Return what error messages call the plugin."""
        source = f"{self.distribution} {self.version}".strip()
        return f"plugin {self.plugin!r} ({source})"


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
        _check_hooks(self.manager, plugin, provider)
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
        """Return what was registered under a name.

        Raises:
            ConfigError: There is no such kind or name; the closest is named.
        """
        return self._offer(kind, name)[0]

    def provider(self, kind: str, name: str) -> Provider:
        """Return who provides a name.

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
            name: Its registered name.
            options: Arguments of its factory, as the registration hook says.

        Raises:
            ConfigError: There is no such kind, name or option.
            PluginError: The factory cannot be imported or called, raised something else than
                a ``ProxyDataError``, or returned something of another type.
        """
        registration, provider = self._offer(kind, name)
        singular = KINDS[kind].singular
        where = f"{provider}: {singular} {name!r}, factory {_path(registration.factory)!r}"
        factory = _resolve(registration.factory, where)
        _check_options(factory, options, f"{singular} {name!r}", where)
        try:
            made = factory(**options)
        except ProxyDataError:
            raise
        except Exception as error:
            raise PluginError(f"{where} raised {_told(error)}") from error
        base = _resolve(KINDS[kind].base, where)
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
        offers = self._offers_of(kind)
        if name not in offers:
            raise ConfigError(unknown_name(KINDS[kind].singular, name, offers))
        return offers[name]

    def _collect(self, kind: str, plugin: object, provider: Provider) -> None:
        """Ask one plugin alone for its registrations of one kind and keep them."""
        hook = KINDS[kind].hook
        caller = getattr(self.hook, hook)
        if not any(impl.plugin is plugin for impl in caller.get_hookimpls()):
            return
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        results = self.manager.subset_hook_caller(hook, others)()
        where = f"{provider}: hook {hook!r}"
        for registration in _registrations(results, kind, where):
            taken = self._offers[kind].get(registration.name)
            if taken is not None:
                raise PluginError(
                    f"{where}: the name {registration.name!r} is already registered by "
                    f"{taken[1]}; rename or remove one of the two"
                )
            self._offers[kind][registration.name] = (registration, provider)

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
        names = [impl.plugin_name for impl in _raised_in(error, hook_impls)]
        culprits = ", ".join(str(self._providers.get(name, f"plugin {name!r}")) for name in names)
        told = PluginError(f"{culprits}: hook {hook_name!r} raised {_told(error)}")
        told.__cause__ = error
        outcome.force_exception(told)


def load(extra_files: Sequence[Path] = ()) -> Plugins:
    """Load every plugin: built-ins, the entry-point group ``naslib_proxydata``, then files.

    Args:
        extra_files: Python files of the project, as given with ``--plugin``.

    Raises:
        PluginError: A plugin cannot be used; plugin and hook are named.
    """
    plugins = Plugins()
    for provider, importer in (*_builtins(), *_installed(), *_files(extra_files)):
        try:
            plugin = importer()
        except (Exception, SystemExit) as error:
            raise PluginError(f"{provider}: import failed with {_told(error)}") from error
        plugins.add(plugin, provider)
    plugins.check_pending()
    return plugins


_Source = tuple[Provider, Callable[[], object]]


def _builtins() -> Iterator[_Source]:
    """Find ``plugin.py`` in every room of the package."""
    for room in pkgutil.iter_modules(naslib_proxydata.__path__):
        name = f"{PROJECT}.{room.name}.plugin"
        if room.ispkg and importlib.util.find_spec(name) is not None:
            provider = Provider(name, "naslib-proxydata", naslib_proxydata.__version__)
            yield provider, partial(importlib.import_module, name)


def _installed() -> Iterator[_Source]:
    """Find the entry points of installed distributions, in the order of their names."""
    for entry in sorted(metadata.entry_points(group=PROJECT), key=lambda entry: entry.name):
        distribution = entry.dist
        name, version = (
            (distribution.name, distribution.version) if distribution else (entry.value, "")
        )
        yield Provider(entry.name, name, version), entry.load


def _files(paths: Sequence[Path]) -> Iterator[_Source]:
    """Turn a project's own files into sources; a file that is named twice counts once."""
    for path in dict.fromkeys(Path(path).resolve() for path in paths):
        yield Provider(path.stem, str(path)), partial(_import_file, path)


def _import_file(path: Path) -> object:
    """Import a file as a module of its own name."""
    if not path.is_file():
        raise FileNotFoundError("no such file; give the path of a Python file with --plugin")
    name = f"{PROJECT}_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("expected a Python file whose name ends with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _check_hooks(manager: pluggy.PluginManager, plugin: object, provider: Provider) -> None:
    """Compare a plugin's functions with the specifications, by name and by argument."""
    known = {name for name, value in vars(manager.hook).items() if not name.startswith("_")}
    found = False
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is None:
            _check_unmarked(plugin, attribute, known, provider)
            continue
        found = True
        hook = options.get("specname") or attribute
        if hook not in known:
            raise PluginError(f"{provider}: {unknown_name('hook', hook, known)}")
        spec = inspect.signature(getattr(hookspecs, hook))
        for argument in inspect.signature(getattr(plugin, attribute)).parameters:
            if argument not in spec.parameters:
                raise PluginError(
                    f"{provider}: hook {hook!r} has no argument {argument!r}."
                    f"{closest(argument, spec.parameters)} Its signature is {hook}{spec}"
                )
    if not found:
        raise PluginError(
            f"{provider}: implements no hook; decorate its functions with naslib_proxydata.hookimpl"
        )


def _check_unmarked(plugin: object, attribute: str, known: set[str], provider: Provider) -> None:
    """Refuse a function that is named as a hook but would never be called."""
    if attribute not in known:
        return
    value = getattr(plugin, attribute)
    if callable(value) and not hasattr(value, f"{PROJECT}_spec"):
        raise PluginError(
            f"{provider}: hook {attribute!r} is not marked and would never be called; "
            "decorate it with naslib_proxydata.hookimpl"
        )


def _registrations(results: Sequence[Any], kind: str, where: str) -> Sequence[Registration]:
    """Check what a registration hook returned."""
    expected = KINDS[kind].registration
    wanted = f"expected a list of {expected.__name__}"
    if len(results) != 1:
        raise PluginError(f"{where} returned None, {wanted}")
    if not isinstance(results[0], list | tuple):
        raise PluginError(f"{where} returned {type(results[0]).__name__}, {wanted}")
    for item in results[0]:
        if not isinstance(item, expected):
            raise PluginError(f"{where} returned {item!r} in its list, {wanted}")
        if not _NAME.fullmatch(item.name):
            raise PluginError(
                f"{where}: the name {item.name!r} is not lower case letters and digits "
                "joined by single hyphens"
            )
    return results[0]


def _resolve(factory: str | Callable[..., Any], where: str) -> Any:
    """Import a factory that was given as ``"module:attribute"``."""
    if callable(factory):
        return factory
    try:
        return pkgutil.resolve_name(factory)
    except Exception as error:
        raise PluginError(
            f"{where} cannot be imported: {_told(error)}; expected 'module:attribute'"
        ) from error


def _check_options(
    factory: Callable[..., Any], options: Mapping[str, Any], what: str, where: str
) -> None:
    """Refuse options that a factory does not take, before it is called."""
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError) as error:
        raise PluginError(f"{where} is not callable: {_told(error)}") from error
    parameters = signature.parameters
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        for option in options:
            if option not in parameters:
                raise ConfigError(unknown_name("option", option, parameters, what))
    try:
        signature.bind(**options)
    except TypeError as error:
        raise PluginError(
            f"{where} cannot be called with the options {sorted(options)}: {error}; its "
            f"signature is {signature}"
        ) from error


def _raised_in(error: BaseException, impls: Sequence[pluggy.HookImpl]) -> Sequence[pluggy.HookImpl]:
    """Return the implementations on the error's traceback, or all where none is."""
    codes = set()
    trace = error.__traceback__
    while trace is not None:
        codes.add(trace.tb_frame.f_code)
        trace = trace.tb_next
    return [one for one in impls if getattr(one.function, "__code__", None) in codes] or impls


def _path(factory: str | Callable[..., Any]) -> str:
    return factory if isinstance(factory, str) else getattr(factory, "__qualname__", repr(factory))


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _nothing_before(*_: Any) -> None:
    """Do nothing before a hook call; pluggy wants a function here."""
