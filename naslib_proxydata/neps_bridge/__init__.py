"""Runs of NePS guided by few labels; loads on first use."""

from __future__ import annotations

from naslib_proxydata.bridging import lazy_names

_HOMES = {
    "FewLabelOptimizer": "optimizer",
    "architecture_text": "space",
    "pipeline_space": "space",
}

__all__ = sorted(_HOMES)

__getattr__ = lazy_names(
    __name__,
    _HOMES,
    {"neps": "neural-pipeline-search"},
    "pip install 'naslib-proxydata[neps]'",
)
