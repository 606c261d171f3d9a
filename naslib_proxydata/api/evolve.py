"""Discrete search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.api.running import run, split
from naslib_proxydata.assemble.evolve import run_evolve
from naslib_proxydata.config import EvolveConfig

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from naslib_proxydata.assemble.evolve import Evolution
    from naslib_proxydata.runs.executors import Progress


def evolve(
    space: str = "nb201",
    optimizer: str | Mapping[str, Any] = "re",
    predictor: str | Mapping[str, Any] | None = None,
    queries: int = 0,
    *,
    evaluations: int = 200,
    benchmark: str | None = None,
    dataset: str | None = None,
    seed: int = 0,
    workers: int = 1,
    executor: str | Mapping[str, Any] | Executor | None = None,
    data_root: str | Path | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Evolution:
    """Search architecture by architecture, by a predictor, by true values, or by both.

    Args:
        space: Name of the search space.
        optimizer: A name, or a name with options: ``{"name": "re", "population": 100}``.
        predictor: The same of a predictor; without one the true value is the fitness.
        queries: True values to look up in the benchmark; 0 for none at all.
        evaluations: Architectures that the predictor ranks, in each round.
        benchmark: The benchmark to query; the first of the space where None.
        dataset: Its dataset; the first where None.
        seed: Seed of all that is random.
        workers: Processes that score; results do not depend on it.
        executor: Where it is computed: ``"processes"`` of this machine, ``"dask:ADDRESS"``,
            ``"slurm"``, ``"ray:ADDRESS"``, a name with options, or any executor of your own.
        data_root: Folder of benchmark files; ``$NASLIB_PROXYDATA_DATA`` where None.
        out: A run folder to keep, in which the same call goes on where it stopped; None keeps
            nothing but what is returned.
        progress: Called with a title, the number of scores done, and of how many.
        settings: Any other key of the configuration, such as ``macs_high``;
            ``naslib-proxydata config schema evolve`` lists all.

    Returns:
        The best architecture, every query, and what the benchmark holds of the best.

    Raises:
        ConfigError: A key, a name or a value is wrong, or nothing says what is best.
        SearchError: Nothing that is allowed can be found.
        TableError: The benchmark's file is absent or damaged.
    """
    named, own = split(executor)
    given = {
        **settings,
        "space": space,
        "optimizer": optimizer,
        "predictor": predictor,
        "queries": queries,
        "evaluations": evaluations,
        "benchmark": benchmark,
        "dataset": dataset,
        "seed": seed,
        "workers": workers,
        "executor": named,
        "data_root": data_root,
    }
    found = run(
        lambda config: run_evolve(config, executor=own, progress=progress), EvolveConfig, given, out
    )
    return found if out is not None else replace(found, folder=None)
