"""A score list in place of the dataset that it scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.errors import SelectionError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.selection.score_files import ScoreList


class ListedDataset(Dataset):
    """What a score list knows of its dataset: how many examples there are, and their classes.

    Args:
        scores: A list that carries the classes.

    Raises:
        SelectionError: It carries none, by which a search could tell that its order is that of
            the dataset.
    """

    fingerprint = ""

    def __init__(self, scores: ScoreList) -> None:
        if scores.labels is None:
            raise SelectionError(
                f"{scores.path} carries no classes, so it cannot stand for its dataset; name the "
                "dataset beside it"
            )
        self.name = scores.origin.dataset or scores.path.stem
        self.fingerprint = scores.fingerprint
        self.path = scores.path
        self.labels = scores.labels[scores.rows()]

    def __len__(self) -> int:
        """Return the number of examples."""
        return 0 if self.labels is None else len(self.labels)

    def pixels(self, indices: NDArray[np.int64]) -> Tensor:
        """Refuse: a list has no images.

        Raises:
            SelectionError: Always.
        """
        raise SelectionError(
            f"{self.path} stands for its dataset and has no images; name the dataset beside it"
        )
