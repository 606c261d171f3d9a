"""The moving average of a network's weights, by torch's own tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

if TYPE_CHECKING:
    from torch import nn


def averaged_copy(network: nn.Module, decay: float) -> AveragedModel:
    """Return a copy whose weights and running statistics are averages: a <- d a + (1 - d) w.

    Args:
        network: Of which ``update_parameters`` takes the weights.
        decay: d.
    """
    average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(network, multi_avg_fn=average, use_buffers=True)
