"""The predictors that come with the package, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.predictors"


@hookimpl
def register_predictors() -> Sequence[Registration]:
    """Offer the built-in predictors."""
    return [
        Registration(
            "eproxy",
            f"{_ROOM}.eproxy:Eproxy",
            "how well ten steps of training regress a fixed synthetic target through a barrier",
            "arXiv 2210.09459",
        ),
    ]
