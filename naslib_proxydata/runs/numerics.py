"""How torch chooses among algorithms that give the same numbers up to rounding."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def numerics(*, cudnn_benchmark: bool, deterministic: bool) -> Iterator[None]:
    """Set what torch may choose for the block, and put it back.

    Args:
        cudnn_benchmark: Let cuDNN time its convolutions at first and take the fastest; which one
            that is may differ from run to run, and results with it in the last digits.
        deterministic: Use only algorithms that give the same numbers every time on one machine;
            torch raises a RuntimeError where an operation has none. cuBLAS is given the fixed
            workspace that this needs, unless the environment says which.
    """
    import torch

    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, torch.are_deterministic_algorithms_enabled()
    if deterministic:
        os.environ.setdefault(WORKSPACE, ":4096:8")
    cudnn.benchmark = cudnn_benchmark
    torch.use_deterministic_algorithms(deterministic)
    try:
        yield
    finally:
        cudnn.benchmark = before[0]
        torch.use_deterministic_algorithms(before[1])
