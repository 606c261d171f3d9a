"""The training loop: moves batches, keeps records and checkpoints, nothing else.

Every generator is derived from the seed and the epoch, so a training that is killed and goes on
from its last checkpoint draws what it would have drawn.
"""

from __future__ import annotations

import io
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from naslib_proxydata.boundary import boundary
from naslib_proxydata.data.cutout import Cutout
from naslib_proxydata.data.loader import Augmentation, BatchLoader, batch_sizes
from naslib_proxydata.data.resident import DeviceData, resident_images
from naslib_proxydata.data.resized_crop import MiddleCrop, ResizedCrop
from naslib_proxydata.data.transforms import CropAndFlip
from naslib_proxydata.errors import ConfigError, RunFolderError, TrainingError
from naslib_proxydata.files import write_atomically
from naslib_proxydata.predictors.transient import is_transient
from naslib_proxydata.runs.checkpoint import NAME, load_checkpoint, save_checkpoint
from naslib_proxydata.runs.processes import (
    from_first,
    is_first,
    keep_buffers_alike,
    process_number,
    processes,
)
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.training.accuracy import Accuracy, Meter, summed_loss
from naslib_proxydata.training.learner import has_own_share, own_share
from naslib_proxydata.training.records import (
    EpochRecord,
    TrainingResult,
    best_epoch,
    read_record,
)
from naslib_proxydata.training.schedules import learning_rate

if TYPE_CHECKING:
    from torch import Tensor

    from naslib_proxydata.training.examples import Examples, Part
    from naslib_proxydata.training.learner import Learner

_log = logging.getLogger(__name__)

WEIGHTS, BEST_WEIGHTS, AVERAGE_WEIGHTS = "weights.pt", "weights-best.pt", "weights-average.pt"
AUXILIARY = "auxiliary."
"""What the names of a second classifier's weights begin with."""
ADVICE = "lower training.learning_rate, or give training.clip or training.warm_up"
EVALUATED = 500
"""Images in a batch of an evaluation."""


@dataclass
class Training:
    """One training, from its first epoch or its last checkpoint to its accuracies.

    Attributes:
        learner: The network.
        examples: What it is trained and looked at with.
        identity: What must be equal for a checkpoint to be this training's.
        folder: Where checkpoints and weights go; None keeps no files.
        check_folder: Called before files are written; raises where the folder is no longer there.
        report: Told each epoch's record.
        device_data: Whether all images are kept on the device.
    """

    learner: Learner
    examples: Examples
    identity: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    check_folder: Callable[[], None] | None = None
    report: Callable[[EpochRecord], None] | None = None
    device_data: DeviceData = "auto"
    records: list[EpochRecord] = field(init=False, default_factory=list)
    _resident: Tensor | None = field(init=False, default=None)
    _best: dict[str, Any] | None = field(init=False, default=None)

    def run(self) -> TrainingResult:
        """Train.

        Raises:
            ConfigError: The images do not fit the network.
            RunFolderError: The folder holds another training, or cannot be written.
            TrainingError: The loss is not finite.
        """
        settings = self.learner.settings
        self.check_images()
        self._resume()
        dataset = self.examples.training.dataset
        self._resident = resident_images(dataset, settings.device, self.device_data)
        for epoch in range(len(self.records) + 1, settings.epochs + 1):
            self._epoch(epoch)
            self._save()
        result = self._finished()
        self._write_weights()
        return result

    # ------------------------------------------------------------------------- an epoch

    def _epoch(self, epoch: int) -> None:
        started = time.perf_counter()
        settings, learner = self.learner.settings, self.learner
        process = process_number()
        paths = torch_generator(settings.seed, "paths", epoch, process, device=settings.device)
        learner.begin_epoch(epoch, paths)
        loader, sizes = self._training_batches(epoch, process)
        meter, rate = Meter(), 0.0
        for number, (batch, whole) in enumerate(zip(loader, sizes, strict=True)):
            rate = learning_rate(settings, epoch - 1 + number / len(sizes))
            outcome = learner.step(batch, rate, whole)
            if has_own_share(whole):
                meter.add(*outcome, batch.labels)
        training = meter.result()
        self._check_finite(epoch, training.loss)
        trained = time.perf_counter() - started
        validation = self._accuracy(self.examples.validation, learner.network)
        if validation is not None:  # the last step may have spoilt what the next would tell of
            self._check_finite(epoch, validation.loss, "on validation images ")
        self._keep(
            EpochRecord(
                epoch=epoch,
                learning_rate=rate,
                training=training,
                validation=validation,
                images=sum(sizes),
                seconds=time.perf_counter() - started,
                training_seconds=trained,
            )
        )

    def _training_batches(self, epoch: int, process: int) -> tuple[BatchLoader, list[int]]:
        """Return the batches of an epoch, this process's share of each, and their whole sizes."""
        settings, part = self.learner.settings, self.examples.training
        parts = (settings.seed, "augmentation", epoch, process)
        alone = processes() == 1
        loader = BatchLoader(
            part.dataset,
            part.indices,
            batch_size=settings.batch_size,
            generator=torch_generator(settings.seed, "training", epoch),
            # The order is everybody's, what is drawn for an image is not.
            draws=None if alone else torch_generator(*parts, device=settings.device),
            augment=self._augmentation(),
            erase=Cutout(settings.cutout) if settings.cutout else None,
            share=None if alone else own_share,
            device=settings.device,
            resident=self._resident,
        )
        return loader, batch_sizes(len(part.indices), settings.batch_size)

    def _augmentation(self) -> Augmentation | None:
        settings = self.learner.settings
        if settings.resized_crop is not None:
            size = settings.crop_size or self._shape()[1]
            return ResizedCrop(size, settings.resized_crop, settings.flip)
        if settings.padding or settings.flip:
            return CropAndFlip(settings.padding, settings.flip)
        return None

    def _accuracy(self, part: Part | None, network: nn.Module) -> Accuracy | None:
        """Return what a network reaches on some images, of which each process takes some."""
        if part is None:
            return None
        settings, dataset = self.learner.settings, self.examples.training.dataset
        keep_buffers_alike(network)
        network.eval()
        loader = BatchLoader(
            part.dataset,
            part.indices[process_number() :: processes()],
            batch_size=EVALUATED,
            crop=None if settings.crop_size is None else MiddleCrop(settings.crop_size),
            statistics=dataset.statistics,
            device=settings.device,
            resident=self._resident if part.dataset is dataset else None,
        )
        meter = Meter()
        with torch.no_grad():
            for batch in loader:
                logits = self.learner.logits(network, batch.images)
                meter.add(summed_loss(logits, batch.labels), logits, batch.labels)
        return meter.result()

    def _check_finite(self, epoch: int, loss: float, where: str = "") -> None:
        if math.isfinite(loss):
            return
        kept = (
            f"the state after epoch {epoch - 1} is kept in {self.folder}"
            if self.folder is not None and epoch > 1
            else "no earlier state is kept"
        )
        raise TrainingError(
            f"the loss {where}is {loss} in epoch {epoch} of {self.learner.settings.epochs}; "
            f"{kept}; {ADVICE}"
        )

    def _keep(self, record: EpochRecord) -> None:
        self.records.append(record)
        if best_epoch(tuple(self.records)) == record.epoch:
            state = self.learner.network.state_dict()
            self._best = {name: one.detach().clone() for name, one in state.items()}
        if self.report is not None:
            self.report(record)

    # --------------------------------------------------------------------------- the end

    def _finished(self) -> TrainingResult:
        records = tuple(self.records)
        network, test = self.learner.network, self.examples.test
        best, last = best_epoch(records), len(records)
        on_test = self._accuracy(test, network)
        if on_test is not None and not math.isfinite(on_test.loss):
            raise TrainingError(
                f"the loss on test images is {on_test.loss} after all {last} epochs; {ADVICE}"
            )
        of_best = on_test
        if test is not None and self._best is not None and best not in (None, last):
            kept = {name: one.detach().clone() for name, one in network.state_dict().items()}
            network.load_state_dict(self._best)
            of_best = self._accuracy(test, network)
            network.load_state_dict(kept)
        average = self.learner.average
        return TrainingResult(
            records,
            best,
            on_test,
            None if best is None else of_best,
            None if average is None else self._accuracy(test, average),
        )

    def check_images(self) -> None:
        """Refuse images that the network cannot halve as often as it does.

        Raises:
            ConfigError: A step on two blank images fails, or they are smaller than the crop.
        """
        settings = self.learner.settings
        channels, height, width = self._shape()
        size = settings.crop_size
        if size is not None and size > min(height, width):
            raise ConfigError(
                f"crop_size {size} is larger than the images of {height} x {width} pixels; give a "
                "smaller one, or larger images (--image-size, for a folder)"
            )
        shape = (height, width) if size is None else (size, size)
        blank = torch.zeros(2, channels, *shape, device=settings.device)
        network = self.learner.network
        kept = {name: one.detach().clone() for name, one in network.state_dict().items()}
        network.train()
        try:
            with torch.no_grad():
                if settings.auxiliary:
                    network.both_logits(blank)  # type: ignore[operator]
                else:
                    network(blank)
        except (RuntimeError, ValueError) as error:
            if is_transient(error):  # too little memory says nothing about the images
                raise
            raise ConfigError(
                f"images of {shape[0]} x {shape[1]} pixels do not fit this network"
                f"{' with its second classifier' if settings.auxiliary else ''} "
                f"({str(error).splitlines()[0]}); give larger ones, of sides that can be halved"
                + (", or training.auxiliary=0" if settings.auxiliary else "")
            ) from None
        network.load_state_dict(kept)

    def _shape(self) -> tuple[int, int, int]:
        """Return channels, height and width of the training images."""
        channels, height, width = self.examples.training.dataset.pixels(
            self.examples.training.indices[:1]
        ).shape[1:]
        return channels, height, width

    # ------------------------------------------------------------------------- the files

    def _resume(self) -> None:
        state = from_first(None if self.folder is None else load_checkpoint(self.folder))
        if state is None:
            return
        if self.folder is None:  # which the first process holds
            self._take_over(state)
            return
        with boundary(self.folder / NAME, RunFolderError, "--overwrite to start anew"):
            self._take_over(state)
        _log.info("going on after epoch %d", len(self.records))

    def _take_over(self, state: dict[str, Any]) -> None:
        other = [key for key in self.identity if state["identity"].get(key) != self.identity[key]]
        if other and is_first():
            raise RunFolderError(
                f"{self.folder} holds another training: {', '.join(other)} differ; choose another "
                "--out, or --overwrite to start anew"
            )
        self.learner.load_state_dict(state["learner"])
        self.records = [read_record(one) for one in state["records"]]
        self._best = state["best"] or None

    def _save(self) -> None:
        if self.folder is None or not is_first():
            return
        if self.check_folder is not None:
            self.check_folder()
        save_checkpoint(
            self.folder,
            {
                "identity": self.identity,
                "learner": self.learner.state_dict(),
                "records": [record.plain() for record in self.records],
                "best": self._best or {},
            },
        )

    def _write_weights(self) -> None:
        """Write the weights of the last and of the best epoch, and their average if there is one.

        They are those of the network without a second classifier, which is for training alone.
        """
        if self.folder is None or not is_first():
            return
        _write_state(self.folder / WEIGHTS, self.learner.network.state_dict())
        if self._best is not None:
            _write_state(self.folder / BEST_WEIGHTS, self._best)
        if self.learner.average is not None:
            _write_state(self.folder / AVERAGE_WEIGHTS, self.learner.average.module.state_dict())


def _write_state(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write weights, whole or not at all, as ``torch.load`` reads them."""
    kept = (name for name in state if not name.startswith(AUXILIARY))
    on_host = {name: state[name].detach().cpu() for name in kept}
    stream = io.BytesIO()  # torch.save looks back in what it writes to
    torch.save(on_host, stream)
    write_atomically(path, lambda file: file.write(stream.getbuffer()), error=RunFolderError)
