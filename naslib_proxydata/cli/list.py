"""``naslib-proxydata list``: plugins and what they offer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.options import no_plugin_option, plugin_option

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins

_PLUGINS = ("name", "distribution", "version")
_RECIPES = ("command", "name", "summary", "source", "what it lacks")
_OFFERED = ("name", "summary", "paper", "provided by")


@click.command("list")
@click.argument("kind", metavar="KIND")
@plugin_option
@no_plugin_option
@json_option
def command(kind: str, plugin: tuple[Path, ...], no_plugin: tuple[str, ...], as_json: bool) -> None:
    """List what is there: name, summary, paper and the distribution that provides it.

    KIND is plugins, spaces, benchmarks, metrics, predictors, datasets, scorers, selectors,
    supernets, strategies, recipes, pruners, observers, optimizers or naslib-graphs.
    Recipes are shown with their source and what they cannot say.
    """
    from naslib_proxydata import plugins as room

    header = {"plugins": _PLUGINS, "recipes": _RECIPES}.get(kind, _OFFERED)
    lines = list(_lines(kind, room.load(plugin, no_plugin)))
    if as_json:
        emit({kind: [dict(zip(header, line, strict=True)) for line in lines]})
    else:
        _show(header, lines)


def _lines(kind: str, plugins: Plugins) -> Iterator[tuple[str, ...]]:
    """Yield what there is of a kind."""
    if kind == "plugins":
        for provider in plugins.providers():
            yield provider.plugin, provider.distribution, provider.version
    elif kind == "recipes":
        from naslib_proxydata.config import SCHEMAS

        for command_name, schema in SCHEMAS.items():
            for name, recipe in schema.RECIPES.items():
                yield command_name, name, recipe.summary, recipe.source, recipe.lacks
    else:
        for name in plugins.names(kind):
            one = plugins.registration(kind, name)
            by = plugins.provider(kind, name)
            yield name, one.summary, one.paper, f"{by.distribution} {by.version}".strip()


def _show(header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table; names of things are not broken."""
    from rich import box
    from rich.table import Table

    from naslib_proxydata.cli.progress import cell_text, console

    table = Table(box=box.SIMPLE)
    for name in header:
        table.add_column(name, no_wrap=name in ("name", "command"))
    for line in lines:
        table.add_row(*map(cell_text, line))
    console().print(table)
