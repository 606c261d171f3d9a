"""Every hook of the plugin, typed and documented, in the order in which a run calls them.

A plugin is a module or object whose functions carry :data:`hookimpl` and have the names and
argument names found here. A hook implementation may take fewer arguments than its
specification, never others. Built-ins register through the same hooks as a stranger's plugin.

Registration hooks return :class:`Registration` objects, which name a factory as
``"module:attribute"``: nothing heavy is imported before it is used.
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

PROJECT = "naslib_proxydata"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Level = Literal["weights", "architecture"]
"""The two levels of a bi-level search: who is updated with a batch."""


@dataclass(frozen=True)
class Registration:
    """One thing a plugin offers.

    Attributes:
        name: The name on the command line and in YAML, lower case with hyphens.
        factory: A callable, or its import path ``"module:attribute"``, resolved on first use.
            What it is called with and must return is said by the hook that collects it.
        summary: One line for ``naslib-proxydata list``.
        paper: Where it comes from, such as ``"arXiv 2210.09459, eq. 3"``; empty if nowhere.
        aliases: Further names under which a user may ask for it, such as one that it had before.
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
    """

    space: str = ""
    datasets: tuple[str, ...] = ()
    how_to_get: str = ""


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
    """

    space: str
    strategy: str
    epochs: int
    sizes: Mapping[Level, int]
    targets: NDArray[np.int64] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


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
def register_predictors() -> Sequence[Registration]:
    """Offer predictors. Factory: ``(**options) -> naslib_proxydata.predictors.base.Predictor``."""
    raise NotImplementedError


@hookspec
def register_selectors() -> Sequence[Registration]:
    """Offer selectors. Factory: ``(**options) -> naslib_proxydata.selection.base.Selector``."""
    raise NotImplementedError


@hookspec
def register_strategies() -> Sequence[Registration]:
    """Offer one-shot strategies.

    Factory: ``(**options) -> naslib_proxydata.oneshot.base.Strategy``.
    """
    raise NotImplementedError


# --------------------------------------------------------------------- the search lifecycle


@hookspec(firstresult=True)
def choose_examples(size: int, targets: NDArray[np.int64] | None, seed: int) -> Any | None:
    """Choose the examples that a search trains on, before it starts.

    Args:
        size: Number of examples of the dataset.
        targets: Integer class labels, shape (size,), or None for unlabelled data.
        seed: Seed of the run.

    Returns:
        A ``naslib_proxydata.selection.base.Selection``, or None to leave the choice to the
        next plugin; where all leave it, the search uses every example.
    """
    raise NotImplementedError


@hookspec
def search_started(info: SearchInfo) -> None:
    """Get ready for a search that is about to run its first epoch."""
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
        The indices to keep, a subset of ``active``, or None to keep all. Where several plugins
        answer, an example stays only if all of them keep it.
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
