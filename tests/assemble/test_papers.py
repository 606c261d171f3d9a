"""The experiments of papers: each file is one, at each of its scales, with the figures beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from naslib_proxydata.assemble.experiment import plan_of
from naslib_proxydata.config import ExperimentConfig
from naslib_proxydata.config.experiment import read_experiment

PAPERS = Path(__file__).parents[2] / "benchmarks" / "papers"
BDP = sorted(PAPERS.glob("bdp-*.yaml"))


@pytest.mark.parametrize("file", BDP, ids=lambda path: path.stem)
def test_every_published_row_of_ours_is_found(file: Path) -> None:
    for scale in read_experiment(file).scales:
        plan = plan_of(ExperimentConfig(file=file, scale=scale, dataset="images.npz"))
        labels = {label for row in plan.rows for label in (row.label, *row.levels.values())}
        columns = {(one.dataset, one.metric) for one in plan.file.columns}
        if plan.published:
            matched = {key[1:] for key in plan.published if key[0] in labels}
            assert columns <= matched


def test_folders_are_those_of_the_long_runs() -> None:
    def folders(name: str) -> set[str]:
        file = PAPERS / f"{name}.yaml"
        plan = plan_of(ExperimentConfig(file=file, dataset="images.npz"))
        return {row.folder for row in plan.rows}

    assert {"1-9", "9-1"} < folders("bdp-table-1")
    assert {"low-high-25-5", "high-low-5-25"} < folders("bdp-table-3")
    assert {"darts", "beta-darts-with-bdp-to-14-percent"} < folders("bdp-table-4")
    assert "darts-with-bdp-without-balance" in folders("bdp-table-7")
