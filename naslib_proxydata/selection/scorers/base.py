"""What a scorer is, and where it works."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from naslib_proxydata.selection.scorers.recipe import PAPER, Recipe
from naslib_proxydata.selection.scorers.training import Trained, train

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset


@dataclass(frozen=True)
class Workplace:
    """What scorers share: the dataset, the model that is trained on it, and the disk.

    Attributes:
        dataset: What is scored.
        cache: Folder of training runs and scores.
        model: Name of the model, see ``models.build_model``; each scorer's own where empty.
        recipe: How models are trained.
        seed: Seed of weights, order and augmentation.
        device: A torch device string.
    """

    dataset: Dataset
    cache: Path
    model: str = ""
    recipe: Recipe = PAPER
    seed: int = 0
    device: str = "cpu"

    def key(self, model: str) -> Mapping[str, Any]:
        """Return everything a training run depends on, as plain data."""
        return {
            "dataset": self.dataset.fingerprint,
            "model": model,
            "recipe": self.recipe.model_dump(),
            "seed": self.seed,
        }

    def trained(self, model: str, early: bool = False) -> Trained:
        """Return the model trained on the dataset; runs that the cache holds cost nothing."""
        folder = self.cache / "runs" / digest(self.key(model))
        return train(
            self.dataset,
            model,
            self.recipe,
            seed=self.seed,
            device=self.device,
            folder=folder,
            early=early,
        )


class Scorer(ABC):
    """Gives each example of a dataset a number or a feature vector; it never chooses.

    Attributes:
        name: The name on the command line.
        gives: What its array is to a selector.
        own_model: Name of the model where the user names none; empty where none is used.
        cached: Whether the array is worth keeping on disk.
    """

    name: ClassVar[str]
    gives: ClassVar[Literal["scores", "features"]] = "scores"
    own_model: ClassVar[str] = "resnet20"
    cached: ClassVar[bool] = True

    @abstractmethod
    def compute(self, workplace: Workplace) -> NDArray[np.floating[Any]]:
        """Return scores, shape (n,), or features, shape (n, dimensions), in dataset order."""

    def model(self, workplace: Workplace) -> str:
        """Return the name of the model that this scorer uses there."""
        return workplace.model or self.own_model


def digest(facts: Mapping[str, Any]) -> str:
    """Return a name for plain data that is the same whenever the data are."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
