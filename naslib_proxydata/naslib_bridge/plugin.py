"""The ways between NASLib's graphs and our search spaces, registered like anyone's."""

from __future__ import annotations

from collections.abc import Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

_ROOM = "naslib_proxydata.naslib_bridge"


@hookimpl
def register_naslib_graphs() -> Sequence[Registration]:
    """Offer the built-in conversions, each under what ``get_type()`` of the graphs returns."""
    return [
        Registration(
            "nasbench101",
            f"{_ROOM}.nasbench101:NasBench101",
            "NASLib's NAS-Bench-101: matrix and operations of the space nb101",
            "arXiv 1902.09635",
        ),
        Registration(
            "nasbench201",
            f"{_ROOM}.nasbench201:NasBench201",
            "NASLib's NAS-Bench-201: operation indices of the space nb201",
            "arXiv 2001.00326",
        ),
        Registration(
            "nasbench301",
            f"{_ROOM}.nasbench301:NasBench301",
            "NASLib's NAS-Bench-301: compact form of the space darts",
            "arXiv 1806.09055",
        ),
        Registration(
            "transbench101_macro",
            f"{_ROOM}.transbench101:TransBench101Macro",
            "NASLib's TransNAS-Bench-101 macro: codes of the space transnas-macro",
            "arXiv 2105.11871",
        ),
    ]
