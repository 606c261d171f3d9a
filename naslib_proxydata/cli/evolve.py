"""``naslib-proxydata evolve``: search a space architecture by architecture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from naslib_proxydata.assemble.evolve import Evolution


@click.command("evolve")
@click.option("--space", metavar="NAME", help="nb201, nb101, darts, ...  [nb201]")
@click.option("--optimizer", metavar="NAME", help="re, random, nsga2, nao, ...  [re]")
@click.option("--predictor", metavar="NAME", help="The fitness.  [the benchmark's true value]")
@click.option("--queries", type=int, metavar="N", help="True values to look up.  [0]")
@click.option(
    "--true",
    metavar="table|train",
    help="Look values up, or train what is queried, as --set train.KEY=VALUE says.  [table]",
)
@click.option(
    "--evaluations", type=int, metavar="N", help="Architectures a predictor ranks.  [200]"
)
@click.option(
    "--acquisition",
    metavar="NAME",
    help="mean, upper_confidence_bound, expected_improvement or top_two_thompson.  [the "
    "predictor's ranking]",
)
@click.option(
    "--labels",
    type=int,
    metavar="N",
    help="Queries spent at random first, to learn from.  [a third, at most 20]",
)
@label_table_option("Labelled architectures of your own to learn from.")
@click.option(
    "--benchmark", metavar="NAME", help="What is queried; or csv:FILE.  [the space's first]"
)
@click.option("--dataset", metavar="NAME", help="Its dataset, or column.  [the first]")
@click.option("--metric", metavar="NAME", help="Its metric.  [the dataset's default]")
@click.option("--macs-low", type=float, metavar="N", help="Fewest multiply-accumulates.")
@click.option("--macs-high", type=float, metavar="N", help="Most multiply-accumulates.")
@click.option(
    "--macs-image-size",
    type=int,
    metavar="PIXELS",
    help="Image size at which they are counted.  [the space's]",
)
@click.option("--seed", type=int, metavar="S", help="Seed of all that is random.  [0]")
@table_options
@images_option
@score_time_limit_option
@executor_option
@run_options
@json_option
def command(
    config_file: Path | None, assignments: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Search a space architecture by architecture, by true values or a predictor.

    With --queries alone the benchmark's value is the fitness, with --predictor alone its score.
    With both, queries are spent on what the predictor ranks best. With --true train what is queried
    is trained: --set train.recipe=NAME and so on, as for 'train'. Options of the optimizer are
    set by --set optimizer.KEY=VALUE. Scores are kept as they arrive: running the same command
    again goes on where it stopped, with more --queries or --evaluations if you like.
    """
    from naslib_proxydata.assemble.evolve import run_evolve
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.cli.progress import shown_progress
    from naslib_proxydata.config import EvolveConfig
    from naslib_proxydata.runs.kept import scores_kept

    config = resolved_options(EvolveConfig, config_file, assignments, **options)
    with keeping(lambda: scores_kept(config.out)), shown_progress() as progress:
        found = run_evolve(config, progress=progress)
    if as_json:
        _emit(found)
        return
    what = "true queries" if config.queries else "evaluated architectures"
    _show(found, what, trained=config.true == "train")


def _emit(found: Evolution) -> None:
    """Print the best, what is known of it, and every query as JSON."""
    from dataclasses import asdict

    measured = [
        {"dataset": dataset, "metric": metric, "value": value}
        for dataset, metric, value in found.measured
    ]
    tables = {
        "best": [asdict(found.best)],
        "measured": measured,
        "history": [asdict(one) for one in found.history],
        "front": [asdict(one) for one in found.front],
    }
    emit(tables, folder=found.folder)


def _show(found: Evolution, what: str, *, trained: bool) -> None:
    """Print the best, what is known of it, and where the files are."""
    best = found.best
    tell(f"architecture: {best.architecture}")
    tell(f"best of {len(found.history)} {what}, number {best.number}: {best.fitness:.6g}")
    tell(f"{best.macs:,} multiply-accumulates")
    for dataset, metric, value in found.measured:
        tell(f"{dataset}, {metric}: {value:.2f}")
    if found.front:
        tell(f"{len(found.front)} architectures on the front, see {found.folder}/front.csv")
    made = f"{found.computed} scores computed now; the report is"
    if trained:
        made = f"{len(found.history)} networks trained, see {found.folder}/trainings; the report is"
    tell(f"{made} {found.folder}/summary.md")
