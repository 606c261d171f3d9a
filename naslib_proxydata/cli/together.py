"""A command in several processes, started by ``torchrun``: the first one speaks."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from naslib_proxydata.cli.interrupts import Interrupted
from naslib_proxydata.errors import ConfigError, ProxyDataError

SHARED = ("search", "train")
"""The commands whose work several processes share."""

_GRACE = 10.0  # seconds in which torchrun ends the others, where the first has failed too


@contextmanager
def told_by_the_first(number: int) -> Iterator[None]:
    """Keep all processes but the first silent, unless they alone fail.

    Args:
        number: Of this process, from 0.
    """
    if number == 0:
        yield
        return
    logging.disable(logging.WARNING)
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        raise
    except ProxyDataError:
        time.sleep(_GRACE)
        raise


def refuse_several(command: str) -> None:
    """Refuse to do in several processes what each of them would do as a whole.

    Args:
        command: What was asked for.

    Raises:
        ConfigError: ``torchrun`` has started several processes, and the command does not share
            its work.
    """
    started = os.environ.get("WORLD_SIZE", "")
    if command in SHARED or started in ("", "1"):
        return
    rank = os.environ.get("RANK", "")
    with told_by_the_first(int(rank) if rank.isdecimal() else 0):
        raise ConfigError(
            f"torchrun has started {command!r} in {started} processes (WORLD_SIZE), of which each "
            f"would do all of it; only {' and '.join(map(repr, SHARED))} share their work. Start "
            f"{command!r} without torchrun; --workers is for commands that do several things at a "
            "time"
        )
