"""What acts in one search: lifecycle hooks are called on what was named, and on nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pluggy

from naslib_proxydata import hookspecs
from naslib_proxydata.errors import PluginError
from naslib_proxydata.hookspecs import PROJECT
from naslib_proxydata.plugins.checks import check_hooks, culprit_monitor
from naslib_proxydata.plugins.sources import Provider
from naslib_proxydata.plugins.tracing import trace_if_asked

LIFECYCLE = tuple(
    name
    for name, value in vars(hookspecs).items()
    if hasattr(value, f"{PROJECT}_spec") and not name.startswith("register_")
)
"""The hooks that a search calls."""

DECIDING = ("choose_examples", "prune_at_start", "prune_examples", "weigh_examples")
"""Those of them whose answers change a search; the others look at it."""


def lifecycle_hooks(plugin: object) -> list[str]:
    """Return the lifecycle hooks that a plugin implements."""
    return [hook for hook in LIFECYCLE if hasattr(getattr(plugin, hook, None), f"{PROJECT}_impl")]


class Actor(NamedTuple):
    """One object whose hooks are called.

    Attributes:
        name: What it is called in this search.
        provider: Who provides it.
        options: What it was made with, as plain data.
    """

    name: str
    provider: Provider
    options: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        """Return the facts as plain data, for ``result.json``."""
        by = f"{self.provider.distribution} {self.provider.version}".strip()
        return {"name": self.name, "options": dict(self.options), "provided by": by}


class Acting:
    """The actors of one search, and the way to call their hooks.

    Attributes:
        manager: pluggy's manager; it knows the actors only.
        actors: They, in the order in which they were added.
    """

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self._providers: dict[str, Provider] = {}
        self.manager.add_hookcall_monitoring(*culprit_monitor(self._providers))
        trace_if_asked(self.manager)

    @property
    def hook(self) -> pluggy.HookRelay:
        """The hooks, to call all actors at once."""
        return self.manager.hook

    def add(
        self, name: str, actor: object, provider: Provider, options: Mapping[str, Any] | None = None
    ) -> None:
        """Let an object act.

        Raises:
            PluginError: A hook's name or signature is wrong, or the name is taken.
        """
        if name in self._providers:
            raise PluginError(f"{name!r} acts already in this search; name it once")
        check_hooks(self.manager, actor, provider)
        self.manager.register(actor, name)
        self._providers[name] = provider
        self.actors.append(Actor(name, provider, options or {}))

    def answers(self, hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Call a hook actor by actor and return who answered what, the latest added first.

        An answer of None is left out.
        """
        found = []
        everyone = self.manager.get_plugins()
        for implementation in reversed(getattr(self.hook, hook).get_hookimpls()):
            others = [other for other in everyone if other is not implementation.plugin]
            given = self.manager.subset_hook_caller(hook, others)(**arguments)
            result = given if _first_only(hook) else (given[0] if given else None)
            if result is not None:
                found.append((implementation.plugin_name, result))
        return found

    def implemented(self, hook: str) -> bool:
        """Return whether any actor implements a hook."""
        return bool(getattr(self.hook, hook).get_hookimpls())

    def who(self, name: str, hook: str) -> str:
        """Return what messages call an actor's hook."""
        return f"{self._providers[name]}: hook {hook!r}"

    def items(self) -> Sequence[tuple[str, Any]]:
        """Return the actors' objects by name, in the order in which they were added."""
        return [(actor.name, self.manager.get_plugin(actor.name)) for actor in self.actors]


def _first_only(hook: str) -> bool:
    return bool(getattr(getattr(hookspecs, hook), f"{PROJECT}_spec")["firstresult"])
