"""One search inside NASLib, as the hooks see it; knows loaders and hooks, but not NASLib."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from naslib_proxydata.errors import SearchError
from naslib_proxydata.hookspecs import LEVELS, Level, SearchInfo
from naslib_proxydata.naslib_bridge.actors import actors_of
from naslib_proxydata.naslib_bridge.choice import choose
from naslib_proxydata.naslib_bridge.loader import PassLoader
from naslib_proxydata.naslib_bridge.training_data import TrainingData, queue_indices
from naslib_proxydata.oneshot.examples import kept_at_start, kept_examples
from naslib_proxydata.plugins import Acting
from naslib_proxydata.runs.checkpoint import Stateful

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.naslib_bridge.settings import ProxyData
    from naslib_proxydata.plugins import Plugins

_log = logging.getLogger(__name__)


@dataclass
class ProxyRun:
    """Selection, loaders and hooks of one search.

    Attributes:
        block: The user's settings.
        plugins: The plugins of the run.
        space: Name of the search space.
        strategy: Name of NASLib's optimizer.
        dataset: NASLib's name of the dataset.
        epochs: Number of epochs of the search.
        seed: ``search.seed``.
        portion: ``train_portion``.
        device: Where the search runs.
        settings: NASLib's search settings, as plain data.
        folder: Where the search keeps its files, or None.
        acting: What acts in the search.
        loaders: What stands in for NASLib's queues, by level.
        sizes: How many examples each level had in each epoch.
    """

    block: ProxyData
    plugins: Plugins
    space: str
    strategy: str
    dataset: str
    epochs: int
    seed: int
    portion: float
    device: str
    settings: Mapping[str, Any]
    folder: Path | None = None
    acting: Acting = field(init=False)
    loaders: dict[Level, PassLoader] = field(init=False, default_factory=dict)
    sizes: list[dict[Level, int]] = field(init=False, default_factory=list)
    _epoch: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Make what acts, so that a wrong option is told before anything is spent."""
        self.acting = actors_of(self.block, self.plugins)

    @property
    def active(self) -> dict[Level, NDArray[np.int64]]:
        """The dataset indices in use, by level."""
        return {level: loader.indices for level, loader in self.loaders.items()}

    def begin(self, train_queue: Any, valid_queue: Any) -> None:
        """Choose examples, put loaders in place of NASLib's queues, tell the plugins.

        Raises:
            SearchError: The queues are not of the kind that NASLib makes.
            SelectionError: See :func:`choice.choose`.
        """
        if train_queue.dataset is not valid_queue.dataset:
            raise SearchError(
                "NASLib's train and validation queues must draw from one dataset, so that an "
                "example has one index; make build_search_dataloaders return such queues"
            )
        data = TrainingData(self.dataset, train_queue.dataset)
        selection = choose(
            self.block,
            self.plugins,
            self.acting,
            data,
            seed=self.seed,
            portion=self.portion,
            device=self.device,
        )
        queues = dict(zip(LEVELS, (train_queue, valid_queue), strict=True))
        halves = {level: queue_indices(queue, level) for level, queue in queues.items()}
        if selection is not None:
            halves = dict(
                zip(
                    LEVELS,
                    (selection.weight_indices, selection.architecture_indices),
                    strict=True,
                )
            )
        for level, queue in queues.items():
            self.loaders[level] = PassLoader(
                queue.dataset,
                halves[level],
                batch_size=queue.batch_size,
                seed=self.seed,
                level=level,
                workers=queue.num_workers,
                collate=queue.collate_fn,
            )
        info = SearchInfo(
            space=self.space,
            strategy=self.strategy,
            epochs=self.epochs,
            sizes={level: len(half) for level, half in self.active.items()},
            targets=data.labels,
            settings=self.settings,
            seed=self.seed,
            folder=self.folder,
        )
        for actor in self.acting.actors:
            _log.info("%(name)s of %(provided by)s acts in this search", actor.plain())
        self.acting.hook.search_started(info=info)
        for level, kept in kept_at_start(self.acting, self.active).items():
            self.loaders[level].set_indices(kept)

    def start_epoch(self, epoch: int) -> None:
        """Begin the passes of an epoch, counting from 1: the longer level goes round once."""
        self._epoch = epoch
        length = max(len(loader) for loader in self.loaders.values())
        for loader in self.loaders.values():
            loader.start(epoch, length)
        self.sizes.append({level: len(loader.indices) for level, loader in self.loaders.items()})

    def batch(self, level: Level, logits: Tensor, targets: Tensor) -> None:
        """Tell the plugins of the newest batch of a level, after its forward pass."""
        if not self.acting.implemented("batch_finished"):
            return
        self.acting.hook.batch_finished(
            level=level,
            epoch=self._epoch,
            indices=self.loaders[level].last_indices,
            probabilities=logits.detach().softmax(1),
            targets=targets,
        )

    @property
    def wants_cells(self) -> bool:
        """Whether a plugin looks at the architecture of each epoch, which NASLib must derive."""
        return self.acting.implemented("epoch_finished")

    def end_epoch(self, metrics: Mapping[str, float], cell: str) -> None:
        """Prune, and tell the plugins of the epoch.

        Raises:
            PluginError: A plugin answered with something that is no indices.
            PruningError: A plugin kept what was not in use, or too few are left.
        """
        for level, kept in kept_examples(self.acting, self._epoch, self.active).items():
            self.loaders[level].set_indices(kept)
        if self.wants_cells:
            self.acting.hook.epoch_finished(epoch=self._epoch, metrics=metrics, cell=cell)

    def finish(self, cell: str) -> None:
        """Tell the plugins that the search has ended."""
        self.acting.hook.search_finished(cell=cell, folder=self.folder)

    def state_dict(self) -> dict[str, Any]:
        """Return active examples, sizes and the states of the plugins."""
        return {
            "active": dict(self.active),
            "sizes": [dict(one) for one in self.sizes],
            "plugins": {name: plugin.state_dict() for name, plugin in self._stateful()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint; called after :meth:`begin`."""
        for level, loader in self.loaders.items():
            loader.set_indices(state["active"][level].numpy())
        self.sizes = [dict(one) for one in state["sizes"]]
        example = torch.zeros(1, device=self.device)
        for name, plugin in self._stateful():
            if name in state["plugins"]:
                plugin.load_state_dict(state["plugins"][name], example)
        _log.info("going on after epoch %d", len(self.sizes))

    def _stateful(self) -> Iterator[tuple[str, Stateful]]:
        for name, plugin in self.acting.items():
            if isinstance(plugin, Stateful):
                yield name, plugin
