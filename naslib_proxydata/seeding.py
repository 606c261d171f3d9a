"""Explicit generators: every random number of the package comes from one made here.

A generator is derived from named parts (``derive_seed(run_seed, "eproxy", "barrier")``), so
that adding one more consumer of randomness never shifts the numbers of another.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive_seed(*parts: int | str) -> int:
    """Hash the parts into a seed of 63 bits, the same on every machine and run."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def numpy_generator(*parts: int | str) -> np.random.Generator:
    """Return numpy's default generator seeded from the parts."""
    return np.random.default_rng(derive_seed(*parts))


def torch_generator(*parts: int | str, device: str = "cpu") -> torch.Generator:
    """Return a torch generator seeded from the parts.

    Numbers drawn on the CPU and moved are the same on every device; those of another device's
    generator are its own, and cost no copy.

    Args:
        parts: What the seed is made of.
        device: A torch device string.
    """
    import torch

    return torch.Generator(device=device).manual_seed(derive_seed(*parts))
