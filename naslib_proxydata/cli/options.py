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
