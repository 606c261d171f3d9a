"""Picking the final cell by the accuracy that shared weights give to sampled cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch

from naslib_proxydata.oneshot.moment import Moment

if TYPE_CHECKING:
    from naslib_proxydata.data.loader import Batch
    from naslib_proxydata.oneshot.learner import Learner


@torch.no_grad()
def pick(learner: Learner, batches: Iterable[Batch], samples: int) -> str:
    """Sample cells, give each one batch of accuracy, return the text of the best.

    Cell k sees batch k, beginning anew when the batches end (ENAS, arXiv 1802.03268, section
    2.3: one minibatch a cell).

    Args:
        learner: The trained supernet; its relaxation draws one candidate an edge.
        batches: Architecture batches.
        samples: Number of cells.
    """
    settings = learner.settings
    moment = Moment.of(settings, settings.epochs, "picks")
    held = list(batches)
    best, best_accuracy = "", -1.0
    for number in range(samples):
        mixtures = learner.mixtures(moment)
        batch = held[number % len(held)]
        _, logits = learner.loss(batch, mixtures)
        accuracy = float((logits.argmax(1) == batch.labels).float().mean())
        if accuracy > best_accuracy:
            strengths = {
                kind: mixture.weights.double().cpu().numpy().astype(np.float64)
                for kind, mixture in mixtures.items()
            }
            best, best_accuracy = learner.supernet.derive(strengths), accuracy
    return best
