"""``naslib-proxydata experiment``: a grid of searches, and one table of what they found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.options import executor_option, resolved_options, run_options
from naslib_proxydata.cli.telling import tell

if TYPE_CHECKING:
    from naslib_proxydata.assemble.experiment import Experiment, Plan


@click.command("experiment")
@click.argument("file", metavar="FILE.yaml", type=click.Path(path_type=Path), required=False)
@click.option("--scale", metavar="NAME", help="One of the file's, such as paper.  [quick]")
@click.option("--seeds", metavar="SEEDS", help="Seeds of each row, comma-separated.  [the scale's]")
@click.option("--rows", metavar="LABELS", help="Only these rows, comma-separated.  [all]")
@click.option(
    "--dataset",
    metavar="SOURCE",
    help="What is searched on: cifar10:PATH, FILE.npz, ...  [the file's]",
)
@click.option("--dry-run", is_flag=True, help="Print the grid and what it costs, and do nothing.")
@executor_option
@run_options
@json_option
def command(
    config_file: Path | None,
    assignments: tuple[str, ...],
    as_json: bool,
    seeds: str | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Run the searches of an experiment file, and make one table of what they found.

    Each search is a run folder in --out. The same command goes on: finished searches are not run
    again, others go on from their last epoch. --set search.KEY=VALUE, --set select.KEY=VALUE and
    --set scores.NAME.KEY=VALUE win over the file.
    """
    from naslib_proxydata.assemble.experiment import (
        checked_plan,
        plan_of,
        refuse_failures,
        run_experiment,
    )
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.cli.progress import shown_progress
    from naslib_proxydata.config import ExperimentConfig
    from naslib_proxydata.errors import ConfigError

    config = resolved_options(ExperimentConfig, config_file, assignments, seed=seeds, **options)
    if options["file"] is None and config_file is None:
        raise ConfigError("no experiment is named; give its FILE.yaml, see benchmarks/papers")
    if dry_run:
        plan = checked_plan(config) if config.dataset else plan_of(config)
        if as_json:
            emit({"plan": [{"row": one.row.label, "seed": one.seed} for one in plan.searches]})
        else:
            _show_plan(plan)
        return
    kept = f"what was finished is kept in {config.out}; the same command goes on from there"
    with keeping(lambda: kept), shown_progress() as progress:
        experiment = run_experiment(config, progress=progress)
    if as_json:
        refuse_failures(experiment)
        searches = [one.plain(experiment.columns) for one in experiment.outcomes]
        emit({"rows": experiment.to_dicts(), "searches": searches}, folder=experiment.folder)
        return
    _show(experiment)
    refuse_failures(experiment)


def _show_plan(plan: Plan) -> None:
    """Print the rows, and how many searches they are."""
    from naslib_proxydata.assemble.experiment_cost import most_examples

    tell(plan.file.title or str(plan.config.file))
    made = {one.scores.out.name: one.scores for one in plan.searches if one.scores is not None}
    for name, scores in made.items():
        scorer = scores.scorer.name if scores.scorer is not None else ""
        tell(f"scores {name}, made first: {scorer} of all of {scores.dataset}, seed {scores.seed}")
    for row in plan.rows:
        one = next(one for one in plan.searches if one.row is row)
        tell(f"{row.label}: {most_examples(one)}")
    seeds = ", ".join(map(str, plan.seeds))
    tell(f"{len(plan.rows)} rows with seeds {seeds}: {len(plan.searches)} searches")


def _show(experiment: Experiment) -> None:
    """Print the table, and where the files are."""
    for row in experiment.rows:
        values = ", ".join(
            f"{name} {one.mean:.2f} ({one.sd:.2f}), best {one.best:.2f}, n {one.n}"
            for name, one in row.statistics.items()
        )
        tell(f"{row.label}: {values or f'{row.searches} searches'}")
    tell(f"the report is {experiment.folder}/summary.md")
