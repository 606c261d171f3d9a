"""NASLib's Trainer with proxy data: selection, pruning, hooks, and checkpoints that resume."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge import resume
from naslib_proxydata.naslib_bridge.architectures import graph_text, space_name
from naslib_proxydata.naslib_bridge.importing import naslib, require_arguments
from naslib_proxydata.naslib_bridge.optimizers import CountedModel, acting_keys
from naslib_proxydata.naslib_bridge.record import write_record
from naslib_proxydata.naslib_bridge.run import ProxyRun
from naslib_proxydata.naslib_bridge.settings import plain, read_block
from naslib_proxydata.runs.setup import load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable

Trainer: Any = naslib("naslib.defaults.trainer:Trainer")
naslib("naslib.optimizers:DARTSOptimizer")  # so that a user's own import of it works afterwards
require_arguments(
    Trainer.search, ("resume_from", "summary_writer", "after_epoch"), "Trainer.search"
)
require_arguments(Trainer._setup_checkpointers, ("resume_from", "period"), "its checkpointers")

_log = logging.getLogger(__name__)

METRICS = {
    "weights_loss": "train_loss",
    "architecture_loss": "valid_loss",
    "weights_accuracy": "train_acc",
    "architecture_accuracy": "valid_acc",
    "seconds": "runtime",
}
"""The hooks' names of what NASLib records after each epoch."""


class ProxyTrainer(Trainer):  # type: ignore[misc]
    """NASLib's Trainer, told what to do with data by the block ``search.proxy_data``.

    Without the block, or with ``enabled: false``, it is NASLib's own. For data of your own,
    inherit from it and from your Trainer, in this order.

    Args:
        optimizer: A :func:`optimizers.proxied` optimizer whose search space is adapted.
        config: NASLib's configuration.
        lightweight_output: As in NASLib.

    Attributes:
        run: Selection, loaders and hooks, or None where NASLib runs alone.

    Raises:
        ConfigError: The block is wrong, or holds what this optimizer leaves unused.
        NaslibError: The block is there, but the optimizer is not proxied.
    """

    def __init__(self, optimizer: Any, config: Any, lightweight_output: bool = False) -> None:
        block = read_block(config)
        if block is not None:
            _check_proxied(optimizer)  # first: NASLib's own constructor may fail without it
            block.check_acts(acting_keys(optimizer), type(optimizer).__name__)
        super().__init__(optimizer, config, lightweight_output)
        self.run: ProxyRun | None = None
        self._scheduler: Any = None
        self._state: dict[str, Any] | None = None
        self._searching = False
        self._told = False  # that the architecture has no text
        if block is None or not optimizer.using_step_function:
            return
        plugins = load_plugins(block.plugins, block.no_plugins)
        search = config.search
        self.run = ProxyRun(
            block=block,
            plugins=plugins,
            space=space_name(optimizer.graph.get_type(), plugins),
            strategy=type(optimizer).naslib_name,
            dataset=config.dataset,
            epochs=self.epochs,
            seed=int(search.seed),
            portion=float(getattr(config, "train_portion", search.train_portion)),
            device=str(self.device),
            settings=plain(search),
            folder=self.folder,
        )
        optimizer.on_epoch = self._epoch_begins
        optimizer.on_step = self._step_done

    @property
    def folder(self) -> Path:
        """The folder of the search's checkpoints, ours and NASLib's."""
        return Path(self.config.save) / "search"

    def search(
        self,
        resume_from: str = "",
        summary_writer: Any = None,
        after_epoch: Callable[[int], None] | None = None,
        **arguments: Any,
    ) -> None:
        """Search as NASLib does, on the examples that selection and pruning leave.

        Args:
            resume_from: The folder ``search`` of a run to go on with, or a file in it.
            summary_writer: As in NASLib.
            after_epoch: As in NASLib; called after the hooks.
            arguments: Further arguments of NASLib's method.

        Raises:
            ProxyDataError: NASLib's configuration, a file or a pruner does not fit; the message
                says what to do, and checkpoints are kept.
        """
        if self.run is None:
            super().search(resume_from, summary_writer, after_epoch, **arguments)
            return
        if "save_arch_weights" not in self.config:
            raise NaslibError(
                "NASLib's Trainer needs 'save_arch_weights' in the configuration; add "
                "'save_arch_weights: False' at its top level"
            )

        def after(epoch: int) -> None:
            self._epoch_done(epoch)
            if after_epoch is not None:
                after_epoch(epoch)

        with resume.locked(self.folder):
            self._searching = True
            try:
                super().search(resume_from, summary_writer, after, **arguments)
            finally:
                self._searching = False
            self.run.finish(self._cell())

    def evaluate(self, *arguments: Any, **keywords: Any) -> Any:
        """Evaluate as NASLib does; a new process takes the architecture from the checkpoint.

        NASLib's own checkpoints lack the architecture parameters.
        """
        if self.run is not None and not self.run.loaders and not keywords.get("best_arch"):
            state = resume.load(self.folder, self._identity())
            if state is not None:
                resume.restore_optimizer(self.optimizer, state["optimizer"])
        return super().evaluate(*arguments, **keywords)

    def build_search_dataloaders(self, config: Any) -> tuple[Any, Any, Any]:
        """Return NASLib's queues, or loaders of the chosen examples in their place."""
        queues = super().build_search_dataloaders(config)
        if self.run is None or not self._searching:
            return queues  # type: ignore[no-any-return]
        self.run.begin(queues[0], queues[1])
        write_record(self.folder / resume.SUBFOLDER, self.run, self._identity())
        if self._state is not None:
            self.run.load_state_dict(self._state["run"])
            resume.restore_generators(self._state["generators"])
        return self.run.loaders["weights"], self.run.loaders["architecture"], queues[2]

    def _setup_checkpointers(
        self, resume_from: str = "", search: bool = True, period: int = 1, **others: Any
    ) -> int:
        """Set NASLib's checkpointers up, and go on from our own where a search is resumed."""
        if self.run is None or not self._searching:
            return int(super()._setup_checkpointers(resume_from, search, period, **others))
        super()._setup_checkpointers("", search, period, **others)
        self._scheduler = others["scheduler"]
        if not resume_from:
            return 0
        self._state = resume.required(Path(resume_from), self._identity())
        resume.restore_optimizer(self.optimizer, self._state["optimizer"])
        self._scheduler.load_state_dict(self._state["scheduler"])
        self.search_trajectory.update(self._state["trajectory"])
        return int(self._state["epoch"])

    def _epoch_begins(self, epoch: int) -> None:
        """Begin the loaders' passes; NASLib counts epochs from 0."""
        if self.run is not None and self._searching:
            self.run.start_epoch(epoch + 1)

    def _step_done(self, train_logits: Any, train_labels: Any, logits: Any, labels: Any) -> None:
        """Tell the plugins of a step's two batches, in the order of their forward passes."""
        if self.run is not None and self._searching:
            self.run.batch("architecture", logits, labels)
            self.run.batch("weights", train_logits, train_labels)

    def _epoch_done(self, epoch: int) -> None:
        """Prune, tell the plugins, write a checkpoint; NASLib counts epochs from 0."""
        assert self.run is not None
        trajectory = self.search_trajectory
        metrics = {ours: trajectory[theirs][-1] for ours, theirs in METRICS.items()}
        self.run.end_epoch(metrics, self._cell() if self.run.wants_cells else "")
        done = epoch + 1
        if done % int(self.config.search.checkpoint_freq) and done < self.epochs:
            return
        state = {
            "identity": self._identity(),
            "epoch": done,
            "optimizer": resume.optimizer_state(self.optimizer),
            "scheduler": self._scheduler.state_dict(),
            "trajectory": {k: v for k, v in self.search_trajectory.items() if k != "params"},
            "run": self.run.state_dict(),
            "acting": [actor.plain() for actor in self.run.acting.actors],
            "generators": resume.generators(),
        }
        resume.save(self.folder, state)

    def _identity(self) -> dict[str, Any]:
        """Return what must be equal for a checkpoint to belong to this search."""
        assert self.run is not None
        return {
            "space": self.run.space,
            "optimizer": self.run.strategy,
            "dataset": self.run.dataset,
            "seed": self.run.seed,
            "epochs": self.run.epochs,
            "block": self.run.block.model_dump(mode="json"),
        }

    def _cell(self) -> str:
        """Return the text of the architecture that the search would return now."""
        assert self.run is not None
        with torch.random.fork_rng():  # looking must not change what NASLib draws next
            final = self.optimizer.get_final_architecture()
        if not hasattr(final, "get_hash"):
            return ""
        try:
            return graph_text(final, self.run.plugins)
        except Exception as error:  # some of NASLib's graphs have no hash after a one-shot search
            if not self._told:
                _log.warning(
                    "the architecture of this search has no text: NASLib's %s fails in get_hash "
                    "(%s: %s); the search goes on, and hooks get an empty text",
                    type(final).__name__,
                    type(error).__name__,
                    error,
                )
            self._told = True
            return ""


def _check_proxied(optimizer: Any) -> None:
    """Refuse an optimizer that knows nothing of the block.

    Raises:
        NaslibError: It is one of NASLib's as it is.
    """
    if isinstance(optimizer, CountedModel):
        return
    name = type(optimizer).__name__
    given = "**config.search" if getattr(optimizer, "using_step_function", False) else "config"
    raise NaslibError(
        f"the block proxy_data needs a proxied optimizer, got {name}; write "
        f"proxied({name})({given})"
    )
