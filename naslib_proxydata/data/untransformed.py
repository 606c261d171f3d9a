"""The images of a stranger's dataset without the transforms that it applies to them."""

from __future__ import annotations

import copy
from typing import Any

from torch.utils.data import ConcatDataset, Subset


def untransformed(source: Any) -> Any:
    """Return a dataset that gives its images as they are stored, or None where it cannot.

    Understood are torchvision's datasets and others with an attribute ``transform`` or
    ``transforms`` that may be None; Hugging Face's, by ``with_format(None)``; and torch's
    ``Subset`` and ``ConcatDataset`` of them. The dataset itself is left alone.

    Args:
        source: A map-style dataset.
    """
    if isinstance(source, Subset):
        inner = untransformed(source.dataset)
        return None if inner is None else Subset(inner, source.indices)
    if isinstance(source, ConcatDataset):
        parts = [untransformed(part) or part for part in source.datasets]
        return None if parts == list(source.datasets) else ConcatDataset(parts)
    if hasattr(source, "with_format") and hasattr(source, "column_names"):
        return source.with_format(None)
    own = [name for name in ("transform", "transforms") if callable(_attribute(source, name))]
    if not own:
        return None
    plain = copy.copy(source)
    for name in own:
        setattr(plain, name, None)
    return plain


def _attribute(source: Any, name: str) -> Any:
    """Return an attribute of the object itself; a method of its class is none."""
    return getattr(source, "__dict__", {}).get(name)
