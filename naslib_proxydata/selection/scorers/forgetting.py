"""Forgetting events: how often an example was right and then wrong again in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


class ForgettingCounter:
    """Counts forgetting events (arXiv 1812.05159, section 3).

    Example i is forgotten at its presentation t + 1 where it was classified rightly at its
    presentation t and is wrong now. Presentations are the training batches themselves.

    Args:
        count: Number of examples.
    """

    def __init__(self, count: int) -> None:
        self.events = torch.zeros(count, dtype=torch.int64)
        self.presentations = torch.zeros(count, dtype=torch.int64)
        self.was_right = torch.zeros(count, dtype=torch.bool)
        self.ever_right = torch.zeros(count, dtype=torch.bool)

    def update(self, indices: Tensor, right: Tensor) -> None:
        """Take in one batch.

        Args:
            indices: Dataset indices, int64, shape (n,), on the CPU.
            right: Whether each was classified rightly, bool, shape (n,), on the CPU.
        """
        self.events[indices] += self.was_right[indices] & ~right
        self.presentations[indices] += 1
        self.was_right[indices] = right
        self.ever_right[indices] |= right

    def scores(self) -> NDArray[np.float64]:
        """Return the events of each example, shape (count,), float64.

        An example that was never right has no forgetting event, but is the hardest of all: it
        counts as more than any other could have, the number of its presentations.
        """
        never = torch.where(self.ever_right, self.events, self.presentations)
        result: NDArray[np.float64] = never.double().numpy()
        return result

    def state_dict(self) -> dict[str, Any]:
        """Return the counts, for a checkpoint."""
        return dict(vars(self))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        for name in vars(self):
            setattr(self, name, state[name])
