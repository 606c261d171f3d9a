"""The part of ``naslib-proxydata search`` that belongs to ``--optimizer``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from naslib_proxydata.cli.options import label_table_option, workers_option

OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option("--optimizer", metavar="NAME", help="Discrete search: random, re or nsga2."),
    click.option(
        "--predictor", metavar="NAME", help="The fitness.  [the true value of the benchmark]"
    ),
    click.option("--queries", type=int, metavar="N", help="True values to look up.  [0]"),
    click.option(
        "--evaluations", type=int, metavar="N", help="Architectures a predictor ranks.  [200]"
    ),
    click.option(
        "--labels",
        type=int,
        metavar="N",
        help="Queries spent at random first, to learn from.  [a third, at most 20]",
    ),
    label_table_option("Labelled architectures of your own to learn from."),
    click.option("--benchmark", metavar="NAME", help="What is queried.  [the space's first]"),
    click.option("--metric", metavar="NAME", help="What is looked up.  [the dataset's default]"),
    click.option("--macs-low", type=float, metavar="N", help="Fewest multiply-accumulates."),
    click.option("--macs-high", type=float, metavar="N", help="Most multiply-accumulates."),
    click.option(
        "--macs-image-size",
        type=int,
        metavar="PIXELS",
        help="Image size at which they are counted.  [the space's]",
    ),
    click.option("--images", metavar="SOURCE", help="What predictors look at.  [photos]"),
    workers_option,
    click.option("--overwrite", is_flag=True, help="Start anew in the run folder."),
)


DISCRETE = (
    "optimizer",
    "predictor",
    "queries",
    "evaluations",
    "labels",
    "label_table",
    "benchmark",
    "metric",
    "macs_low",
    "macs_high",
    "macs_image_size",
    "images",
    "workers",
    "overwrite",
)
"""The options that only a discrete search has."""


def discrete_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a discrete search."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def search_by_optimizer(given: Mapping[str, Any], assignments: tuple[str, ...]) -> None:
    """Run the discrete search that the given options ask for, and say what it found."""
    from naslib_proxydata.assemble.evolve import run_discrete
    from naslib_proxydata.cli.progress import shown_progress
    from naslib_proxydata.config import SearchConfig, resolve

    config = resolve(SearchConfig, None, given, assignments)
    with shown_progress() as progress:
        found = run_discrete(config, progress=progress)
    best = found.best
    what = "true queries" if config.queries else "evaluated architectures"
    click.echo(f"architecture: {best.architecture}")
    click.echo(f"best of {len(found.history)} {what}, number {best.number}: {best.worth:.6g}")
    click.echo(f"{best.macs:,} multiply-accumulates")
    for dataset, metric, value in found.measured:
        click.echo(f"{dataset}, {metric}: {value:.2f}")
    if found.front:
        click.echo(f"{len(found.front)} architectures on the front, see {found.folder}/front.csv")
    click.echo(f"{found.computed} scores computed now; the report is {found.folder}/summary.md")
