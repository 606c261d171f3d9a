"""What scorers work with: the dataset, the model that is trained on it, and the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from naslib_proxydata.data.transforms import Normalise
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers.model_input import PreparedModel
from naslib_proxydata.selection.scorers.models import build_model
from naslib_proxydata.selection.scorers.passes import ScoringPass
from naslib_proxydata.selection.scorers.recipe import PAPER, Recipe
from naslib_proxydata.selection.scorers.training import Trained, train, training_accuracy

if TYPE_CHECKING:
    from torch import nn

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.scorers.pretrained import Pretrained


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
        pretrained: A model that is used as it is, in place of one that is trained; or None.
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
    pretrained: Pretrained | None = None
    batch_size: int | None = None
    kept: Path | None = None

    @property
    def scoring_pass(self) -> ScoringPass:
        """How a model goes over the dataset; a scorer may make one such pass."""
        return ScoringPass(self.batch_size, self.kept, self.progress)

    def key(self, model: str) -> Mapping[str, Any]:
        """Return everything a training run, or a pretrained model's scores, depend on."""
        shown = {"dataset": self.dataset.fingerprint, "model": model}
        return shown if self.pretrained is not None else {**shown, **self.training}

    @property
    def training(self) -> Mapping[str, Any]:
        """What else anything that is trained depends on."""
        return {"recipe": self.recipe.model_dump(), "seed": self.seed}

    def trained(self, model: str, early: bool = False, outputs: bool = False) -> Trained:
        """Return the model trained on the dataset; runs that the cache holds cost nothing.

        Args:
            model: Its name, see ``models.build_model``.
            early: Whether the model of the recipe's early epoch is wanted, not the final one.
            outputs: Whether what it gave in every epoch is wanted, too.

        Raises:
            DatasetError: The dataset is unlabelled.
            SelectionError: The model is unknown, or its loss is not a number.
        """
        folder = self.run_folder(model)
        return train(
            self.dataset,
            model,
            self.recipe,
            seed=self.seed,
            device=self.device,
            folder=folder,
            early=early,
            outputs=outputs,
            progress=self.report,
        )

    def classifier(self, model: str, early: bool = False) -> nn.Module:
        """Return the model that is scored with: the given one, or one trained on the dataset.

        Args:
            model: Its name, see ``models.build_model``.
            early: See :meth:`trained`; a given model has no earlier state.

        Returns:
            A network in eval mode on the device, which takes the images of a loader.

        Raises:
            ProxyDataError: See :meth:`trained`.
        """
        if self.pretrained is None:
            return self.trained(model, early).model
        given = self.pretrained
        return PreparedModel(given.model, given.input, self.dataset).eval().to(self.device)

    def pretrained_classes(self) -> int:
        """Return how many classes the given model tells apart, by showing it an image.

        Raises:
            SelectionError: It cannot be shown the dataset's images, or gives no logits.
        """
        assert self.pretrained is not None
        name, image = self.pretrained.name, self.dataset[0][0][None]
        try:
            with torch.no_grad():
                shown = Normalise(*self.dataset.statistics)(image).to(self.device)
                logits = self.classifier(name)(shown)
        except Exception as error:  # it is a stranger's network
            raise SelectionError(
                f"model {name} cannot be shown images of shape {tuple(image.shape[1:])}: "
                f"{' '.join(str(error).split())[:300]}; give input_size, or another model"
            ) from error
        if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or logits.shape[1] < 2:
            shape = tuple(getattr(logits, "shape", ()))
            raise SelectionError(
                f"model {name} must give logits of shape (n, classes), got a "
                f"{type(logits).__name__} of shape {shape}"
            )
        return logits.shape[1]

    def training_accuracy(self, model: str, early: bool = False) -> float | None:
        """Return what a model reached on its training examples, in percent.

        Args:
            model: Its name.
            early: Whether the model of the recipe's early epoch is meant.

        Returns:
            None where it was not trained here, or by an earlier version that kept no accuracy.
        """
        return training_accuracy(self.run_folder(model), early)

    def run_folder(self, model: str) -> Path:
        """Return where the checkpoints of the training of a model lie."""
        return self.cache / "runs" / digest(self.key(model))

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
