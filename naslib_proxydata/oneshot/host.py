"""Between the host and a device: the few copies that a batch may make.

What decides which operations are launched must be known on the host. A strategy that draws it from
parameters of the device reads them once after each change, which waits for the device; nothing
else in a batch waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.utils.weak import WeakIdKeyDictionary

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class HostValues:
    """Values of tensors on the host, copied once after each change in place."""

    def __init__(self) -> None:
        self._kept: WeakIdKeyDictionary = WeakIdKeyDictionary()

    def of(self, tensor: Tensor) -> Tensor:
        """Return the values on the CPU, without gradient; the tensor itself where it is there."""
        if tensor.device.type == "cpu":
            return tensor.detach()
        version = tensor._version
        if tensor not in self._kept or self._kept[tensor][0] != version:
            self._kept[tensor] = version, read(tensor)
        values: Tensor = self._kept[tensor][1]
        return values


def read(tensor: Tensor) -> Tensor:
    """Copy a tensor to the host, which waits for the device."""
    return tensor.detach().cpu()


def send(tensor: Tensor, device: str | torch.device) -> Tensor:
    """Return a tensor of the host on a device, which nobody waits for."""
    pinned = tensor.pin_memory() if str(device).startswith("cuda") else tensor
    return pinned.to(device, non_blocking=True)
