"""``--json``: the standard output is one JSON text, and everything else goes to the other stream.

Every command that prints a table prints one object in this shape::

    {"command": "leaderboard", "version": "1.0.0", "folder": "runs/demo",
     "tables": {"rows": [{"predictor": "eproxy", "spearman": 0.75}]}, "notes": []}

An error is ``{"command": ..., "version": ..., "error": {"kind": "ConfigError", "message": ...}}``.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import IO, Any

import click

FLAG = "--json"
Lines = Sequence[Mapping[str, Any]]


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json``."""
    option = click.option(
        FLAG,
        "as_json",
        is_flag=True,
        help="Print one JSON object instead, and nothing else, on the standard output.",
    )
    return option(command)


def emit(
    tables: Mapping[str, Lines], *, folder: Path | None = None, notes: Sequence[str] = ()
) -> None:
    """Print what a command found, as JSON.

    Args:
        tables: Lines by name of the table; each line by column.
        folder: The run folder, where there is one.
        notes: What else is to be said, such as what is absent and why.
    """
    content = {
        "folder": None if folder is None else str(folder),
        "tables": {name: [dict(line) for line in lines] for name, lines in tables.items()},
        "notes": list(notes),
    }
    _print(click.get_current_context().info_name or "", content)


def emit_error(command: str, kind: str, message: str) -> None:
    """Print why a command failed, as JSON."""
    _print(command, {"error": {"kind": kind, "message": message}})


def is_asked(arguments: Sequence[str]) -> bool:
    """Return whether the arguments of a command line ask for JSON."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return FLAG in before


@contextmanager
def standard_output_for_json() -> Iterator[None]:
    """Let all that is printed in the block, by whomever, go to the standard error stream.

    Processes that are started in it print there, too. :func:`emit` alone prints where the standard
    output was.
    """
    with _moved(sys.stdout) as write, redirect_stdout(sys.stderr):
        _writers.append(write)
        try:
            yield
        finally:
            _writers.pop()


_writers: list[Callable[[str], object]] = []
"""What writes to the standard output, where it has been moved."""


@contextmanager
def _moved(stdout: IO[str]) -> Iterator[Callable[[str], object]]:
    """Give what writes to the standard output, and point its descriptor elsewhere."""
    try:
        descriptor, other = stdout.fileno(), sys.stderr.fileno()
    except (OSError, ValueError):  # a program has replaced it: nothing else gets there
        yield stdout.write
        return
    stdout.flush()
    kept = os.dup(descriptor)
    os.dup2(other, descriptor)
    try:
        yield lambda text: _write_all(kept, text.encode())
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _print(command: str, content: Mapping[str, Any]) -> None:
    from naslib_proxydata.version import installed_version

    whole = {"command": command, "version": installed_version(), **content}
    text = json.dumps(_plain(whole), allow_nan=False)
    write = _writers[-1] if _writers else click.echo
    write(f"{text}\n" if _writers else text)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: nan is null, infinities are the texts "inf" and "-inf"."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    own = getattr(value, "item", None)  # a number of numpy's
    return _plain(own()) if callable(own) else str(value)


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)
