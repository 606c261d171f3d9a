"""The search loop: moves batches and fires the hooks, nothing else.

Every generator is derived from the seed and the epoch, so a search that is killed and goes on
from its last checkpoint draws what it would have drawn.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from naslib_proxydata.boundary import boundary
from naslib_proxydata.data.loader import Batch, BatchLoader
from naslib_proxydata.data.resident import DeviceData, resident_images
from naslib_proxydata.data.transforms import CropAndFlip
from naslib_proxydata.errors import RunFolderError, SearchError
from naslib_proxydata.files import write_text
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo, WeightedExamples
from naslib_proxydata.oneshot import collapse
from naslib_proxydata.oneshot.answers import whole_numbers
from naslib_proxydata.oneshot.buffers import unchanged_buffers
from naslib_proxydata.oneshot.captured import ReplayedStep, cuda_graph, replayable
from naslib_proxydata.oneshot.examples import (
    Active,
    counted_by_class,
    examples_sha256,
    kept_at_start,
    kept_examples,
    paired,
    starting_examples,
    weighted_examples,
)
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.pick import pick
from naslib_proxydata.oneshot.records import EpochRecord, SearchResult
from naslib_proxydata.runs.checkpoint import (
    NAME,
    Stateful,
    load_checkpoint,
    save_checkpoint,
)
from naslib_proxydata.runs.processes import from_first, is_first, keep_buffers_alike
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.selection.base import Selection

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.oneshot.learner import Learner
    from naslib_proxydata.plugins import Acting

_log = logging.getLogger(__name__)


@dataclass
class Meter:
    """Sums over an epoch, kept on the device until the epoch ends."""

    loss: Tensor | float = 0.0
    correct: Tensor | float = 0.0
    count: int = 0

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Take in one batch."""
        self.loss = self.loss + loss.detach() * len(labels)
        self.correct = self.correct + (logits.argmax(1) == labels).sum()
        self.count += len(labels)


@dataclass
class Search:
    """One search, from its first epoch or its last checkpoint to its cell.

    Attributes:
        dataset: Labelled images.
        learner: Supernet, architecture parameters and strategy.
        acting: Whose hooks are called; actors with ``state_dict`` are checkpointed.
        space: Name of the search space.
        selection: The examples to train on; where None, actors are asked, then all are used.
        folder: Where checkpoints and the history go; None keeps no files.
        augment: Whether training images are cropped and flipped.
        check_folder: Called before files are written; raises where the folder is no longer there.
        stop: Asked before each epoch; returns the epoch whose architecture is to be returned where
            the search ends here, else None.
        prunable: The levels whose examples may be dropped or weighed; others stay whole.
        device_data: Whether all images are kept on the device.
        cuda_graphs: Whether a GPU's steps are recorded and replayed where that can be.
    """

    dataset: Dataset
    learner: Learner
    acting: Acting
    space: str
    selection: Selection | None = None
    folder: Path | None = None
    augment: bool = True
    check_folder: Callable[[], None] | None = None
    stop: Callable[[], int | None] | None = None
    prunable: tuple[Level, ...] = LEVELS
    device_data: DeviceData = "auto"
    cuda_graphs: bool = False
    pool: Active = field(init=False)
    active: Active = field(init=False)
    records: list[EpochRecord] = field(init=False, default_factory=list)
    _chosen: dict[Level, str] = field(init=False)
    _start: dict[Level, str] = field(init=False)
    _size: int = field(init=False)
    _sign: str = field(init=False, default="")
    _resident: Tensor | None = field(init=False, default=None)
    _replayed: dict[Level, ReplayedStep] = field(init=False, default_factory=dict)

    def run(self) -> SearchResult:
        """Search.

        Raises:
            DatasetError: The dataset has no labels.
            SearchError: A level has no examples, or the loss is not finite.
            SelectionError: The selection belongs to another dataset.
            RunFolderError: The folder holds another run, or cannot be written.
        """
        epochs = self.learner.settings.epochs
        self._choose()
        self.acting.hook.search_started(info=self._info())
        self._prune_at_start()
        self._resume()
        device = self.learner.settings.device
        self._resident = resident_images(self.dataset, device, self.device_data)
        for epoch in range(len(self.records) + 1, epochs + 1):
            if self._stopped() is not None:
                break
            self._epoch(epoch)
            self._save()
        returned = self._stopped()
        cell = self._final_cell() if returned is None else self.records[returned - 1].cell
        result = SearchResult(cell, tuple(self.records), returned)
        self.acting.hook.search_finished(cell=result.cell, folder=self.folder)
        return result

    def _stopped(self) -> int | None:
        return None if self.stop is None else self.stop()

    # ------------------------------------------------------------------------ the start

    def _choose(self) -> None:
        self.dataset.required_labels("a one-shot search")
        seed = self.learner.settings.seed
        self.pool = starting_examples(self.dataset, self.selection, self.acting, seed)
        self.active = dict(self.pool)
        self._chosen = examples_sha256(self.active)
        self._size = sum(one.numel() for one in self.learner.weights)

    def _prune_at_start(self) -> None:
        """Let plugins drop examples for good, and note with which ones the first epoch begins."""
        prunable = {level: self.pool[level] for level in self.prunable}
        self.pool |= from_first(kept_at_start(self.acting, prunable))
        self.active = dict(self.pool)
        self._start = examples_sha256(self.active)

    def _info(self) -> SearchInfo:
        return SearchInfo(
            space=self.space,
            strategy=self.learner.strategy.name,
            epochs=self.learner.settings.epochs,
            sizes={level: len(half) for level, half in self.active.items()},
            targets=self.dataset.labels,
            settings=self.learner.settings.model_dump(),
            seed=self.learner.settings.seed,
            folder=self.folder,
            prunable=self.prunable,
        )

    def _identity(self) -> dict[str, Any]:
        """Return what no configuration says and must be equal for a checkpoint to be this run's."""
        return {
            "space": self.space,
            "strategy": self.learner.strategy.name,
            "dataset": self.dataset.fingerprint,
            "selection": self._start,
            "plugins with state": sorted(name for name, _ in self._stateful()),
            "size of the supernet": self._size,
            "seed": self.learner.settings.seed,
        }

    def _resume(self) -> None:
        state = from_first(None if self.folder is None else load_checkpoint(self.folder))
        if state is None:
            return
        if self.folder is None:  # which the first process holds
            self._take_over(state)
            return
        with boundary(self.folder / NAME, RunFolderError, "--overwrite to start anew"):
            self._take_over(state)
        self._write_history()  # which a kill may have left an epoch behind the checkpoint
        _log.info("going on after epoch %d", len(self.records))

    def _take_over(self, state: dict[str, Any]) -> None:
        mine = self._identity()
        other = [key for key in mine if state["identity"].get(key) != mine[key]]
        if other and is_first():  # the other processes have no observers
            raise RunFolderError(
                f"{self.folder} holds another run: {', '.join(other)} differ; choose another "
                "--out, or --overwrite to start anew"
            )
        self.learner.load_state_dict(state["learner"])
        self.active = {level: state["active"][level].numpy() for level in LEVELS}
        self.records = [EpochRecord(**record) for record in state["records"]]
        if len(self.records) > self.learner.settings.epochs:
            raise RunFolderError(
                f"{self.folder} holds a search of {len(self.records)} epochs, more than the "
                f"{self.learner.settings.epochs} that are wanted; choose another --out, or "
                "--overwrite to start anew"
            )
        example = torch.zeros(1, device=self.learner.settings.device)
        for name, plugin in self._stateful():
            if name in state["plugins"]:
                plugin.load_state_dict(state["plugins"][name], example)
        if self.learner.strategy.progress is not None:
            self.learner.strategy.progress.load_state_dict(state["progress"])

    # ------------------------------------------------------------------------- an epoch

    def _epoch(self, epoch: int) -> None:
        started = time.perf_counter()
        settings, progress = self.learner.settings, self.learner.strategy.progress
        if progress is not None:
            depth = progress.depth(epoch, settings.epochs, self.learner.cells)
            if depth != self.learner.depth:
                self.learner.rebuild(depth)
            partial = progress.partial(epoch, settings.epochs)
            if partial not in (None, self.learner.partial or self.learner.strategy.partial):
                self.learner.widen(partial)
        dropped = 0.0 if progress is None else progress.skip_dropout(epoch, settings.epochs)
        moment = Moment.of(settings, epoch, "draws", epoch, skip_dropout=dropped)
        self.learner.set_epoch(epoch)
        self._replayed = self._replayed_steps(moment)
        weighted = self._weighted(epoch)
        meters: dict[Level, Meter] = {level: Meter() for level in LEVELS}
        for weights_batch, architecture_batch in paired(
            self._loader("weights", epoch, weighted.get("weights")),
            self._loader("architecture", epoch, weighted.get("architecture")),
            settings.epoch_of,
        ):
            self._pair(weights_batch, architecture_batch, moment, meters)
        self._architecture_phase(moment)
        metrics = self._metrics(epoch, meters)
        if progress is not None:
            progress.epoch_finished(self.learner, moment)
        processed = {level: meter.count for level, meter in meters.items()}
        used = {
            level: len(weighted[level].indices if level in weighted else active)
            for level, active in self.active.items()
        }
        prunable = {level: self.active[level] for level in self.prunable}
        self.active |= from_first(kept_examples(self.acting, epoch, prunable))
        keep_buffers_alike(self.learner.supernet)
        metrics["seconds"] = time.perf_counter() - started
        self._record(epoch, metrics, processed, used)

    def _pair(
        self,
        weights_batch: Batch,
        architecture_batch: Batch,
        moment: Moment,
        meters: dict[Level, Meter],
    ) -> None:
        """Make a step of each level; the host waits for no device in here."""
        batches = {"weights": weights_batch, "architecture": architecture_batch}
        for level in self._order():
            outcome = self._step(level, weights_batch, architecture_batch, moment)
            self._batch_finished(level, moment.epoch, batches[level], *outcome, meters)

    def _order(self) -> tuple[Level, Level]:
        """Return the levels in the order in which a pair of batches updates them."""
        if self.learner.strategy.weights_first:
            return "weights", "architecture"
        return "architecture", "weights"

    def _step(
        self, level: Level, weights_batch: Batch, architecture_batch: Batch, moment: Moment
    ) -> tuple[Tensor, Tensor]:
        if level in self._replayed:
            batch = weights_batch if level == "weights" else architecture_batch
            outcome = self._replayed[level](batch)
            self.learner.last_architecture_batch = architecture_batch
            return outcome
        if level == "weights":
            return self.learner.weights_step(weights_batch, moment)
        return self.learner.architecture_step(weights_batch, architecture_batch, moment)

    def _replayed_steps(self, moment: Moment) -> dict[Level, ReplayedStep]:
        """Return the steps of an epoch that are recorded; none where that cannot be."""
        if not (self.cuda_graphs and replayable(self.learner, moment)):
            return {}
        learner, record = self.learner, partial(cuda_graph, generator=moment.generator)
        return {
            "weights": ReplayedStep(lambda batch: learner.weights_step(batch, moment), record),
            "architecture": ReplayedStep(
                # A first-order step does not look at the weights' batch.
                lambda batch: learner.architecture_step(batch, batch, moment),
                record,
            ),
        }

    def _architecture_phase(self, moment: Moment) -> None:
        """Let the strategy train the architecture parameters on batches of their own."""
        phase = self.learner.strategy.phase
        if phase is None or moment.epoch <= self.learner.settings.warm_up:
            return
        loader = BatchLoader(
            self.dataset,
            self.active["architecture"],
            batch_size=self.learner.batch_size,
            generator=torch_generator(self.learner.settings.seed, "phase", moment.epoch),
            augment=None,
            device=self.learner.settings.device,
            resident=self._resident,
        )
        phase.run(self.learner, loader, moment)

    def _loader(self, level: Level, epoch: int, weighted: WeightedExamples | None) -> BatchLoader:
        settings = self.learner.settings
        return BatchLoader(
            self.dataset,
            self.active[level] if weighted is None else weighted.indices,
            batch_size=self.learner.batch_size,
            generator=torch_generator(settings.seed, "batches", level, epoch),
            augment=CropAndFlip() if self.augment else None,
            device=settings.device,
            resident=self._resident,
            weights=None if weighted is None or weighted.all_count_alike else weighted.weights,
        )

    def _weighted(self, epoch: int) -> dict[Level, WeightedExamples]:
        """Ask for the examples of an epoch; nothing is spent where nobody answers."""
        if not self.acting.implemented("weigh_examples"):
            return {}
        predict = partial(self._predict, epoch)
        weighted = weighted_examples(self.acting, epoch, self.pool, self.active, predict)
        return {level: weighted[level] for level in weighted if level in self.prunable}

    @torch.no_grad()
    def _predict(self, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """Return the softmax outputs of some examples, shape (k, classes), without training.

        Raises:
            PluginError: They are no dataset indices.
            DatasetError: An index is outside the dataset.
        """
        indices = whole_numbers(indices, "predict expected dataset indices")
        learner = self.learner
        settings = learner.settings
        moment = Moment.of(settings, epoch, "predict", epoch)
        loader = BatchLoader(
            self.dataset,
            indices,
            batch_size=learner.batch_size,
            device=settings.device,
            resident=self._resident,
        )
        mixtures = learner.mixtures(moment)
        with unchanged_buffers(learner.supernet):
            outputs = [learner.loss(batch, mixtures)[1].softmax(1) for batch in loader]
        return torch.cat(outputs) if outputs else torch.empty(0, self.dataset.num_classes)

    def _batch_finished(
        self,
        level: Level,
        epoch: int,
        batch: Batch,
        loss: Tensor,
        logits: Tensor,
        meters: dict[Level, Meter],
    ) -> None:
        meters[level].add(loss, logits, batch.labels)
        if self.acting.implemented("batch_finished"):
            self.acting.hook.batch_finished(
                level=level,
                epoch=epoch,
                indices=batch.indices.numpy(),
                probabilities=logits.softmax(1),
                targets=batch.labels,
            )

    def _metrics(self, epoch: int, meters: dict[Level, Meter]) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for level, meter in meters.items():
            metrics[f"{level}_loss"] = float(meter.loss) / meter.count
            metrics[f"{level}_accuracy"] = 100 * float(meter.correct) / meter.count
            if not math.isfinite(metrics[f"{level}_loss"]):
                kept = f"the state after epoch {epoch - 1} is kept in {self.folder}"
                raise SearchError(
                    f"the {level} loss is {metrics[f'{level}_loss']} in epoch {epoch}; "
                    f"{kept if self.folder and epoch > 1 else 'no earlier state is kept'}; "
                    "lower weights_lr or architecture_lr"
                )
        return metrics

    def _record(
        self,
        epoch: int,
        metrics: dict[str, float],
        processed: dict[Level, int],
        used: dict[Level, int],
    ) -> None:
        learner = self.learner
        strengths = learner.architecture.strengths(learner.relaxation)
        chosen = learner.supernet.chosen(strengths)
        record = EpochRecord(
            epoch=epoch,
            metrics=metrics,
            cell=learner.supernet.derive(strengths),
            processed=processed,
            used=used,
            left={level: len(active) for level, active in self.active.items()},
            left_by_class=counted_by_class(self.dataset, self.active),
            free_share=collapse.free_share(chosen),
            strengths={kind: values.tolist() for kind, values in strengths.items()},
        )
        sign = collapse.warning(chosen)
        if sign and sign != self._sign:
            _log.warning("epoch %d: %s", epoch, sign)
        self._sign = sign
        self.records.append(record)
        self.acting.hook.epoch_finished(epoch=epoch, metrics=metrics, cell=record.cell)

    # ------------------------------------------------------------------------- the files

    def _save(self) -> None:
        if self.folder is None:
            return
        if self.check_folder is not None:
            self.check_folder()
        progress = self.learner.strategy.progress
        save_checkpoint(
            self.folder,
            {
                "identity": self._identity(),
                "chosen": self._chosen,
                "learner": self.learner.state_dict(),
                "active": dict(self.active),
                "records": [record.plain() for record in self.records],
                "plugins": {name: plugin.state_dict() for name, plugin in self._stateful()},
                "progress": {} if progress is None else progress.state_dict(),
            },
        )
        self._write_history()

    def _write_history(self) -> None:
        """Write the records for others to read; the search itself goes on from its checkpoint."""
        assert self.folder is not None
        history = json.dumps([record.plain() for record in self.records])
        write_text(self.folder / "history.json", history, error=RunFolderError)

    def _stateful(self) -> Iterator[tuple[str, Stateful]]:
        for name, plugin in self.acting.items():
            if isinstance(plugin, Stateful):
                yield name, plugin

    def _final_cell(self) -> str:
        picks = self.learner.strategy.picks
        if not picks:
            return self.records[-1].cell
        loader = BatchLoader(
            self.dataset,
            self.active["architecture"],
            batch_size=self.learner.strategy.pick_batch or self.learner.batch_size,
            device=self.learner.settings.device,
        )
        return pick(self.learner, loader, picks)
