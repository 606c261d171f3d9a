"""Watching the global random generators, which nothing in the package may use."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def global_states() -> tuple[Any, ...]:
    """Return the states of the global generators of torch, numpy and Python."""
    import torch

    numpys = np.random.get_state()  # noqa: NPY002
    return (torch.get_rng_state().tolist(), random.getstate(), *(str(part) for part in numpys))
