"""``naslib-proxydata list``: plugins and what they offer."""

from __future__ import annotations

from pathlib import Path

import click

from naslib_proxydata.cli.options import plugin_option

_KINDS = ("plugins", "selectors", "predictors", "benchmarks", "spaces", "strategies")


@click.command("list")
@click.argument("kind", type=click.Choice(_KINDS))
@plugin_option
def command(kind: str, plugin: tuple[Path, ...]) -> None:
    """List what is there: name, summary, paper and the distribution that provides it."""
    from rich import box
    from rich.table import Table

    from naslib_proxydata import plugins as room
    from naslib_proxydata.cli.progress import console

    plugins = room.load(plugin)
    table = Table(box=box.SIMPLE)
    if kind == "plugins":
        table.add_column("name", no_wrap=True)
        table.add_column("distribution")
        table.add_column("version")
        for provider in plugins.providers():
            table.add_row(provider.plugin, provider.distribution, provider.version)
    else:
        table.add_column("name", no_wrap=True)
        for name in ("summary", "paper", "provided by"):
            table.add_column(name)
        for name in plugins.names(kind):
            one = plugins.registration(kind, name)
            by = plugins.provider(kind, name)
            table.add_row(name, one.summary, one.paper, f"{by.distribution} {by.version}".strip())
    console().print(table)
