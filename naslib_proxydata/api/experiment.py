"""Experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.api.running import run, split
from naslib_proxydata.assemble.experiment import run_experiment
from naslib_proxydata.config import ExperimentConfig

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from naslib_proxydata.assemble.experiment import Experiment
    from naslib_proxydata.runs.executors import Progress


def experiment(
    file: str | Path,
    dataset: str | None = None,
    *,
    scale: str | None = None,
    seeds: Sequence[int] = (),
    rows: Sequence[str] = (),
    search: Mapping[str, Any] | None = None,
    select: Mapping[str, Any] | None = None,
    workers: int = 1,
    executor: str | Mapping[str, Any] | Executor | None = None,
    device: str = "auto",
    data_root: str | Path | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Experiment:
    """Run the searches of an experiment file, and make one table of what they found.

    Args:
        file: The experiment file.
        dataset: What is searched on and selected from; the file's where None.
        scale: One of the file's; ``quick``, or its only one, where None.
        seeds: Seeds of each row; the scale's where empty.
        rows: Only these rows, by label; all where empty.
        search: Keys of ``search`` that win over the file's.
        select: Keys of ``select`` that win over the file's.
        workers: Processes that search; results do not depend on it.
        executor: Where it is computed: ``"processes"`` of this machine, ``"dask:ADDRESS"``,
            ``"slurm"``, ``"ray:ADDRESS"``, a name with options, or any executor of your own.
        device: A torch device, or ``"auto"``: a GPU where there is one.
        data_root: Folder of benchmark files; ``$NASLIB_PROXYDATA_DATA`` where None.
        out: A folder to keep, in which the same call goes on where it stopped; None keeps nothing
            but what is returned.
        progress: Called with a title, how many searches are finished, and of how many.
        settings: Any other key of the configuration, such as ``threads``;
            ``naslib-proxydata config schema experiment`` lists all.

    Returns:
        A line for each row, what each search found, and the published figures. A search that
        failed is in it with its reason.

    Raises:
        ConfigError: A key, a name, a column or a value is wrong.
        DatasetError: The dataset is absent, damaged or has no labels.
        TableError: A table that is looked up in is absent or damaged.
        RunFolderError: The folder holds searches with another configuration.
    """
    named, own = split(executor)
    given = {
        **settings,
        "file": Path(file),
        "dataset": dataset,
        "scale": scale,
        "seed": tuple(seeds) or None,
        "rows": tuple(rows) or None,
        "search": None if search is None else dict(search),
        "select": None if select is None else dict(select),
        "workers": workers,
        "executor": named,
        "device": device,
        "data_root": data_root,
    }
    done = run(
        lambda config: run_experiment(config, executor=own, progress=progress),
        ExperimentConfig,
        given,
        out,
    )
    return done if out is not None else replace(done, folder=None)
