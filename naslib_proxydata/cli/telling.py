"""What goes to the terminal: text that cannot move its cursor, whoever wrote it."""

from __future__ import annotations

import logging
import warnings

import click

from naslib_proxydata.errors import printable


def tell(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Print a text of which names or files are a part, with its control characters escaped.

    Args:
        text: What to say; its lines stay lines.
        err: Whether it goes to the standard error stream.
        nl: Whether the line ends.
    """
    click.echo(printable(str(text)), err=err, nl=nl)


_format_warning = warnings.formatwarning


def printable_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Format a warning as Python does, with its control characters escaped."""
    return printable(_format_warning(message, category, filename, lineno, line))


class PrintableFormatter(logging.Formatter):
    """Formats as its base does, and escapes control characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return printable(super().format(record))
