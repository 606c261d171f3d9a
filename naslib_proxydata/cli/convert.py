"""``naslib-proxydata convert``: official benchmark files to the compact form."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naslib_proxydata.cli.options import plugin_option

if TYPE_CHECKING:
    from naslib_proxydata.hookspecs import Registration


@click.command("convert")
@click.argument("benchmark")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--skip-damaged", is_flag=True, help="Leave out damaged records, and name them.")
@plugin_option
def command(
    benchmark: str, source: Path, target: Path, skip_damaged: bool, plugin: tuple[Path, ...]
) -> None:
    """Read the official files of BENCHMARK at SOURCE and write the compact form to TARGET."""
    from naslib_proxydata import plugins as room
    from naslib_proxydata.errors import ConfigError, RunFolderError

    registration = room.load(plugin).registration("benchmarks", benchmark)
    convert = converter(registration)
    options = {"skip_damaged": True} if skip_damaged else {}
    if skip_damaged and "skip_damaged" not in inspect.signature(convert).parameters:
        raise ConfigError(f"the converter of benchmark {benchmark!r} takes no --skip-damaged")
    try:
        skipped = convert(source, target, **options)
    except OSError as error:
        raise RunFolderError(f"cannot convert {source} to {target}: {error}") from error
    for message in skipped if isinstance(skipped, list) else []:
        click.echo(f"skipped: {message}", err=True)
    click.echo(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB)")


def converter(registration: Registration) -> Callable[..., Any]:
    """Return the function ``convert(source, target)`` beside a benchmark's factory.

    Raises:
        ConfigError: The module that holds the factory has none.
    """
    from naslib_proxydata.errors import ConfigError

    factory = registration.factory
    name = factory.partition(":")[0] if isinstance(factory, str) else factory.__module__
    found = getattr(importlib.import_module(name), "convert", None)
    if not callable(found):
        raise ConfigError(
            f"benchmark {registration.name!r} has no converter: {name} has no function "
            "convert(source, target)"
        )
    convert: Callable[..., Any] = found
    return convert
