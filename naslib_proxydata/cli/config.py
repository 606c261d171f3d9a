"""``naslib-proxydata config``: what a configuration file may hold."""

from __future__ import annotations

import json

import click


@click.group("config")
def command() -> None:
    """Show what a configuration file may hold."""


@command.command("schema")
@click.argument("name", metavar="[COMMAND]", default="leaderboard")
def schema(name: str) -> None:
    """Print the JSON schema of a command's YAML file."""
    from naslib_proxydata.config import SCHEMAS
    from naslib_proxydata.errors import ConfigError, unknown_name

    if name not in SCHEMAS:
        raise ConfigError(unknown_name("command with a configuration", name, SCHEMAS))
    click.echo(json.dumps(SCHEMAS[name].model_json_schema(), indent=2))
