"""NASLib's Trainer, predictors and tables connected to the hooks; NASLib loads on first use."""

from __future__ import annotations

from naslib_proxydata.bridging import lazy_names

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

__getattr__ = lazy_names(__name__, _HOMES)
