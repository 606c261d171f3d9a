"""The search spaces that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.spaces"


@hookimpl
def register_spaces() -> Sequence[Registration]:
    """Offer the built-in search spaces."""
    return [
        Registration(
            "nb201",
            f"{_ROOM}.nb201:NasBench201",
            "cells of 4 nodes and 5 operations, 15,625 in all",
            "arXiv 2001.00326",
        ),
    ]
