"""Our tables as blackboxes of Syne Tune; loads on first use."""

from __future__ import annotations

from naslib_proxydata.bridging import lazy_names

_HOMES = {"ELAPSED_TIME": "blackbox", "table_blackbox": "blackbox"}

__all__ = sorted(_HOMES)

__getattr__ = lazy_names(
    __name__,
    _HOMES,
    {"syne_tune": "syne-tune", "pandas": "pandas", "huggingface_hub": "huggingface_hub"},
    "pip install 'naslib-proxydata[syne-tune]'",
)
