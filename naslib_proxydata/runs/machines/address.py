"""Addresses of machines, and whether anything answers there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

from naslib_proxydata.errors import ConfigError, shown
from naslib_proxydata.runs.machines.settings import PATIENCE

HIGHEST_PORT = 65535

Result = TypeVar("Result")


def host_and_port(address: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``protocol://host:port``.

    Raises:
        ValueError: It is none.
    """
    host, colon, port = address.rpartition("://")[2].rstrip("/").rpartition(":")
    if not host or not colon or not port.isdecimal() or not 0 < int(port) <= HIGHEST_PORT:
        raise ValueError(f"expected HOST:PORT or PROTOCOL://HOST:PORT, got {shown(address)}")
    return host.strip("[]"), int(port)


def within(seconds: float, function: Callable[[], Result]) -> Result:
    """Return what a function returns, or leave it alone where that takes too long.

    Raises:
        OSError: It does.
    """
    future: Future[Result] = Future()

    def call() -> None:
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=call, name="connecting", daemon=True).start()
    try:
        return future.result(seconds)
    except FutureTimeoutError:
        raise OSError(f"no answer within {seconds:g} s") from None


def check_answers(address: str, what: str) -> None:
    """Make sure that something listens at an address.

    Args:
        address: See :func:`host_and_port`.
        what: What ought to, for the message.

    Raises:
        ConfigError: Nothing does.
    """
    try:
        socket.create_connection(host_and_port(address), PATIENCE).close()
    except OSError as error:
        raise ConfigError(
            f"no {what} answers at {address} ({error.strerror or error}); start it, or put the "
            "address right. Nothing was computed yet"
        ) from None
