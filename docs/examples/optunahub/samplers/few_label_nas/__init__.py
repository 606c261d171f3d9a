"""The sampler of naslib-proxydata as a package of OptunaHub's registry."""

from naslib_proxydata.optuna_bridge import FewLabelSampler, suggest_architecture

__all__ = ["FewLabelSampler", "suggest_architecture"]
