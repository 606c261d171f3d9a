"""A pruner: what the network has learnt with certainty goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, hookimpl


class CertainPruner:
    """Drops, after each epoch, the examples whose label was predicted with certainty.

    Args:
        certainty: The probability of the label from which on an example goes.
        least: Share of a level's examples that stays in any case.
    """

    def __init__(self, certainty: float = 0.9, *, least: float = 0.25) -> None:
        if not (0 < certainty <= 1 and 0 < least <= 1):
            raise PruningError(
                f"certainty and least are expected in (0, 1], got {certainty} and {least}"
            )
        self.certainty, self.least = certainty, least

    def settings(self) -> Mapping[str, Any]:
        return {"certainty": self.certainty, "least": self.least}

    @hookimpl
    def search_started(self, info: SearchInfo) -> None:
        if info.targets is None:
            raise PruningError("the pruner 'certain' needs labels, and the dataset has none")
        self._fewest = {
            level: max(2, round(self.least * size)) for level, size in info.sizes.items()
        }
        self._probability = {level: np.zeros(len(info.targets)) for level in LEVELS}

    @hookimpl
    def batch_finished(
        self, level: Level, indices: NDArray[np.int64], probabilities: Any, targets: Any
    ) -> None:
        of_label = probabilities.gather(1, targets[:, None])[:, 0]
        self._probability[level][indices] = of_label.cpu().numpy()

    @hookimpl
    def prune_examples(self, level: Level, active: NDArray[np.int64]) -> NDArray[np.int64]:
        # The least certain first, so that the limit keeps those that are learnt worst.
        order = active[np.argsort(self._probability[level][active], kind="stable")]
        uncertain = int((self._probability[level][active] < self.certainty).sum())
        return np.sort(order[: max(uncertain, self._fewest[level])])

    def state_dict(self) -> dict[str, Any]:
        return dict(self._probability)

    def load_state_dict(self, state: Mapping[str, Any], example: Any = None) -> None:
        self._probability = {level: np.asarray(state[level]) for level in LEVELS}
