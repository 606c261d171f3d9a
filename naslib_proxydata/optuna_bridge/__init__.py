"""Studies of Optuna guided by few labels, and our tables as its problems; loads on first use."""

from __future__ import annotations

from naslib_proxydata.bridging import lazy_names

_HOMES = {
    "FewLabelSampler": "sampler",
    "TableProblem": "problem",
    "suggest_architecture": "suggest",
}

__all__ = sorted(_HOMES)

__getattr__ = lazy_names(
    __name__,
    _HOMES,
    {"optuna": "optuna", "optunahub": "optunahub"},
    "pip install 'naslib-proxydata[optuna]'",
)
