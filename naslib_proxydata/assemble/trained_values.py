"""True values that are trainings: what ``evolve`` queries where no table holds the answer."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.assemble.trainings import Job, Trained, attempt, check, lost, name_of
from naslib_proxydata.config.train import QueryFields
from naslib_proxydata.runs.executors import completed

if TYPE_CHECKING:
    from naslib_proxydata.config import EvolveConfig
    from naslib_proxydata.runs.executors import Progress
    from naslib_proxydata.runs.folder import RunFolder
    from naslib_proxydata.spaces.base import SearchSpace

TRAININGS = "trainings"
METRIC = "validation_accuracy"
FAILED = 0.0
"""Percent that a network is worth whose training diverges."""


def jobs_of(
    config: EvolveConfig, space: SearchSpace[Any], architecture: Any, folder: Path | None
) -> list[Job]:
    """Return the trainings that a query of an architecture stands for, one for each seed."""
    fields = config.train or QueryFields()
    channels = fields.channels[0] if fields.channels else None
    jobs = []
    for seed in fields.seed:
        job = Job(
            fields=fields,
            space=config.space,
            architecture=space.text(architecture),
            channels=channels,
            seed=seed,
            device=config.device,
            threads=config.threads,
            plugin=config.plugin,
            no_plugin=config.no_plugin,
        )
        jobs.append(job.in_folder(folder, name_of(job, space.hash(architecture))))
    return jobs


def sized(space: SearchSpace[Any], config: EvolveConfig) -> SearchSpace[Any]:
    """Return the space with networks of the size that is trained, as MACs are to count them."""
    fields = config.train or QueryFields()
    channels = fields.channels[0] if fields.channels else None
    return space.resized(channels=channels, cells=fields.cells)


def check_queries(config: EvolveConfig, space: SearchSpace[Any], architecture: Any) -> None:
    """Make sure that what is queried can be trained, by one architecture.

    Raises:
        ProxyDataError: A name, a file or a number is wrong.
    """
    check(jobs_of(config, space, architecture, None)[0])


class TrainedValues:
    """Trains what is queried, each network once, and keeps all trainings in the run folder.

    The value is the mean over seeds of the top-1 accuracy, in percent, of the last epoch on the
    validation images: test images choose nothing. A training that diverges is worth 0.

    Args:
        config: Of the search.
        space: Its search space.
        folder: The run folder, in which trainings have folders of their own.
        pool: Where networks are trained.
        progress: Told how many of those that were asked for together are done.
    """

    def __init__(
        self,
        config: EvolveConfig,
        space: SearchSpace[Any],
        folder: RunFolder,
        pool: Executor,
        progress: Progress | None = None,
    ) -> None:
        self.config = config
        self.space = space
        self.folder = folder
        self.pool = pool
        self.progress = progress
        self._values: dict[str, float] = {}

    def ahead(self, architectures: Sequence[Any]) -> None:
        """Train some networks, as many at a time as the executor has workers."""
        texts = {self.space.text(one): one for one in architectures}
        missing = {text: one for text, one in texts.items() if text not in self._values}
        jobs = {
            (text, job.seed): job
            for text, one in missing.items()
            for job in jobs_of(self.config, self.space, one, self.folder.path / TRAININGS)
        }
        outcomes: dict[tuple[str, int], float] = {}
        calls = ((name, (job,)) for name, job in jobs.items())
        for name, outcome in completed(self.pool, attempt, calls, lost):
            self.folder.check_in_place()
            outcomes[name] = accuracy_of(outcome)
            if self.progress is not None:
                self.progress("trainings", len(outcomes), len(jobs))
        for text in missing:
            of_seeds = [value for (one, _), value in outcomes.items() if one == text]
            self._values[text] = statistics.fmean(of_seeds)

    def measure(self, architecture: Any) -> float:
        """Return the value of an architecture, trained now if it was not asked for ahead."""
        self.ahead([architecture])
        return self._values[self.space.text(architecture)]


def accuracy_of(outcome: Trained | str) -> float:
    """Return the accuracy that a training has reached, or what stands for one that failed."""
    if isinstance(outcome, str):
        return FAILED
    validation = outcome.result.last.validation
    assert validation is not None, "queries are validated, see QueryFields"
    return validation.top1
