"""What Eproxy's scores are made of: kinds of work in a profile, and the arithmetic to be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from naslib_proxydata.predictors.eproxy import student
from naslib_proxydata.predictors.eproxy.predictor import Eproxy

REST = "steps of the optimizer, autograd, allocation, Python"
KINDS = {
    "compiled cells": ("_Cell ", "_CellBackward "),
    "compiled convolutions, forward": ("_Winograd ", "_Dense "),
    "compiled convolutions, backward": ("_WinogradBackward ", "_DenseBackward "),
    "compiled depthwise convolutions, forward": ("_Depthwise ",),
    "compiled depthwise convolutions, backward": ("_DepthwiseBackward ",),
    "compiled pooling": ("_Pool ", "_PoolBackward "),
    "compiled normalisation": ("_Normalisation ", "_NormalisationBackward "),
    "compiled sums": ("_AddedRectified ", "_AddedRectifiedBackward "),
    "torch's convolutions": ("aten::mkldnn_convolution", "aten::convolution_backward"),
    "torch's pooling": ("aten::avg_pool2d", "aten::max_pool2d"),
    "torch's normalisation": ("aten::native_batch_norm",),
    "torch's elementwise operations": (
        "aten::add",
        "aten::mul",
        "aten::sub",
        "aten::cat",
        "aten::clamp_min",
        "aten::threshold_backward",
        "aten::copy_",
        "aten::fill_",
        "aten::mse_loss",
        "aten::upsample",
        "aten::_foreach",
    ),
}
"""Kinds of work by the beginnings of the operators' names; the rest is bookkeeping."""


def shares(predictor: Eproxy[Any], architectures: Sequence[Any]) -> dict[str, float]:
    """Profile the scoring of a few architectures and return each kind's share of the time."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        predictor.score(architectures)
    totals: Counter[str] = Counter()
    for event in profiler.key_averages():
        name = f"{event.key} "
        kinds = (kind for kind, names in KINDS.items() if name.startswith(names))
        totals[next(kinds, REST)] += event.self_cpu_time_total
    return {kind: totals[kind] / totals.total() for kind in (*KINDS, REST)}


def train_macs(predictor: Eproxy[Any], architecture: Any) -> int:
    """Count the multiply-accumulates of all convolutions of one score, taken directly.

    Ten forward passes; nine backward ones with a gradient for the input of each convolution but
    those that read the images and one for the weights of each convolution but the barriers.
    """
    with patch.object(student, "accelerate"):  # compiled cells run no hooks
        network = predictor.student(predictor.task.space.canonical(architecture))
    frozen = set(network.barriers.modules())
    config, images = predictor.config, predictor._images
    total = 0

    def count(module: nn.Conv2d, _: object, output: torch.Tensor) -> None:
        nonlocal total
        passes = config.iterations + (config.iterations - 1) * (
            (module.in_channels != images.shape[1]) + (module not in frozen)
        )
        total += passes * output.numel() * module.weight[0].numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        network(images)
    return total
