"""Leaderboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from naslib_proxydata.api.running import run, split
from naslib_proxydata.assemble.leaderboard import run_leaderboard
from naslib_proxydata.config import LeaderboardConfig

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from naslib_proxydata.assemble.leaderboard import Leaderboard
    from naslib_proxydata.runs.executors import Progress


def rank(
    benchmark: str | Sequence[str] = "nb201",
    predictors: str | Sequence[str] | Mapping[str, Mapping[str, Any]] | None = None,
    n: int | Literal["all"] = 100,
    *,
    dataset: str | Sequence[str] | None = None,
    seed: int | Sequence[int] = 0,
    labels: int = 0,
    workers: int = 1,
    executor: str | Mapping[str, Any] | Executor | None = None,
    data_root: str | Path | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Leaderboard:
    """Rank predictors on measured benchmarks, beside random, parameters and MACs.

    Args:
        benchmark: One or several benchmarks.
        predictors: Names, or options by name: ``{"eproxy": {"barrier": False}}``.
        n: Number of architectures drawn at random, or ``"all"``.
        dataset: Datasets (tasks); the benchmark's first where None.
        seed: One or several seeds; each gives rows of its own.
        labels: Number of labelled architectures to learn from; they are not ranked.
        workers: Processes that score; results do not depend on it.
        executor: Where it is computed: ``"processes"`` of this machine, ``"dask:ADDRESS"``,
            ``"slurm"``, ``"ray:ADDRESS"``, a name with options, or any executor of your own.
        data_root: Folder of benchmark files; ``$NASLIB_PROXYDATA_DATA`` where None.
        out: A run folder that keeps scores, tables and figures, in which the same call goes on
            where it stopped; None keeps nothing but what is returned.
        progress: Called with a title, the number of scores done, and of how many.
        settings: Any other key of the leaderboard's configuration, such as ``images`` or
            ``metrics``; ``naslib-proxydata config schema leaderboard`` lists all.

    Returns:
        The leaderboard; ``to_dicts()`` gives its rows as a list of dicts.

    Raises:
        ConfigError: A key, a name or a value is wrong.
        TableError: A benchmark's file is absent or damaged.
    """
    named, own = split(executor)
    given = {
        **settings,
        "benchmark": benchmark,
        "predictors": predictors,
        "n": n,
        "dataset": dataset,
        "seed": seed,
        "labels": labels,
        "workers": workers,
        "executor": named,
        "data_root": data_root,
    }
    board = run(
        lambda config: run_leaderboard(config, executor=own, progress=progress),
        LeaderboardConfig,
        given,
        out,
    )
    return board if out is not None else replace(board, folder=None)
