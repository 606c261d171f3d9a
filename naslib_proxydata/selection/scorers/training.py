"""Training a scorer's model, once, so that it can go on after an interruption."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import torch
from torch.nn import functional

from naslib_proxydata.cached import read_cached, write_cached
from naslib_proxydata.data.loader import BatchLoader
from naslib_proxydata.data.transforms import CropAndFlip
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.scorers.dynamics import AGAIN, Dynamics, DynamicsRecorder
from naslib_proxydata.selection.scorers.forgetting import ForgettingCounter
from naslib_proxydata.selection.scorers.models import build_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.scorers.recipe import Recipe

_log = logging.getLogger(__name__)

LATEST, EARLY = "checkpoint.pt", "early.pt"


@dataclass(frozen=True)
class Trained:
    """What a training run leaves.

    Attributes:
        model: The network in eval mode, on its device.
        forgetting: What each example's training history says.
        dynamics: What it predicted of each example in each epoch.
    """

    model: nn.Module
    forgetting: ForgettingCounter
    dynamics: Dynamics


def train(
    dataset: Dataset,
    model_name: str,
    recipe: Recipe,
    *,
    seed: int,
    device: str,
    folder: Path,
    early: bool = False,
    outputs: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Trained:
    """Train a model, or go on with a run that ``folder`` holds, or return its result.

    A checkpoint is written after each epoch; ``early.pt`` keeps the model after
    ``recipe.early_epoch``. The same arguments give the same model, interrupted or not. Where a
    checkpoint is damaged, training goes on from the earlier one or begins anew, and a warning says
    so. Mixed precision is used on a GPU only.

    Args:
        dataset: Labelled images.
        model_name: See :func:`naslib_proxydata.selection.scorers.models.build_model`.
        recipe: How to train.
        seed: Seed of weights, order and augmentation.
        device: A torch device string.
        folder: Where checkpoints lie; one folder for each dataset, model, recipe and seed.
        early: Stop at ``recipe.early_epoch`` and return that model.
        outputs: Whether what each epoch gave is wanted, and is made again where it is damaged.
        progress: Told after each epoch what is trained, how many epochs are done, and of how many.

    Raises:
        DatasetError: The dataset is unlabelled.
        SelectionError: The loss is not a number, or a checkpoint cannot be written.
    """
    last = recipe.early_epoch if early else recipe.epochs
    begin = partial(_Run, dataset, model_name, recipe, seed, device)
    wanted, other = (EARLY, LATEST) if early else (LATEST, EARLY)
    ahead = False  # whether a run is kept that is further on, which must stay
    for name in (wanted, other):
        run = _restored(begin, folder / name)
        if run is not None and run.epoch > last:
            ahead = True
        elif run is not None and (not outputs or Dynamics(folder, run.epoch).is_whole()):
            break
    else:
        run = begin()
    if run.epoch == last and name == other:
        run.save(folder / wanted)
    while run.epoch < last:
        run.train_epoch()
        run.dynamics.write(folder, run.epoch)
        if run.epoch == recipe.early_epoch:
            run.save(folder / EARLY)
        if not ahead:
            run.save(folder / LATEST)
        if progress is not None:
            progress(f"training {model_name}", run.epoch, last)
    return Trained(run.model.eval(), run.forgetting, Dynamics(folder, run.epoch))


def _restored(begin: Callable[[], _Run], path: Path) -> _Run | None:
    """Return the run of a checkpoint; None where it is absent or damaged."""
    if not path.exists():
        return None
    run = begin()

    def restore(file: BinaryIO) -> _Run:
        run.restore(_loaded(file))
        return run

    return read_cached(path, restore, AGAIN)


def _loaded(file: BinaryIO) -> dict[str, Any]:
    # torch looks for the end of an archive at the end of the file, and for its begin at 0.
    content = io.BytesIO(file.read())
    state: dict[str, Any] = torch.load(content, map_location="cpu", weights_only=True)
    return state


def training_accuracy(folder: Path, early: bool = False) -> float | None:
    """Return the training accuracy of a run's last epoch, or of its early one, in percent.

    It is taken from the training batches themselves, augmented and in train mode.

    Args:
        folder: Where its checkpoints lie.
        early: Whether the model of the recipe's early epoch is meant.

    Returns:
        None where there is no run, or an earlier version made it, which kept no accuracy.
    """
    path = folder / (EARLY if early else LATEST)
    kept = read_cached(path, _loaded, "the training accuracy is not told")
    accuracy = None if kept is None else kept.get("accuracy")
    return None if accuracy is None else float(accuracy)


class _Run:
    """The state of a training run after ``epoch`` epochs."""

    def __init__(
        self, dataset: Dataset, model_name: str, recipe: Recipe, seed: int, device: str
    ) -> None:
        labels = dataset.required_labels(f"training {model_name} on it")
        channels, height, _ = dataset[0][0].shape
        initial = torch_generator(seed, "scorer", "weights")
        classes = max(2, int(labels.max()) + 1)
        model = build_model(model_name, classes, channels, initial)
        # Channels last takes a quarter less time on a CPU, and mixed precision on a GPU wants it.
        self.model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe = recipe
        self.device = device
        self.seed = seed
        self.epoch = 0
        self.dataset = dataset
        self.forgetting = ForgettingCounter(len(dataset))
        self.dynamics = DynamicsRecorder(len(dataset), classes)
        self.accuracy: float | None = None
        self.optimizer = torch.optim.SGD(
            self.model.parameters(),
            recipe.learning_rate,
            recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.nesterov,
        )
        self.augment = CropAndFlip(padding=height // 8) if recipe.augment else None
        self.mixed = device.startswith("cuda")
        self.scaler = torch.amp.GradScaler(enabled=self.mixed)

    def train_epoch(self) -> None:
        """Train for one epoch with a generator of its own, so that resuming repeats it."""
        loader = BatchLoader(
            self.dataset,
            batch_size=self.recipe.batch_size,
            generator=torch_generator(self.seed, "scorer", "epoch", self.epoch),
            augment=self.augment,
            device=self.device,
        )
        self.model.train()
        total = correct = 0.0
        for step, (images, labels, indices, _) in enumerate(loader):
            progress = (self.epoch + step / len(loader)) / self.recipe.epochs
            for group in self.optimizer.param_groups:
                group["lr"] = self.recipe.rate(progress)
            self.optimizer.zero_grad()
            with torch.autocast(self.device.split(":")[0], enabled=self.mixed):
                logits = self.model(images.contiguous(memory_format=torch.channels_last))
                loss = functional.cross_entropy(logits, labels)
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            self.scaler.step(self.optimizer)
            self.scaler.update()
            right = (logits.argmax(1) == labels).cpu()
            self.forgetting.update(indices, right)
            self.dynamics.update(indices, logits, labels)
            total += float(loss.detach()) * len(indices)
            correct += float(right.sum())
        self.epoch += 1
        mean = total / len(self.dataset)
        self.accuracy = 100 * correct / len(self.dataset)
        if not np.isfinite(mean):
            raise SelectionError(
                f"the loss of the scorer's model is {mean} in epoch {self.epoch}; use a lower "
                f"learning rate than {self.recipe.learning_rate}"
            )
        _log.info(
            "scorer's model: epoch %d of %d, loss %.3f, training accuracy %.1f %%",
            self.epoch,
            self.recipe.epochs,
            mean,
            self.accuracy,
        )

    def save(self, path: Path) -> None:
        """Write everything that the next epoch depends on, atomically."""
        state = {
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "forgetting": self.forgetting.state_dict(),
            "dynamics": self.dynamics.state_dict(),
            "accuracy": self.accuracy,
        }
        # Not straight into the file: of a full disk torch says something else.
        stream = io.BytesIO()
        torch.save(state, stream)
        write_cached(path, lambda file: file.write(stream.getbuffer()), error=SelectionError)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`save` wrote."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        self.forgetting.load_state_dict(state["forgetting"])
        if "dynamics" in state:  # earlier versions recorded neither
            self.dynamics.load_state_dict(state["dynamics"])
            self.accuracy = state["accuracy"]
        self.epoch = int(state["epoch"])
