"""Running a model over a whole dataset, without augmentation, in eval mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from naslib_proxydata.selection.scorers.models import last_linear
from naslib_proxydata.selection.scorers.passes import ScoringPass

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.data.loader import Batch

WHOLE = ScoringPass()
"""A pass in batches of the usual size that keeps nothing on the way."""


@torch.no_grad()
def score_outputs(
    model: nn.Module,
    dataset: Dataset,
    formula: Callable[[Tensor, Tensor], Tensor],
    device: str,
    how: ScoringPass = WHOLE,
) -> NDArray[np.float64]:
    """Return ``formula(logits, labels)`` of every example in dataset order, shape (n,).

    Only one batch of logits is held, so that class counts and dataset sizes do not multiply.
    """
    model.eval()

    def scores(batch: Batch) -> Tensor:
        return formula(model(batch.images).float(), batch.labels).double()

    return how.rows(dataset, device, scores)


@torch.no_grad()
def penultimate_features(
    model: nn.Module, dataset: Dataset, device: str, how: ScoringPass = WHOLE
) -> NDArray[np.float32]:
    """Return the input of the last linear layer for every example, shape (n, dimensions).

    Raises:
        SelectionError: The model has no linear layer.
    """
    seen: list[Tensor] = []
    handle = last_linear(model).register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].flatten(1).float())
    )
    model.eval()

    def features(batch: Batch) -> Tensor:
        model(batch.images)
        rows = torch.cat(seen)
        seen.clear()
        return rows

    try:
        return how.rows(dataset, device, features)
    finally:
        handle.remove()
