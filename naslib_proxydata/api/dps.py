"""The search for the settings of Eproxy that rank a few labels best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.api.running import run, split
from naslib_proxydata.assemble.dps import run_dps
from naslib_proxydata.config import DpsConfig
from naslib_proxydata.predictors.eproxy.presets import read_preset

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from naslib_proxydata.predictors.eproxy.presets import Preset
    from naslib_proxydata.runs.executors import Progress


def dps(
    benchmark: str = "nb201",
    labels: int = 20,
    *,
    dataset: str | None = None,
    cycles: int = 200,
    seed: int = 0,
    workers: int = 1,
    executor: str | Mapping[str, Any] | Executor | None = None,
    data_root: str | Path | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Preset:
    """Search settings of Eproxy that rank a few labels best (arXiv 2210.09459, section 2.2).

    Args:
        benchmark: The benchmark whose values are the labels.
        labels: Number of architectures drawn and labelled.
        dataset: Its dataset; the first where None.
        cycles: Proxies looked at in all.
        seed: Seed of the evolution and of the scores.
        workers: Processes that score; results do not depend on it.
        executor: Where it is computed: ``"processes"`` of this machine, ``"dask:ADDRESS"``,
            ``"slurm"``, ``"ray:ADDRESS"``, a name with options, or any executor of your own.
        data_root: Folder of benchmark files; ``$NASLIB_PROXYDATA_DATA`` where None.
        out: A run folder to keep, whose ``best.yaml`` holds the preset; None keeps nothing but
            what is returned.
        progress: Called with a title, the number of proxies done, and of how many.
        settings: Any other key of the configuration, such as ``label_table``;
            ``naslib-proxydata config schema dps`` lists all.

    Returns:
        The fittest proxies, best first, and where they come from. The ``options`` of one are those
        of predictor ``eproxy``.

    Raises:
        ConfigError: A key, a name or a value is wrong.
        LabelError: The labels are too few or all alike.
        TableError: The benchmark's file is absent or damaged.
    """
    named, own = split(executor)
    given = {
        **settings,
        "benchmark": benchmark,
        "labels": labels,
        "dataset": dataset,
        "cycles": cycles,
        "seed": seed,
        "workers": workers,
        "executor": named,
        "data_root": data_root,
    }
    return run(
        lambda config: read_preset(str(run_dps(config, executor=own, progress=progress).preset)),
        DpsConfig,
        given,
        out,
    )
