"""What a training run predicts of each example, epoch by epoch, kept on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
import torch

from naslib_proxydata.cached import read_cached, write_cached
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.scorers import formulas

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

FOLDER = "dynamics"
LARGEST = 1 << 30
"""Bytes of one epoch's probabilities, above which divergences are not recorded."""

AGAIN = "the model is trained again from an earlier epoch, or anew"
"""What is done where something of a training run is damaged."""

Quantity = Literal["probability", "margin", "divergence"]


class DynamicsRecorder:
    """Records one epoch's outputs of the training batches themselves.

    Of each example three float32 numbers are kept: the probability of its class, the margin of
    its logit, and how far its probabilities are from those of the epoch before. A file for each
    epoch has 12 bytes an example; only the last epoch's probabilities are held in memory.

    Args:
        count: Number of examples.
        classes: Number of classes.
    """

    def __init__(self, count: int, classes: int) -> None:
        self.epoch: dict[Quantity, Tensor] = {
            "probability": torch.zeros(count),
            "margin": torch.zeros(count),
        }
        self.previous: Tensor | None = None
        if fits(count, classes):
            self.epoch["divergence"] = torch.zeros(count)
            self.previous = torch.full((count, classes), 1 / classes)

    @torch.no_grad()
    def update(self, indices: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Take in one training batch.

        Args:
            indices: Dataset indices, int64, shape (n,), on the CPU.
            logits: Shape (n, classes).
            labels: int64, shape (n,).
        """
        logits = logits.detach().float()
        probabilities = torch.softmax(logits, dim=1)
        own = probabilities.gather(1, labels[:, None])[:, 0]
        self.epoch["probability"][indices] = own.cpu()
        self.epoch["margin"][indices] = formulas.logit_margin(logits, labels).cpu()
        if self.previous is not None:
            now = probabilities.cpu()
            self.epoch["divergence"][indices] = formulas.divergence(now, self.previous[indices])
            self.previous[indices] = now

    def write(self, folder: Path, number: int) -> None:
        """Write the epoch of this number, counted from 1, into a run's folder."""
        arrays: dict[str, Any] = {name: values.numpy() for name, values in self.epoch.items()}
        path = folder / FOLDER / f"{number:04d}.npz"
        write_cached(path, lambda file: np.savez(file, **arrays), error=SelectionError)

    def state_dict(self) -> dict[str, Any]:
        """Return what the next epoch is compared with, for a checkpoint."""
        return {"previous": self.previous}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        if self.previous is not None and state["previous"] is not None:
            self.previous = state["previous"]


def fits(count: int, classes: int) -> bool:
    """Return whether the probabilities of an epoch are few enough to be held in memory."""
    return 4 * count * classes <= LARGEST


class Dynamics:
    """The recorded epochs of a finished training run.

    Args:
        folder: The run's folder.
        epochs: How many epochs it had.
    """

    def __init__(self, folder: Path, epochs: int) -> None:
        self.folder = folder
        self.epochs = epochs

    def read(self, quantity: Quantity, epochs: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Yield one array of shape (examples,) for each epoch, the first one first.

        Args:
            quantity: ``probability`` of the example's class, ``margin`` of its logit, or
                ``divergence`` from the epoch before (which the first epoch has none of).
            epochs: How many epochs, all where None.

        Raises:
            SelectionError: An epoch is absent or damaged, or there are fewer epochs.
        """
        wanted = self.epochs if epochs is None else epochs
        if wanted > self.epochs:
            raise SelectionError(
                f"the training run had {self.epochs} epochs, {wanted} were asked for; ask for fewer"
            )
        for number in range(1, wanted + 1):
            path = self._path(number)
            kept = read_cached(path, _decode, "run the same command again to train again")
            if kept is None or quantity not in kept:
                raise SelectionError(
                    f"the training run in {self.folder} kept no {quantity} of epoch {number} "
                    f"({path.name}), as those of earlier versions. Remove the folder to train again"
                )
            yield kept[quantity]

    def is_whole(self) -> bool:
        """Return whether no recorded epoch is damaged; a warning names one that is."""
        paths = [self._path(number) for number in range(1, self.epochs + 1)]
        there = (path for path in paths if path.exists())
        return all(read_cached(path, _decode, AGAIN) is not None for path in there)

    def _path(self, number: int) -> Path:
        return self.folder / FOLDER / f"{number:04d}.npz"


def _decode(file: BinaryIO) -> Mapping[str, NDArray[np.float32]]:
    with np.load(file, allow_pickle=False) as archive:
        return dict(archive)
