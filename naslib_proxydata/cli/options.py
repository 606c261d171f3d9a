"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--config FILE`` and ``--set a.b=v``."""
    file = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="YAML file; options on the command line win over it.",
    )
    assignments = click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        help="Any key of the configuration, such as predictors.eproxy.barrier=false; wins "
        "over everything. May be repeated.",
    )
    return file(assignments(command))


def plugin_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--plugin FILE.py``."""
    option = click.option(
        "--plugin",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE.py",
        help="Load a Python file as a plugin. May be repeated.",
    )
    return option(command)


workers_option = click.option(
    "--workers", type=int, help="Processes that score; results do not depend on it."
)


def label_table_option(text: str) -> Callable[..., Any]:
    """Return ``--label-table FILE.csv`` with its help."""
    return click.option(
        "--label-table", type=click.Path(path_type=Path), metavar="FILE.csv", help=text
    )


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every run that scores can be told: workers, device, data, images and its folder."""
    options = (
        workers_option,
        click.option("--device", help="auto, cpu, cuda, ...  [auto]"),
        click.option(
            "--data-root",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Folder of benchmark files.  [$NASLIB_PROXYDATA_DATA]",
        ),
        click.option("--images", metavar="SOURCE", help="photos, digits, noise, cifar10:PATH, ..."),
        click.option(
            "--out", type=click.Path(path_type=Path), metavar="DIR", help="The run folder."
        ),
        click.option(
            "--overwrite", is_flag=True, default=None, help="Start anew in the run folder."
        ),
        plugin_option,
        config_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


def key_values(flag: str, texts: tuple[str, ...]) -> dict[str, Any]:
    """Turn the texts ``KEY=VALUE`` of a repeated option into plain data, as YAML reads it.

    Raises:
        ConfigError: A text is not of that form; ``flag`` names the option.
    """
    import yaml

    from naslib_proxydata.errors import ConfigError

    parsed = {}
    for one in texts:
        key, equals, text = one.partition("=")
        if not equals or not key:
            raise ConfigError(f"{flag} {one!r}: expected KEY=VALUE")
        try:
            parsed[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ConfigError(f"{flag} {one!r}: {text!r} is not a plain value") from None
    return parsed
