"""``naslib-proxydata list``: plugins and what they offer."""

from __future__ import annotations

from pathlib import Path

import click

from naslib_proxydata.cli.options import no_plugin_option, plugin_option


@click.command("list")
@click.argument("kind", metavar="KIND")
@plugin_option
@no_plugin_option
def command(kind: str, plugin: tuple[Path, ...], no_plugin: tuple[str, ...]) -> None:
    """List what is there: name, summary, paper and the distribution that provides it.

    KIND is plugins, spaces, benchmarks, metrics, predictors, datasets, scorers, selectors,
    supernets, strategies, recipes, pruners, observers, optimizers or naslib-graphs.
    Recipes are shown with their source and what they cannot say.
    """
    from rich import box
    from rich.table import Table

    from naslib_proxydata import plugins as room
    from naslib_proxydata.cli.progress import cell_text, console

    plugins = room.load(plugin, no_plugin)
    table = Table(box=box.SIMPLE)
    if kind == "plugins":
        table.add_column("name", no_wrap=True)
        table.add_column("distribution")
        table.add_column("version")
        for provider in plugins.providers():
            named = (provider.plugin, provider.distribution, provider.version)
            table.add_row(*map(cell_text, named))
    elif kind == "recipes":
        from naslib_proxydata.config import SCHEMAS

        table.add_column("command", no_wrap=True)
        table.add_column("name", no_wrap=True)
        for name in ("summary", "source", "what it lacks"):
            table.add_column(name)
        for command_name, schema in SCHEMAS.items():
            for name, recipe in schema.RECIPES.items():
                told = (command_name, name, recipe.summary, recipe.source, recipe.lacks)
                table.add_row(*map(cell_text, told))
    else:
        table.add_column("name", no_wrap=True)
        for name in ("summary", "paper", "provided by"):
            table.add_column(name)
        for name in plugins.names(kind):
            one = plugins.registration(kind, name)
            by = plugins.provider(kind, name)
            facts = (name, one.summary, one.paper, f"{by.distribution} {by.version}".strip())
            table.add_row(*map(cell_text, facts))
    console().print(table)
