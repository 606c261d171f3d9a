"""What scorers work with: the dataset, the model that is trained on it, and the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers.models import build_model
from naslib_proxydata.selection.scorers.passes import ScoringPass
from naslib_proxydata.selection.scorers.recipe import PAPER, Recipe
from naslib_proxydata.selection.scorers.training import Trained, train

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset


@dataclass(frozen=True)
class ScoringContext:
    """What scorers share.

    Attributes:
        dataset: What is scored.
        cache: Folder of training runs and scores.
        model: Name of the model, see ``models.build_model``; each scorer's own where empty.
        recipe: How models are trained.
        seed: Seed of weights, order and augmentation.
        device: A torch device string.
        progress: Told what is being done, how much of it is, and of how much; or None.
        batch_size: Examples in a batch of a pass over the dataset; see ``passes.ScoringPass``.
        kept: Folder in which a pass keeps what is done, so that it can go on; or None.
    """

    dataset: Dataset
    cache: Path
    model: str = ""
    recipe: Recipe = PAPER
    seed: int = 0
    device: str = "cpu"
    progress: Callable[[str, int, int], None] | None = None
    batch_size: int | None = None
    kept: Path | None = None

    @property
    def scoring_pass(self) -> ScoringPass:
        """How a model goes over the dataset; a scorer may make one such pass."""
        return ScoringPass(self.batch_size, self.kept, self.progress)

    def key(self, model: str) -> Mapping[str, Any]:
        """Return everything a training run depends on, as plain data."""
        return {
            "dataset": self.dataset.fingerprint,
            "model": model,
            "recipe": self.recipe.model_dump(),
            "seed": self.seed,
        }

    def trained(self, model: str, early: bool = False) -> Trained:
        """Return the model trained on the dataset; runs that the cache holds cost nothing.

        Args:
            model: Its name, see ``models.build_model``.
            early: Whether the model of the recipe's early epoch is wanted, not the final one.

        Raises:
            DatasetError: The dataset is unlabelled.
            SelectionError: The model is unknown, or its loss is not a number.
        """
        folder = self.cache / "runs" / digest(self.key(model))
        return train(
            self.dataset,
            model,
            self.recipe,
            seed=self.seed,
            device=self.device,
            folder=folder,
            early=early,
            progress=self.report,
        )

    def check_model(self, model: str) -> None:
        """Refuse a model that cannot be built, before anything is spent on it.

        Raises:
            SelectionError: The name is unknown, or cannot be imported or built.
        """
        channels = self.dataset[0][0].shape[0]
        classes = max(2, self.dataset.num_classes)
        build_model(model, classes, channels, torch_generator(self.seed, "scorer", "check"))

    def report(self, doing: str, done: int, total: int) -> None:
        """Tell whoever watches how far the scoring is."""
        if self.progress is not None:
            self.progress(doing, done, total)


def digest(facts: Mapping[str, Any]) -> str:
    """Return a name for plain data that is the same whenever the data are."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
