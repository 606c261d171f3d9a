"""Loss, top-1 and top-5 accuracy, summed on the device until an epoch ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from naslib_proxydata.runs.processes import explained, processes

TOP = 5


class Accuracy(NamedTuple):
    """What a network reaches on some images.

    Attributes:
        loss: Mean cross-entropy, in nats.
        top1: Percent of images whose label has the largest logit.
        top5: Percent of images whose label is among the five largest; all of them where there are
            no more than five classes.
    """

    loss: float
    top1: float
    top5: float


@dataclass
class Meter:
    """Sums over batches.

    Attributes:
        sums: Losses, hits among the first and among the first five, and images.
    """

    sums: Tensor | None = None

    def add(self, losses: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Take in one batch.

        Args:
            losses: Summed over the batch, or what stands for it; shape ().
            logits: Shape (n, classes).
            labels: Shape (n,).
        """
        best = logits.topk(min(TOP, logits.shape[1]), dim=1).indices
        hits = best == labels[:, None]
        count = hits.new_tensor(len(labels), dtype=torch.float64)
        found = (losses.detach().double(), hits[:, 0].sum(), hits.sum(), count)
        row = torch.stack([one.to(torch.float64) for one in found])
        self.sums = row if self.sums is None else self.sums + row

    def result(self) -> Accuracy:
        """Return the means over all batches of all processes."""
        none = torch.zeros(4, dtype=torch.float64)  # of a process that had no share in any batch
        sums = none if self.sums is None else self.sums.cpu()
        if processes() > 1:
            with explained():
                dist.all_reduce(sums)
        loss, first, among, count = sums.tolist()
        return Accuracy(loss / count, 100 * first / count, 100 * among / count)


def summed_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy summed over a batch, in nats."""
    return F.cross_entropy(logits, labels, reduction="sum")
