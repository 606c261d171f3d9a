"""What is checked of a plugin, each mistake told with the plugin and the hook or factory."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pluggy

from naslib_proxydata import hookspecs
from naslib_proxydata.errors import (
    ConfigError,
    PluginError,
    ProxyDataError,
    closest,
    unknown_name,
)
from naslib_proxydata.hookspecs import PROJECT, Registration
from naslib_proxydata.plugins.sources import Provider

_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")


def check_hooks(manager: pluggy.PluginManager, plugin: object, provider: Provider) -> None:
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


def check_registrations(
    results: Sequence[Any], expected: type[Registration], where: str
) -> Sequence[Registration]:
    """Return the registrations among the results of one plugin's hook."""
    wanted = f"expected a list of {expected.__name__}"
    if len(results) != 1:
        raise PluginError(f"{where} returned None, {wanted}")
    if not isinstance(results[0], list | tuple):
        raise PluginError(f"{where} returned {type(results[0]).__name__}, {wanted}")
    for item in results[0]:
        if not isinstance(item, expected):
            raise PluginError(f"{where} returned {item!r} in its list, {wanted}")
        if isinstance(item.aliases, str):
            raise PluginError(f"{where}: aliases are a tuple of names, got {item.aliases!r}")
        for name in (item.name, *item.aliases):
            if not _NAME.fullmatch(name):
                raise PluginError(
                    f"{where}: the name {name!r} is not lower case letters and digits "
                    "joined by single hyphens or underscores"
                )
    return list(results[0])


def resolve(factory: str | Callable[..., Any], where: str) -> Any:
    """Import a factory that was given as ``"module:attribute"``."""
    if callable(factory):
        return factory
    try:
        return pkgutil.resolve_name(factory)
    except Exception as error:
        raise PluginError(
            f"{where} cannot be imported: {described(error)}; expected 'module:attribute'"
        ) from error


INJECTED = "plugins"
"""The parameter of a factory that is handed the plugins of the run; no option of a user."""


def check_options(
    factory: Callable[..., Any], options: Mapping[str, Any], what: str, where: str
) -> bool:
    """Refuse options that a factory does not take, before it is called.

    Returns:
        Whether the factory wants to be handed the plugins of the run.
    """
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError) as error:
        raise PluginError(f"{where} is not callable: {described(error)}") from error
    parameters = {name: one for name, one in signature.parameters.items() if name != INJECTED}
    injected = INJECTED in signature.parameters
    for option in options:
        takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        if option not in parameters and (not takes_any or (option == INJECTED and injected)):
            raise ConfigError(unknown_name("option", option, parameters, what))
    try:
        signature.bind(**options, **({INJECTED: None} if injected else {}))
    except TypeError as error:
        raise PluginError(
            f"{where} cannot be called with the options {sorted(options)}: {error}; its "
            f"signature is {signature}"
        ) from error
    return injected


def culprit_monitor(
    providers: Mapping[str, Provider],
) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return what pluggy calls before and after a hook, to name the plugin that raised.

    Args:
        providers: Who provides each plugin, by its name; may grow afterwards.
    """

    def before(*_: Any) -> None:
        """Do nothing: pluggy wants a function here."""

    def after(
        outcome: pluggy.Result[Any],
        hook_name: str,
        hook_impls: Sequence[pluggy.HookImpl],
        kwargs: Mapping[str, Any],
    ) -> None:
        error = outcome.exception
        if not isinstance(error, Exception) or isinstance(error, ProxyDataError):
            return
        names = [impl.plugin_name for impl in raised_in(error, hook_impls)]
        culprits = ", ".join(str(providers.get(name, f"plugin {name!r}")) for name in names)
        explained = PluginError(f"{culprits}: hook {hook_name!r} raised {described(error)}")
        explained.__cause__ = error
        outcome.force_exception(explained)

    return before, after


def raised_in(error: BaseException, impls: Sequence[pluggy.HookImpl]) -> Sequence[pluggy.HookImpl]:
    """Return the implementations on the error's traceback, or all where none is."""
    codes = set()
    trace = error.__traceback__
    while trace is not None:
        codes.add(trace.tb_frame.f_code)
        trace = trace.tb_next
    return [one for one in impls if getattr(one.function, "__code__", None) in codes] or impls


def factory_path(factory: str | Callable[..., Any]) -> str:
    """Return what messages call a factory."""
    return factory if isinstance(factory, str) else getattr(factory, "__qualname__", repr(factory))


def described(error: BaseException) -> str:
    """Return an error's type and message."""
    return f"{type(error).__name__}: {error}"
