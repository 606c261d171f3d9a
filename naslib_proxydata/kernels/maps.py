"""Memory of maps: used again instead of asked for anew, and not kept where a map is soon remade."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from naslib_proxydata.kernels.arena import Arena


class Recipe(NamedTuple):
    """Makes a map anew, to the last bit, from tensors that are kept anyway.

    Attributes:
        make: Has no tensors of its own, for autograd to let go of them one by one on the way back.
        tensors: What it takes.
    """

    make: Callable[..., Tensor]
    tensors: tuple[Tensor, ...]


How = Literal["normalised", "convolved depthwise"]
"""What made a map that has a recipe; only who gains by it asks for one."""
LEAST = 2**15
"""Floats of a map from which on its memory is worth keeping."""
_of_thread = threading.local()


def empty_map(*shape: int) -> Tensor:
    """Return a tensor (n, channels, h, w) with channels last in memory, values undefined."""
    size = math.prod(shape)
    if size < LEAST:
        return torch.empty(shape, memory_format=torch.channels_last)
    # In place, for autograd to see that nobody else has it, and to add to it.
    return arena().take(size).resize_(shape, memory_format=torch.channels_last)


def arena() -> Arena:
    """Return this thread's memory of maps."""
    found: Arena | None = getattr(_of_thread, "arena", None)
    if found is None:
        found = _of_thread.arena = Arena()
    return found


def remember(features: Tensor, how: How, recipe: Recipe) -> Tensor:
    """Attach its recipe to a map, for what reads the map and would keep it."""
    if torch.is_grad_enabled():
        setattr(features, how, recipe)
    return features


def recipe_of(features: Tensor, how: How) -> Recipe | None:
    """Return the recipe of a map that was made so, None for any other."""
    recipe: Recipe | None = getattr(features, how, None)
    return recipe


def keep(ctx: Any, features: Tensor, weight: Tensor, recipe: Recipe | None) -> None:
    """Save what the way back needs: the weight, and the features or what their recipe takes."""
    ctx.save_for_backward(weight, *(recipe.tensors if recipe else [features]))
    ctx.make = recipe and recipe.make


def kept(ctx: Any) -> tuple[Tensor, Tensor]:
    """Return the features, made again if there is a recipe, and the weight that were saved."""
    weight, *tensors = ctx.saved_tensors
    return ctx.make(*tensors) if ctx.make else tensors[0], weight
