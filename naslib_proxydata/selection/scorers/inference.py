"""Running a model over a whole dataset, without augmentation, in eval mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.data.loader import BatchLoader
from naslib_proxydata.selection.scorers.models import last_linear

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from naslib_proxydata.data.base import Dataset

BATCH_SIZE = 500


@torch.no_grad()
def score_outputs(
    model: nn.Module,
    dataset: Dataset,
    formula: Callable[[Tensor, Tensor], Tensor],
    device: str,
) -> NDArray[np.float64]:
    """Return ``formula(logits, labels)`` of every example in dataset order, shape (n,).

    Only one batch of logits is held, so that class counts and dataset sizes do not multiply.
    """
    model.eval()
    scores = [
        formula(model(images).float(), labels).double().cpu()
        for images, labels, *_ in BatchLoader(dataset, batch_size=BATCH_SIZE, device=device)
    ]
    result: NDArray[np.float64] = torch.cat(scores).numpy()
    return result


@torch.no_grad()
def penultimate_features(model: nn.Module, dataset: Dataset, device: str) -> NDArray[np.float32]:
    """Return the input of the last linear layer for every example, shape (n, dimensions).

    Raises:
        SelectionError: The model has no linear layer.
    """
    seen: list[Tensor] = []
    handle = last_linear(model).register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].flatten(1).float().cpu())
    )
    model.eval()
    try:
        for images, *_ in BatchLoader(dataset, batch_size=BATCH_SIZE, device=device):
            model(images)
    finally:
        handle.remove()
    result: NDArray[np.float32] = torch.cat(seen).numpy()
    return result
