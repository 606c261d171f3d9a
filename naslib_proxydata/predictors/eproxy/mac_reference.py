"""The multiply-accumulates of each space's largest scored network, for the MAC term."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MAC_REFERENCE: Final[Mapping[str, int]] = {
    # Of the whole space, by the formula of its ``scored_macs``.
    "nb101": 7_335_182_336,
    "nb201": 220_119_040,
    "transnas-macro": 2_069_192_704,
    "transnas-micro": 206_659_584,
    # Over the recorded networks (``*_in``; ResNet and Vanilla those of ``lr-wd_in``), likewise.
    "nds-amoeba-in": 859_832_320,
    "nds-darts-in": 905_502_720,
    "nds-enas-in": 818_135_040,
    "nds-nasnet-in": 898_744_320,
    "nds-resnext-a-in": 5_928_652_800,
    "nds-resnet-in": 4_608_516_096,
    "nds-vanilla-in": 4_572_794_880,
    # From the release, over records that are not at hand; its count has normalisations and ReLUs
    # too and lies 0.2 (nasbench-mr) to 3 % above that of convolutions.
    "nasbench-mr": 13_727_907_840,
    "nds-amoeba": 1_853_440_000,
    "nds-darts": 515_047_424,
    "nds-enas": 600_064_000,
    "nds-nasnet": 1_458_520_064,
    "nds-pnas": 1_622_589_440,
    "nds-pnas-in": 898_228_224,
    "nds-resnet": 896_475_136,
}
"""MACs of one image of 32x32 pixels, by space: stem and skeleton as they are scored.

The release's (GenNAS-Zero, ``utils.get_macs_lut``) are 7,218,069,504 for NAS-Bench-101,
187,166,720 for NAS-Bench-201 and 1,505,384,448 for TransNAS, which architectures of those spaces
exceed. Its ResNeXt figures are of other networks (groups read as widths), so these spaces have none
here but ``nds-resnext-a-in``, whose records are at hand. For NAS-Bench-MR's ``3ddet`` it has
12,419,122,944, the largest of fewer networks.
"""
