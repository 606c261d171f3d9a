"""The settings that Eproxy starts from in each space (arXiv 2210.09459 and its release)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _point(
    feature: str,
    channels: tuple[tuple[int, int], ...],
    learning_rate: float,
    kernel: int = 1,
    **further: Any,
) -> dict[str, Any]:
    """Return options of Eproxy with a branch for each (mid, out) pair of channels."""
    branches = [
        {
            "features": [feature],
            "transform_kernel": kernel,
            "mid_channels": mid,
            "out_channels": out,
        }
        for mid, out in channels
    ]
    return {"branches": branches, "learning_rate": learning_rate, **further}


def _equal(*widths: int) -> tuple[tuple[int, int], ...]:
    return tuple((width, width) for width in widths)


START_POINTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "nb101": _point("net", ((512, 64),), 1.2),
    "nb201": _point("sine_high", _equal(128, 128, 128), 1.2),
    "darts": _point("net", ((512, 32),), 1.2),
    "nds-cells": _point("net", _equal(256, 64, 64), 1.0, kernel=3),
    "nds-resnet": _point("net", _equal(128, 128, 128), 1.2, kernel=3),
    "nds-resnext-a": _point("net", _equal(256, 256, 256), 1.0, kernel=3),
    "nds-resnext-b": _point("net", _equal(128, 128, 128), 1.0, kernel=3, batch=64),
    "transnas": _point("net", _equal(32, 32, 32), 1.0),
    "nasbench-mr": _point("net", _equal(32, 32, 32), 1.0, branch_decay=1.0, resize="bilinear"),
}
"""The release's configurations (GenNAS-Zero, ``configs/``), each a preset of its name.

``config_nb101_mse_12e-1``, ``config_nb201_mse_12e-1``, ``config_darts_mse_12e-1`` (for DARTS on
CIFAR only), ``nds_*_12e-1_tri`` (cells, ResNet, ResNeXt), ``config_trans*_mse_12e-1`` and
``config_ncp_*_mse_12e-1``. What all share are the defaults of :class:`EproxyConfig`.
"""

_CELLS = ("darts", "amoeba", "enas", "nasnet", "pnas")
_ENDS = ("", "-in")
_BY_SPACE: Final[Mapping[str, str]] = {
    "nb101": "nb101",
    **{f"nb1shot1-{number}": "nb101" for number in (1, 2, 3)},
    "nb201": "nb201",
    "nb201-five-nodes": "nb201",
    "transnas-micro": "transnas",
    "transnas-macro": "transnas",
    "nasbench-mr": "nasbench-mr",
    "darts": "darts",
    **dict.fromkeys(("s1", "s2", "s3", "s4"), "darts"),
    "darts-imagenet": "nds-cells",
    **{f"nds-{family}{end}": "nds-cells" for family in _CELLS for end in _ENDS},
    **{f"nds-{name}{end}": f"nds-{name}" for name in ("resnet", "resnext-a") for end in _ENDS},
    **{f"nds-resnext-b{end}": "nds-resnext-b" for end in _ENDS},
    **{f"nds-vanilla{end}": "nds-resnet" for end in _ENDS},
}
"""The start point of each space.

The release has none for the spaces of one-shot searches (``darts-imagenet``, ``s1`` to ``s4``,
``nb1shot1-*``, ``nb201-five-nodes``) nor for Vanilla: they get that of their nearest kin, which is
ours.
"""
GENERAL = "nb101"
"""The start point of every other space, of one branch: it needs a single tap."""


def start_point(space: str) -> dict[str, Any]:
    """Return the options of a space's start point, or of the start point of that name."""
    return dict(START_POINTS[space if space in START_POINTS else _BY_SPACE.get(space, GENERAL)])
