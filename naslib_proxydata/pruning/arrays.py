"""The few array operations that must work on numpy arrays and torch tensors alike.

Statistics live on the device that computes the probabilities, so that no batch waits for a
copy to the host; this file is the only one here that knows there are two kinds of array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def is_tensor(array: Any) -> bool:
    """Return whether ``array`` is a torch tensor, without importing torch."""
    return type(array).__module__.partition(".")[0] == "torch"


def zeros_beside(size: int, example: Any) -> Any:
    """Return float64 zeros, shape (size,), of the kind and on the device of ``example``."""
    if is_tensor(example):
        import torch

        return torch.zeros(size, dtype=torch.float64, device=example.device)
    return np.zeros(size)


def put_beside(array: NDArray[Any], example: Any) -> Any:
    """Return ``array`` as the kind and on the device of ``example`` (host to device only).

    A copy to a GPU is not waited for: it leaves from pinned memory.
    """
    if is_tensor(example):
        import torch

        values = torch.from_numpy(array)
        values = values.pin_memory() if example.device.type == "cuda" else values
        return values.to(example.device, non_blocking=True)
    return array


def on_host(array: Any) -> NDArray[Any]:
    """Return ``array`` as a numpy array; the one place where a device is waited for."""
    return np.asarray(array.detach().cpu()) if is_tensor(array) else np.asarray(array)
