"""What the plugin offers; imports nothing heavy, so that listing it stays fast."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from naslib_proxydata.hookspecs import Registration, hookimpl

log = logging.getLogger(__name__)


@hookimpl
def register_spaces() -> Sequence[Registration]:
    factory = "naslib_proxydata_example.space:TinyChain"
    return [Registration("tiny-chain", factory, "three layers, each of three operations")]


@hookimpl
def register_predictors() -> Sequence[Registration]:
    return [
        Registration(
            "convolutions",
            "naslib_proxydata_example.predictor:ConvolutionCount",
            "number of convolutions of the network, times a weight",
        )
    ]


@hookimpl
def register_datasets() -> Sequence[Registration]:
    return [
        Registration(
            "pixel-csv",
            "naslib_proxydata_example.dataset:open_pixel_csv",
            "a CSV file with a label and the pixels of a square grey image in each line",
        )
    ]


@hookimpl
def register_scorers() -> Sequence[Registration]:
    return [
        Registration(
            "contrast",
            "naslib_proxydata_example.scorer:Contrast",
            "scores: standard deviation of an image's pixels",
        )
    ]


@hookimpl
def register_metrics() -> Sequence[Registration]:
    factory = "naslib_proxydata_example.metric:BestOfTop"
    return [Registration("best-of-top", factory, "best measured value of the predicted top 5")]


@hookimpl
def register_selectors() -> Sequence[Registration]:
    return [
        Registration(
            "evenly-spaced",
            "naslib_proxydata_example.selector:EvenlySpaced",
            "examples at equal distances in dataset order",
        )
    ]


@hookimpl
def register_supernets() -> Sequence[Registration]:
    factory = "naslib_proxydata_example.supernet:TinyChainSupernet"
    return [Registration("tiny-chain", factory, "three layers that run all of their operations")]


@hookimpl
def register_pruners() -> Sequence[Registration]:
    factory = "naslib_proxydata_example.pruner:CertainPruner"
    return [Registration("certain", factory, "drops what is predicted with certainty")]


@hookimpl
def register_observers() -> Sequence[Registration]:
    factory = "naslib_proxydata_example.observer:EpochTable"
    return [Registration("epoch-table", factory, "a line of CSV for each epoch")]


@hookimpl
def register_optimizers() -> Sequence[Registration]:
    return [
        Registration(
            "local-search",
            "naslib_proxydata_example.optimizer:LocalSearch",
            "all neighbours of the best, until none is better",
            "arXiv 2005.02960",
        )
    ]


@hookimpl
def register_naslib_graphs() -> Sequence[Registration]:
    factory = "naslib_proxydata_example.conversion:TransBench101Micro"
    return [Registration("transbench101_micro", factory, "digits of the space transnas-micro")]


@hookimpl
def epoch_finished(epoch: int, metrics: Mapping[str, float]) -> None:
    log.info("epoch %d: %s", epoch, dict(metrics))
