"""``naslib-proxydata dps``: search for the proxies that rank a few labels best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.options import (
    executor_option,
    images_option,
    label_table_option,
    resolved_options,
    run_options,
    score_time_limit_option,
    table_options,
)
from naslib_proxydata.cli.telling import tell


@click.command("dps")
@click.option(
    "--benchmark", metavar="NAME", help="Whose values are the labels; or csv:FILE.  [nb201]"
)
@click.option("--dataset", metavar="NAME", help="Its dataset, or column.  [the first]")
@click.option("--metric", metavar="NAME", help="Its metric.  [the dataset's default]")
@click.option("--labels", type=int, metavar="N", help="Architectures drawn and labelled.  [20]")
@click.option("--label-seed", type=int, metavar="S", help="Seed of that draw.  [0]")
@label_table_option("Labelled architectures of your own instead, of --space.")
@click.option("--space", metavar="NAME", help="The search space of a file of yours.")
@click.option("--cycles", type=int, metavar="N", help="Proxies looked at in all.  [200]")
@click.option("--seed", type=int, metavar="S", help="Seed of evolution and scores.  [0]")
@table_options
@images_option
@score_time_limit_option
@executor_option
@run_options
@json_option
def command(
    config_file: Path | None, assignments: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Search settings of Eproxy that rank a few labelled architectures best (DPS).

    The fittest are written to best.yaml in the run folder, which 'leaderboard --predictors
    eproxy:FILE' and 'dps:FILE' read. Scores are kept as they arrive: running the same command
    again goes on where it stopped.
    """
    from naslib_proxydata.assemble.dps import run_dps
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.cli.progress import shown_progress
    from naslib_proxydata.config import DpsConfig
    from naslib_proxydata.runs.kept import scores_kept

    config = resolved_options(DpsConfig, config_file, assignments, **options)
    with keeping(lambda: scores_kept(config.out)), shown_progress() as progress:
        found = run_dps(config, progress=progress)
    if as_json:
        emit({"proxies": [one.model_dump() for one in found.proxies]}, folder=found.preset.parent)
        return
    tell("fitness (Spearman on the labels) of the best proxies: ", nl=False)
    tell(", ".join(f"{one.fitness:.3f}" for one in found.proxies))
    tell(f"{found.evaluations} scores asked for, {found.computed} computed now; wrote")
    tell(found.preset)
