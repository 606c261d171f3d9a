"""Supernets of a search space by its name, as a learner builds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.plugins.checks import resolve
from naslib_proxydata.spaces.common.build import build

if TYPE_CHECKING:
    import torch

    from naslib_proxydata.oneshot.supernets.base import Supernet
    from naslib_proxydata.plugins import Plugins


def supernet_builder(
    plugins: Plugins,
    space: str,
    *,
    channels: int | None = None,
    cells: int | None = None,
    num_classes: int = 10,
    in_channels: int = 3,
    partial: int = 1,
    auxiliary: bool = False,
) -> Callable[..., Supernet]:
    """Return what a :class:`~naslib_proxydata.oneshot.learner.Learner` builds supernets with.

    Args:
        plugins: Where the supernet is looked up.
        space: Name of the search space.
        channels: Channels of the first cells; the paper's where None.
        cells: Cells of the network, in NAS-Bench-201 of each stage; the paper's where None.
        num_classes: Number of outputs.
        in_channels: Number of channels of the images.
        partial: The K of partial channels.
        auxiliary: Whether edges have a skip connection beside their candidates.

    Raises:
        ConfigError: The space has no supernet; those that have are named. Or its supernet has no
            place for auxiliary skip connections.
    """
    factory = resolve(plugins.registration("supernets", space).factory, f"supernet {space!r}")
    if auxiliary and "auxiliary" not in inspect.signature(factory).parameters:
        raise ConfigError(
            f"the supernet of {space!r} has no edges that an auxiliary skip connection could be "
            "added to; use another strategy, or a space such as darts or nb201"
        )
    more = {"auxiliary": True} if auxiliary else {}

    def make(generator: torch.Generator, depth: int | None, partial: int = partial) -> Supernet:
        sizes = {"channels": channels, "cells": depth or cells}
        given = {name: value for name, value in sizes.items() if value is not None}
        return build(
            lambda: plugins.create(
                "supernets",
                space,
                num_classes=num_classes,
                in_channels=in_channels,
                partial=partial,
                **given,
                **more,
            ),
            generator,
        )

    return make
