"""The layers of NAS-Bench-Macro (arXiv 2103.11922): where they stand, what they may be."""

from __future__ import annotations

from typing import Final

from naslib_proxydata.spaces.mobilenet.layers import Layer

BLOCKS: Final = {1: (3, 3), 2: (5, 6)}
"""Kernel and expansion of the blocks by code."""
STAGES: Final = (2, 3, 3)
"""Layers of each stage, whose first halves the image and doubles the channels."""
STEM, LAST = 32, 1280


def layers() -> list[Layer]:
    """Return where the eight layers stand."""
    found, channels = [], STEM
    for depth in STAGES:
        found.append(Layer(channels, 2 * channels, 2))
        channels *= 2
        found += [Layer(channels, channels, 1)] * (depth - 1)
    return found
