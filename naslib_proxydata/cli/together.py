"""A command in several processes, started by ``torchrun``: the first one speaks."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from naslib_proxydata.cli.interrupts import Interrupted
from naslib_proxydata.errors import ProxyDataError

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
