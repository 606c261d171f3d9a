"""``naslib-proxydata convert``: official benchmark files to the compact form."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naslib_proxydata.cli.options import no_plugin_option, plugin_option
from naslib_proxydata.cli.telling import tell

if TYPE_CHECKING:
    from naslib_proxydata.plugins import Plugins


@click.command("convert")
@click.argument("benchmark")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--skip-damaged", is_flag=True, help="Leave out damaged records, and name them.")
@plugin_option
@no_plugin_option
def command(
    benchmark: str,
    source: Path,
    target: Path,
    skip_damaged: bool,
    plugin: tuple[Path, ...],
    no_plugin: tuple[str, ...],
) -> None:
    """Read the official files of BENCHMARK at SOURCE and write the compact form to TARGET."""
    from naslib_proxydata import plugins as room
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.errors import ConfigError, RunFolderError
    from naslib_proxydata.files import check_writable

    convert = converter(room.load(plugin, no_plugin), benchmark)
    options = {"skip_damaged": True} if skip_damaged else {}
    if skip_damaged and "skip_damaged" not in inspect.signature(convert).parameters:
        raise ConfigError(f"the converter of benchmark {benchmark!r} takes no --skip-damaged")
    check_writable(target.parent, error=RunFolderError)
    with keeping(lambda: f"{target} is as it was; the same command starts anew"):
        try:
            skipped = convert(source, target, **options)
        except OSError as error:
            raise RunFolderError(f"cannot convert {source} to {target}: {error}") from error
    for message in skipped if isinstance(skipped, list) else []:
        tell(f"skipped: {message}", err=True)
    tell(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB)")


def converter(plugins: Plugins, benchmark: str) -> Callable[..., Any]:
    """Return the function ``convert(source, target)`` that a benchmark was registered with.

    Raises:
        ConfigError: There is no such benchmark, or it has none; those that have are named.
        PluginError: It cannot be imported, or is no function.
    """
    from naslib_proxydata.errors import ConfigError, PluginError
    from naslib_proxydata.plugins.checks import factory_path, resolve

    registered = plugins.benchmark(benchmark)
    if registered.convert is None:
        able = ", ".join(
            name for name in plugins.names("benchmarks") if plugins.benchmark(name).convert
        )
        raise ConfigError(
            f"benchmark {registered.name!r} has no converter; its file is read as it is. "
            f"Benchmarks with one: {able}"
        )
    provider = plugins.provider("benchmarks", benchmark)
    where = f"{provider}: converter {factory_path(registered.convert)!r} of {registered.name!r}"
    found = resolve(registered.convert, where)
    if not callable(found):
        raise PluginError(f"{where} is {type(found).__name__}, expected a function")
    convert: Callable[..., Any] = found
    return convert
