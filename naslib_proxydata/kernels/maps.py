"""Memory of maps: used again instead of asked for anew, and not kept where a map is soon remade.

The C library of most systems leaves holes where large tensors of several sizes come and go, which
took up to a third more memory than was in use.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

Recipe = Callable[[], Tensor]
"""Makes a map anew, to the last bit, from others that are kept anyway."""
How = Literal["normalised", "convolved depthwise"]
"""What made a map that has a recipe; only who gains by it asks for one."""
LEAST = 2**17
"""Bytes of a map from which on its memory is worth keeping."""
_use_count: Any = getattr(torch._C, "_storage_Use_Count", None)  # no public name says it
_of_thread = threading.local()


def empty_map(*shape: int) -> Tensor:
    """Return a tensor (n, channels, h, w) with channels last in memory, values undefined."""
    size = 4 * math.prod(shape)
    if size < LEAST or _use_count is None:
        return torch.empty(shape, memory_format=torch.channels_last)
    _, channels, height, width = shape
    strides = height * width * channels, 1, width * channels, channels
    return torch.empty(0).set_(_unused(size), 0, shape, strides)


def forget_maps() -> None:
    """Give back what this thread keeps and does not use: maps of other sizes will be needed."""
    kept = _storages()
    for size, storages in kept.items():
        kept[size] = [one for one in storages if not _is_free(one)]


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
    """Save what the way back needs: the weight, and the features or their recipe."""
    ctx.save_for_backward(weight, *([] if recipe else [features]))
    ctx.recipe = recipe


def kept(ctx: Any) -> tuple[Tensor, Tensor]:
    """Return the features, made again if there is a recipe, and the weight that were saved."""
    weight, *features = ctx.saved_tensors
    return features[0] if features else ctx.recipe(), weight


def _storages() -> dict[int, list[torch.UntypedStorage]]:
    """Return this thread's memory by size."""
    found: dict[int, list[torch.UntypedStorage]] | None = getattr(_of_thread, "storages", None)
    if found is None:
        found = _of_thread.storages = defaultdict(list)
    return found


def _unused(size: int) -> torch.UntypedStorage:
    """Return memory of a size that no tensor has any more, or new memory."""
    kept = _storages()[size]
    for place, storage in enumerate(kept):
        if _is_free(storage):
            kept.append(kept.pop(place))  # those that were taken last are looked at last
            return storage
    storage = torch.UntypedStorage(size)  # type: ignore[no-untyped-call]
    kept.append(storage)
    return storage


def _is_free(storage: torch.UntypedStorage) -> bool:
    """Return whether nothing else has a storage."""
    return bool(_use_count(storage._cdata) == 1)
