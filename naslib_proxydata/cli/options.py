"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from naslib_proxydata.runs.settings import RunConfig

Config = TypeVar("Config", bound="RunConfig")


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


def folder_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--image-size PIXELS`` and ``--skip-damaged``."""
    size = click.option(
        "--image-size",
        type=int,
        metavar="PIXELS",
        help="Resize a folder's images to this shorter side, and crop the middle square.  [the "
        "size of the first, to which others are squashed]",
    )
    damaged = click.option(
        "--skip-damaged",
        is_flag=True,
        default=None,
        help="Leave out a folder's images that cannot be read, and list them.",
    )
    return size(damaged(command))


def plugin_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--plugin FILE.py``."""
    option = click.option(
        "--plugin",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE.py",
        help="Load a Python file as a plugin, which runs its code. May be repeated.",
    )
    return option(command)


def no_plugin_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--no-plugin NAME``."""
    option = click.option(
        "--no-plugin",
        multiple=True,
        metavar="NAME",
        help="Leave out an installed plugin, by its name or its distribution's. May be repeated.",
    )
    return option(command)


def label_table_option(text: str) -> Callable[..., Any]:
    """Return ``--label-table FILE.csv`` with its help."""
    return click.option(
        "--label-table", type=click.Path(path_type=Path), metavar="FILE.csv", help=text
    )


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what is taken from tables: which cells, and how columns of one's own are meant."""
    cells = click.option(
        "--cells", metavar="NAME", help="Subset of the space, such as clean of nb201.  [all]"
    )
    lower = click.option(
        "--lower-is-better",
        metavar="COLUMNS",
        help="Columns of csv:FILE whose lowest values are the best.",
    )
    return cells(lower(command))


score_time_limit_option = click.option(
    "--score-time-limit",
    type=float,
    metavar="SECONDS",
    help="Give a score up after so many seconds; the next run tries it again.  [no limit]",
)


executor_option = click.option(
    "--executor",
    metavar="NAME",
    help="Where it is computed: processes, dask:ADDRESS, slurm or ray:ADDRESS.  [processes]",
)


images_option = click.option(
    "--images", metavar="SOURCE", help="photos, digits, noise, cifar10:PATH, ...  [photos]"
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every run can be told: where and how it runs, its folder, its configuration."""
    options = (
        click.option(
            "--workers",
            type=int,
            help="Processes that score (or search, of an experiment), or threads that read a "
            "folder's images; results do not depend on it.  [1]",
        ),
        click.option("--threads", type=int, help="Threads of torch; recorded.  [1]"),
        click.option("--device", help="auto, cpu, cuda, ...  [auto]"),
        click.option(
            "--data-root",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Folder of benchmark files.  [$NASLIB_PROXYDATA_DATA]",
        ),
        click.option(
            "--out", type=click.Path(path_type=Path), metavar="DIR", help="The run folder."
        ),
        click.option(
            "--overwrite", is_flag=True, default=None, help="Start anew in the run folder."
        ),
        plugin_option,
        no_plugin_option,
        config_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


def resolved_options(
    schema: type[Config], config_file: Path | None, assignments: tuple[str, ...], **options: Any
) -> Config:
    """Return the configuration that a command's options stand for.

    An option that may be repeated and was not given leaves the configuration file its say.

    Raises:
        ConfigError: See :func:`naslib_proxydata.config.resolve`.
    """
    from naslib_proxydata.config import resolve

    given = {key: value for key, value in options.items() if value not in (None, ())}
    return resolve(schema, config_file, given, assignments)
