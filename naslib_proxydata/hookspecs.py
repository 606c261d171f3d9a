"""Every hook of the plugin, typed and documented, in the order in which a run calls them.

A plugin is a module or object whose functions carry :data:`hookimpl` and have the names and
argument names found here. A hook implementation may take fewer arguments than its
specification, never others. Built-ins register through the same hooks as a stranger's plugin.

Registration hooks return :class:`Registration` objects, which name a factory as
``"module:attribute"``: nothing heavy is imported before it is used. What a factory is called with
and must return is said by the hook that collects it. A factory with a parameter ``plugins`` is
handed the :class:`~naslib_proxydata.plugins.Plugins` of the run there; it is no option of a user.

An installed plugin offers. The hooks of a search's lifecycle (:func:`choose_examples` and all
after it) are called on what acts in that search: the pruner and the observers that were named,
and the files given with ``--plugin``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.selection.base import Selection

PROJECT = "naslib_proxydata"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Level = Literal["weights", "architecture"]
"""The two levels of a bi-level search: who is updated with a batch."""
LEVELS: tuple[Level, Level] = ("weights", "architecture")


@dataclass(frozen=True)
class Registration:
    """One thing a plugin offers.

    Attributes:
        name: The name on the command line and in YAML, lower case with hyphens.
        factory: A callable, or its import path ``"module:attribute"``, resolved on first use.
            What it is called with and must return is said by the hook that collects it.
        summary: One line for ``naslib-proxydata list``.
        paper: Where it comes from, such as ``"arXiv 2210.09459, eq. 3"``; empty if nowhere.
        aliases: Other names that users may write.
    """

    name: str
    factory: str | Callable[..., Any]
    summary: str
    paper: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class BenchmarkRegistration(Registration):
    """A benchmark table that a plugin offers.

    Attributes:
        space: Name of the search space its architectures belong to.
        datasets: Names of the datasets (tasks) the published table knows, whether or not a
            user's file holds them all.
        how_to_get: What a user without the data is told to do.
        convert: A callable ``(source: pathlib.Path, target: pathlib.Path) -> list[str] | None``
            that writes official files in the compact form, or its import path; it may take
            ``skip_damaged: bool`` and return what it skipped. None where there is none.
        family: Name of the group of benchmarks whose tasks reports average together; its own
            name where empty.
        caveat: Why its rankings say little of predictors, where its values are mostly noise or
            settings of training: it is then in no suite but by its name, and in no average. Empty
            for every other table.
    """

    space: str = ""
    datasets: tuple[str, ...] = ()
    how_to_get: str = ""
    convert: str | Callable[..., Any] | None = None
    family: str = ""
    caveat: str = ""


@dataclass(frozen=True)
class SearchInfo:
    """What a lifecycle hook may know of the search that calls it.

    Attributes:
        space: Name of the search space.
        strategy: Name of the one-shot strategy, or of NASLib's optimizer.
        epochs: Number of epochs that the search will run.
        sizes: Number of examples of each level at the start.
        targets: Integer class labels of the whole dataset, shape (dataset size,), or None.
        settings: The resolved configuration, as plain data.
        seed: Seed of all that is random in the search.
        folder: The run folder, or None where the search keeps no files.
        prunable: The levels whose examples may be dropped or weighed; others stay whole.
    """

    space: str
    strategy: str
    epochs: int
    sizes: Mapping[Level, int]
    targets: NDArray[np.int64] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    folder: Path | None = None
    prunable: tuple[Level, ...] = LEVELS


@dataclass(frozen=True)
class WeightedExamples:
    """The examples of one level in one epoch, and how much each counts.

    Attributes:
        indices: Dataset indices, each once, int64, shape (n,).
        weights: What the loss of each is multiplied with, finite and not negative, shape (n,).
    """

    indices: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def all_count_alike(self) -> bool:
        """Whether all weights are 1, so that the loss is the plain mean to the last bit."""
        return bool((self.weights == 1).all())


# ------------------------------------------------------------------------- registration


@hookspec
def register_spaces() -> Sequence[Registration]:
    """Offer search spaces. Factory: ``() -> naslib_proxydata.spaces.base.SearchSpace``."""
    raise NotImplementedError


@hookspec
def register_benchmarks() -> Sequence[BenchmarkRegistration]:
    """Offer benchmark tables.

    Factory: ``(root: pathlib.Path | None) -> naslib_proxydata.tables.base.BenchmarkTable``,
    raising ``TableAbsentError`` where ``root`` holds no file of this benchmark.
    """
    raise NotImplementedError


@hookspec
def register_metrics() -> Sequence[Registration]:
    """Offer what a leaderboard measures of a ranking, each a column of its own.

    Factory: ``(**options) -> naslib_proxydata.leaderboard.metrics.Metric``.
    """
    raise NotImplementedError


@hookspec
def register_predictors() -> Sequence[Registration]:
    """Offer predictors. Factory: ``(**options) -> naslib_proxydata.predictors.base.Predictor``."""
    raise NotImplementedError


@hookspec
def register_datasets() -> Sequence[Registration]:
    """Offer formats of datasets, which a user writes as ``NAME`` or ``NAME:PATH``.

    Factory: ``(path: str) -> naslib_proxydata.data.base.Dataset``; the path is empty where the
    user wrote none.
    """
    raise NotImplementedError


@hookspec
def register_scorers() -> Sequence[Registration]:
    """Offer scorers of examples.

    Factory: ``(**options) -> naslib_proxydata.selection.scorers.base.Scorer``.
    """
    raise NotImplementedError


@hookspec
def register_selectors() -> Sequence[Registration]:
    """Offer selectors. Factory: ``(**options) -> naslib_proxydata.selection.base.Selector``."""
    raise NotImplementedError


@hookspec
def register_supernets() -> Sequence[Registration]:
    """Offer supernets, each under the name of its search space.

    Factory: ``(*, channels, cells, num_classes, in_channels, partial) ->
    naslib_proxydata.oneshot.supernets.base.Supernet``, all of them integers; ``channels`` and
    ``cells`` are left out where the user names none, so they need defaults: the paper's.
    """
    raise NotImplementedError


@hookspec
def register_strategies() -> Sequence[Registration]:
    """Offer one-shot strategies.

    Factory: ``(**options) -> naslib_proxydata.oneshot.base.Strategy``.
    """
    raise NotImplementedError


@hookspec
def register_pruners() -> Sequence[Registration]:
    """Offer what drops, weighs or brings back examples while a search runs.

    Factory: ``(**options) -> object`` whose methods implement lifecycle hooks, among them
    :func:`prune_at_start`, :func:`prune_examples` or :func:`weigh_examples`. A search uses the one
    that is named. An option ``scores`` that is a text is a score file, as ``select --save-scores``
    writes: the factory is handed its numbers, float64, shape (dataset size,), in the dataset's
    order. Where the pruner has an attribute ``scorer``, scores of any other scorer are refused.
    """
    raise NotImplementedError


@hookspec
def register_observers() -> Sequence[Registration]:
    """Offer what looks at a search while it runs.

    Factory: ``(**options) -> object`` whose methods implement lifecycle hooks. A search uses those
    that are named.
    """
    raise NotImplementedError


@hookspec
def register_optimizers() -> Sequence[Registration]:
    """Offer optimizers of a discrete search.

    Factory: ``(**options) -> naslib_proxydata.evolution.base.Optimizer``. What it searches is told
    it by ``begin``, when a search begins.
    """
    raise NotImplementedError


@hookspec
def register_naslib_graphs() -> Sequence[Registration]:
    """Offer the way between a graph of NASLib and a search space.

    Factory: ``() -> naslib_proxydata.naslib_bridge.conversions.Conversion``.
    """
    raise NotImplementedError


# --------------------------------------------------------------------- the search lifecycle


@hookspec(firstresult=True)
def choose_examples(size: int, targets: NDArray[np.int64] | None, seed: int) -> Selection | None:
    """Choose the examples that a search trains on, before it starts.

    Args:
        size: Number of examples of the dataset.
        targets: Integer class labels, shape (size,), or None for unlabelled data.
        seed: Seed of the run.

    Returns:
        A ``naslib_proxydata.selection.base.Selection``, or None to leave the choice to the
        next plugin; where all leave it, the search uses every example. A list or an array of
        dataset indices is taken as a selection that is split into two random halves.
    """
    raise NotImplementedError


@hookspec
def search_started(info: SearchInfo) -> None:
    """Get ready for a search that is about to run its first epoch."""
    raise NotImplementedError


@hookspec
def prune_at_start(level: Level, active: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Drop examples before the first epoch, by what is known of them without the search.

    Called after :func:`search_started`, and again where a search goes on from a checkpoint: the
    answer must be the same.

    Args:
        level: The level whose examples may shrink.
        active: Dataset indices in use, ascending, shape (n,).

    Returns:
        The indices to keep, as of :func:`prune_examples`, or None to keep all. What is dropped is
        gone for good: it is not in the pool of :func:`weigh_examples` either.
    """
    raise NotImplementedError


@hookspec
def batch_finished(
    level: Level,
    epoch: int,
    indices: NDArray[np.int64],
    probabilities: Any,
    targets: Any,
) -> None:
    """Look at one batch after its forward pass.

    Args:
        level: Which level the batch updated.
        epoch: The epoch, counting from 1.
        indices: Dataset indices of the batch's examples, shape (batch,).
        probabilities: Softmax outputs, detached, shape (batch, classes), on the device that
            computed them; move them in one copy at most.
        targets: Integer labels, shape (batch,), on the same device.
    """
    raise NotImplementedError


@hookspec
def epoch_finished(epoch: int, metrics: Mapping[str, float], cell: str) -> None:
    """Look at an epoch that has ended.

    Args:
        epoch: The epoch, counting from 1.
        metrics: ``weights_loss``, ``architecture_loss``, ``weights_accuracy`` and
            ``architecture_accuracy`` (percent), ``seconds``.
        cell: Text of the architecture that the search would return now.
    """
    raise NotImplementedError


@hookspec
def prune_examples(level: Level, epoch: int, active: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Drop examples after an epoch.

    Args:
        level: The level whose examples may shrink.
        epoch: The epoch that has ended, counting from 1.
        active: Dataset indices in use, ascending, shape (n,).

    Returns:
        The indices to keep, a subset of ``active``, or None to keep all. A boolean mask of the
        shape of ``active`` is read as one. Where several plugins answer, an example stays only
        if all of them keep it.
    """
    raise NotImplementedError


@hookspec
def weigh_examples(
    epoch: int,
    pool: Mapping[Level, NDArray[np.int64]],
    active: Mapping[Level, NDArray[np.int64]],
    predict: Callable[[NDArray[np.int64]], Any],
) -> Mapping[Level, WeightedExamples] | None:
    """Choose and weigh the examples of one epoch that is about to begin.

    What :func:`prune_examples` drops is gone for good; an answer to this hook holds for one epoch
    and may bring back any example of the pool.

    Args:
        epoch: The epoch that begins, counting from 1.
        pool: By level, the dataset indices with which its first epoch began, ascending.
        active: By level, those that are in use, ascending.
        predict: Maps dataset indices, shape (k,), to the softmax outputs of the network as it is
            now, a tensor of shape (k, classes), without training it; costs a forward pass.

    Returns:
        By level, the examples of this epoch, a subset of the level's pool, with their weights in
        the loss. A level that is left out uses ``active``, each example with weight 1, and so do
        both where None is returned. At most one plugin may answer for a level.
    """
    raise NotImplementedError


@hookspec
def search_finished(cell: str, folder: Path | None) -> None:
    """Look at a search that has ended.

    Args:
        cell: Text of the final architecture.
        folder: The run folder, or None where the search keeps no files.
    """
    raise NotImplementedError
