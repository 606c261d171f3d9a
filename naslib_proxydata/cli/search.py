"""``naslib-proxydata search``: search by training a supernet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from naslib_proxydata.cli.options import key_values, plugin_option
from naslib_proxydata.hookspecs import hookimpl

SCHEDULE_HELP = (
    "to-4-percent, to-14-percent, to-1-percent, or the fraction of the examples to be left"
)


@click.command("search")
@click.option("--space", required=True, metavar="NAME", help="nb201, darts, s1 to s4, ...")
@click.option(
    "--strategy",
    required=True,
    metavar="NAME",
    help="See 'list strategies'; join several with +, such as pc-darts+beta-darts.",
)
@click.option(
    "--dataset",
    required=True,
    metavar="SOURCE",
    help="digits, fashion-mnist, cifar10:PATH, cifar100:PATH, FILE.npz, FOLDER, module:attribute.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run folder; a search that was interrupted there goes on.",
)
@click.option(
    "--selection",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Train on these examples, chosen by 'select'.  [all]",
)
@click.option(
    "--bdp",
    is_flag=False,
    flag_value="to-4-percent",
    metavar="[SCHEDULE]",
    help=f"Bi-level data pruning: {SCHEDULE_HELP}.  [to-4-percent]",
)
@click.option(
    "--random-pruning", metavar="SCHEDULE", help="Prune at random by such a schedule instead."
)
@click.option("--el2n", type=float, metavar="R", help="Prune once to this fraction by EL2N.")
@click.option(
    "--weights-drops",
    type=click.Choice(["low", "high"]),
    default="low",
    show_default=True,
    help="The end of the error's variance that BDP drops from the weights' examples.",
)
@click.option(
    "--architecture-drops",
    type=click.Choice(["low", "high"]),
    default="high",
    show_default=True,
    help="The same for the architecture's examples.",
)
@click.option("--class-balance/--no-class-balance", default=True, help="BDP's class balance.  [on]")
@click.option("--epochs", type=int, metavar="E", help="Number of epochs.  [the strategy's]")
@click.option("--batch-size", type=int, metavar="B", help="Batch size.  [the strategy's]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all that is random.")
@click.option("--device", default="cpu", help="cpu, cuda, ...  [cpu]")
@click.option("--channels", type=int, metavar="C", help="Channels of the first cells.  [paper's]")
@click.option("--cells", type=int, metavar="N", help="Cells (nb201: of a stage).  [paper's]")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any setting, such as weights_lr=0.1. May be repeated.",
)
@click.option("--augment/--no-augment", default=True, help="Crop and flip images.  [on]")
@click.option(
    "--hessian-every",
    type=int,
    default=0,
    metavar="K",
    help="Estimate the dominant Hessian eigenvalue every K epochs.  [never]",
)
@click.option("--tensorboard", is_flag=True, help="Write TensorBoard events, too.")
@click.option(
    "--data-root",
    type=click.Path(path_type=Path),
    envvar="NASLIB_PROXYDATA_DATA",
    metavar="DIR",
    help="Folder of benchmark tables, to look the final cell up.  [$NASLIB_PROXYDATA_DATA]",
)
@plugin_option
def command(
    assignments: tuple[str, ...],
    plugin: tuple[Path, ...],
    **options: Any,
) -> None:
    """Search for an architecture.

    A supernet is trained, on all data or on less.
    """
    search_by_strategy(assignments, plugin, **options)


def search_by_strategy(
    assignments: tuple[str, ...],
    plugin: tuple[Path, ...],
    *,
    epochs: int | None,
    batch_size: int | None,
    seed: int,
    device: str,
    **arguments: Any,
) -> None:
    """Run the one-shot search that the options ask for, and say what it found."""
    from naslib_proxydata.assemble.search import SearchRequest, run_search

    given = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "device": device}
    settings = {key: value for key, value in given.items() if value is not None}
    request = SearchRequest(
        settings={**settings, **key_values("--set", assignments)}, plugins=plugin, **arguments
    )
    finished = run_search(request, EpochLines())
    click.echo(f"cell: {finished.result.cell}")
    click.echo(
        f"{finished.result.processed:,} examples processed in {finished.result.seconds:.0f} s"
    )
    for one in finished.measured:
        click.echo(f"{one.benchmark}, {one.dataset}, {one.metric}: {one.value:.2f}")
    for note in finished.notes:
        click.echo(f"not looked up: {note}")
    click.echo(f"wrote {request.out}/result.json, history.json and plots")


class EpochLines:
    """Prints a line for each epoch."""

    @hookimpl
    def epoch_finished(self, epoch: int, metrics: Mapping[str, float], cell: str) -> None:
        """Print accuracies, time and cell."""
        click.echo(
            f"epoch {epoch}: weights {metrics['weights_accuracy']:.1f} %, "
            f"architecture {metrics['architecture_accuracy']:.1f} %, "
            f"{metrics['seconds']:.1f} s, {cell}"
        )
