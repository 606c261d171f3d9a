"""Trainings as their papers run them, by name: values of a training's configuration.

Each has a ``quick`` one that ends in minutes on two cores; its figures are not the paper's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from naslib_proxydata.runs.recipes import Recipe

_TABLE: Mapping[str, Any] = {
    "epochs": 200,
    "batch_size": 256,
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "nesterov": True,
    "weight_decay": 5e-4,
}
"""NAS-Bench-201's, crop by 4 pixels and flip."""

_DARTS: Mapping[str, Any] = {
    "epochs": 600,
    "batch_size": 96,
    "optimizer": "sgd",
    "learning_rate": 0.025,
    "update": "epoch",
    "momentum": 0.9,
    "nesterov": False,
    "weight_decay": 3e-4,
    "clip": 5.0,
}

_TRICKS: Mapping[str, Any] = {"cutout": 16, "auxiliary": 0.4, "drop_path": 0.2}

_NB101: Mapping[str, Any] = {
    "epochs": 108,
    "batch_size": 256,
    "optimizer": "rmsprop",
    "learning_rate": 0.2,
    "momentum": 0.9,
    "average_decay": 0.9,
    "epsilon": 1.0,
    "weight_decay": 1e-4,
}

_LESS: Mapping[str, Any] = {**_TABLE, "learning_rate": 0.01}

_SPLIT = "the paper's split: give it with --validation and --test"

_QUICK_CELLS: Mapping[str, Any] = {"channels": [8], "cells": 5}
_QUICK_SUMMARY = "on networks of 8 channels and 5 cells, a few epochs"


def _quick(training: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    return {**training, "epochs": 6, "batch_size": 64, **changed}


RECIPES: Mapping[str, Recipe] = {
    "nb201": Recipe(
        "the 200 epochs of NAS-Bench-201's table",
        "arXiv 2001.00326, table 1; D-X-Y/AutoDL-Projects, configs/nas-benchmark/hyper-opts/"
        "200E.config",
        {"space": "nb201", "training": dict(_TABLE)},
        _SPLIT,
    ),
    "nb201-12": Recipe(
        "the 12 epochs of NAS-Bench-201's other table",
        "arXiv 2009.00437; D-X-Y/AutoDL-Projects, configs/nas-benchmark/hyper-opts/12E.config",
        {"space": "nb201", "training": {**_TABLE, "epochs": 12}},
        _SPLIT,
    ),
    "nb201-imagenet16": Recipe(
        "the 200 epochs of NAS-Bench-201's table on ImageNet16-120",
        "arXiv 2001.00326, table 1 and section 2.2",
        {"space": "nb201", "training": {**_TABLE, "padding": 2}},
        _SPLIT,
    ),
    "nb201-quick": Recipe(
        "NAS-Bench-201's, one cell a stage and 12 epochs",
        "reduced from nb201-12",
        {"space": "nb201", "cells": 1, "training": {**_TABLE, "epochs": 12, "batch_size": 64}},
    ),
    "nb101": Recipe(
        "the 108 epochs of NAS-Bench-101's table",
        "arXiv 1902.09635, section 2.3; google-research/nasbench, nasbench/lib/config.py and "
        "model_builder.py (learning rate .1 on each of two shards)",
        {"space": "nb101", "training": dict(_NB101)},
        "normalisations whose averages keep .997 of the past, and a first step of learning rate 0; "
        + _SPLIT,
    ),
    "nb101-quick": Recipe(
        "NAS-Bench-101's, 4 epochs",
        "reduced from nb101; networks have their published width, so give few images",
        {"space": "nb101", "training": {**_NB101, "epochs": 4, "batch_size": 64}},
    ),
    "darts-cifar": Recipe(
        "20 cells of 36 channels on CIFAR, 600 epochs with cutout, drop path, second classifier",
        "arXiv 1806.09055, section 3.2.1; quark0/darts, cnn/train.py",
        {
            "space": "darts",
            "channels": [36],
            "cells": 20,
            "training": {**_DARTS, **_TRICKS},
        },
    ),
    "darts-cifar-quick": Recipe(
        f"DARTS on CIFAR {_QUICK_SUMMARY}",
        "reduced from darts-cifar",
        {
            "space": "darts",
            **_QUICK_CELLS,
            "training": _quick(_DARTS, **_TRICKS),
        },
    ),
    "darts-imagenet": Recipe(
        "14 cells of 48 channels on ImageNet, 250 epochs",
        "arXiv 1806.09055, section 3.2.3; quark0/darts, cnn/train_imagenet.py",
        {
            "space": "darts-imagenet",
            "channels": [48],
            "cells": 14,
            "training": {
                "epochs": 250,
                "batch_size": 128,
                "optimizer": "sgd",
                "learning_rate": 0.1,
                "schedule": "exponential",
                "decay": 0.97,
                "update": "epoch",
                "momentum": 0.9,
                "nesterov": False,
                "weight_decay": 3e-5,
                "clip": 5.0,
                "label_smoothing": 0.1,
                "auxiliary": 0.4,
                "resized_crop": (0.08, 1.0),
                "crop_size": 224,
            },
        },
        "the jitter of colours; read images with --image-size 256",
    ),
    "darts-imagenet-quick": Recipe(
        "DARTS' ImageNet network, 14 cells of 16 channels on 64 pixels, 4 epochs",
        "reduced from darts-imagenet, without second classifier",
        {
            "space": "darts-imagenet",
            "channels": [16],
            "cells": 14,
            "training": {
                "epochs": 4,
                "batch_size": 64,
                "learning_rate": 0.1,
                "schedule": "exponential",
                "decay": 0.8,
                "update": "epoch",
                "nesterov": False,
                "weight_decay": 3e-5,
                "clip": 5.0,
                "label_smoothing": 0.1,
                "resized_crop": (0.08, 1.0),
                "crop_size": 64,
            },
        },
    ),
    "less-is-more": Recipe(
        "the data-reduction study's, three widths and three seeds of 200 epochs",
        "arXiv 2203.06905, section 4, and its release (NAS-Bench-201's program)",
        {
            "space": "nb201-five-nodes",
            "channels": [16, 32, 64],
            "cells": 5,
            "seed": [777, 888, 999],
            "training": dict(_LESS),
        },
    ),
    "less-is-more-imagenet16": Recipe(
        "the data-reduction study's on ImageNet16-120, 400 epochs",
        "arXiv 2203.06905, section 4, and its release (NAS-Bench-201's program)",
        {
            "space": "nb201-five-nodes",
            "channels": [16, 32, 64],
            "cells": 5,
            "seed": [777, 888, 999],
            "training": {
                **_LESS,
                "epochs": 400,
                "learning_rate": 0.1,
                "weight_decay": 1e-3,
                "padding": 2,
            },
        },
    ),
    "less-is-more-quick": Recipe(
        "the data-reduction study's, widths 4, 8 and 16, one cell a stage, 6 epochs",
        "reduced from less-is-more",
        {
            "space": "nb201-five-nodes",
            "channels": [4, 8, 16],
            "cells": 1,
            "seed": [777, 888, 999],
            "training": _quick(_LESS, learning_rate=0.05),
        },
    ),
    "nastransfer": Recipe(
        "NASTransfer's, 20 cells of 36 channels, 600 epochs without tricks, seed 2",
        "arXiv 2006.13314, training and evaluation protocol",
        {
            "space": "darts",
            "channels": [36],
            "cells": 20,
            "seed": 2,
            "training": dict(_DARTS),
        },
        "batch size and weight decay, which the paper does not print (these are DARTS'); 120 "
        "epochs on ImageNet1K, 60 on ImageNet22K: --epochs",
    ),
    "nastransfer-quick": Recipe(
        f"NASTransfer's {_QUICK_SUMMARY}",
        "reduced from nastransfer",
        {"space": "darts", **_QUICK_CELLS, "seed": 2, "training": _quick(_DARTS)},
    ),
    "mobilenet": Recipe(
        "the MobileNet-like space's on ImageNet, 500 epochs with an average of the weights",
        "arXiv 2312.14200, section 4.3, which refers to arXiv 1911.13053; changlin31/DNA, "
        "retraining/run_example.sh",
        {
            "space": "mobilenet",
            "training": {
                "epochs": 500,
                "batch_size": 1024,
                "optimizer": "rmsprop",
                "learning_rate": 0.064,
                "schedule": "exponential",
                "decay": 0.963,
                "decay_epochs": 3.0,
                "update": "epoch",
                "warm_up": 5.0,
                "momentum": 0.9,
                "average_decay": 0.9,
                "epsilon": 1e-3,
                "weight_decay": 1e-4,
                "decay_norms": False,
                "label_smoothing": 0.1,
                "resized_crop": (0.08, 1.0),
                "crop_size": 224,
                "average": 0.9998,
            },
        },
        "dropout of .2 before the classifier and the jitter of colours; what the example does not "
        "say (weight decay, smoothing, the average's decay) is the default of timm at its time; "
        "read images with --image-size 256",
    ),
    "mobilenet-quick": Recipe(
        "the MobileNet-like space's on small images, 4 epochs",
        "reduced from mobilenet",
        {
            "space": "mobilenet",
            "training": {
                "epochs": 4,
                "batch_size": 64,
                "optimizer": "rmsprop",
                "learning_rate": 0.01,
                "schedule": "exponential",
                "decay": 0.963,
                "update": "epoch",
                "warm_up": 1.0,
                "weight_decay": 1e-4,
                "decay_norms": False,
                "label_smoothing": 0.1,
                "average": 0.99,
            },
        },
    ),
}
"""The recipes by name."""
