"""Which supernet belongs to which search space, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ConfigError, unknown_name
from naslib_proxydata.oneshot.supernets.darts import DartsSupernet
from naslib_proxydata.oneshot.supernets.mobilenet import MobileNetSupernet
from naslib_proxydata.oneshot.supernets.nb1shot1 import PARENTS, NasBench1Shot1Supernet
from naslib_proxydata.oneshot.supernets.nb201 import NasBench201Supernet
from naslib_proxydata.oneshot.supernets.restricted import RESTRICTED
from naslib_proxydata.spaces.common.build import build

if TYPE_CHECKING:
    import torch

    from naslib_proxydata.oneshot.supernets.base import Supernet

SUPERNETS: dict[str, Callable[..., Supernet]] = {
    "nb201": NasBench201Supernet,
    "darts": DartsSupernet,
    **{name: partial(DartsSupernet, choices=choices) for name, choices in RESTRICTED.items()},
    **{f"nb1shot1-{number}": partial(NasBench1Shot1Supernet, number) for number in PARENTS},
    "mobilenet": MobileNetSupernet,
}
"""Constructors called with channels, cells, num_classes, in_channels and partial."""


def supernet_builder(
    space: str,
    *,
    channels: int | None = None,
    cells: int | None = None,
    num_classes: int = 10,
    in_channels: int = 3,
    partial_channels: int = 1,
) -> Callable[[torch.Generator, int | None], Supernet]:
    """Return what a :class:`~naslib_proxydata.oneshot.learner.Learner` builds supernets with.

    Args:
        space: Name of the search space.
        channels: Channels of the first cells; the paper's where None.
        cells: Cells of the network, in NAS-Bench-201 of each stage; the paper's where None.
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        partial_channels: The K of partial channels.

    Raises:
        ConfigError: The space has no supernet; those that have are named.
    """
    if space not in SUPERNETS:
        raise ConfigError(unknown_name("search space", space, SUPERNETS, "the supernets"))

    def make(generator: torch.Generator, depth: int | None) -> Supernet:
        sizes = {"channels": channels, "cells": depth or cells}
        given = {name: value for name, value in sizes.items() if value is not None}
        return build(
            lambda: SUPERNETS[space](
                num_classes=num_classes,
                in_channels=in_channels,
                partial=partial_channels,
                **given,
            ),
            generator,
        )

    return make
