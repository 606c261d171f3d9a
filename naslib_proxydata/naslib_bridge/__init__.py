"""NASLib's Trainer, predictors and tables connected to the hooks; NASLib loads on first use."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "ProxyTrainer": "trainer",
    "proxied": "optimizers",
    "importing_naslib": "importing",
    "read_block": "settings",
    "ProxyPredictor": "predictors",
    "make_predictor": "predictors",
    "ProxyPredictorEvaluator": "evaluators",
    "ProxyZeroCostEvaluator": "evaluators",
    "dataset_api": "queried",
    "predicted_api": "queried",
    "space_graph": "graphs",
    "supernet_graph": "supernets",
    "zero_cost_api": "zero_cost_table",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import what was asked for, and NASLib with it where it is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
