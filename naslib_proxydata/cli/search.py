"""``naslib-proxydata search``: train a supernet and derive an architecture from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.options import folder_options, resolved_options, run_options
from naslib_proxydata.cli.telling import tell
from naslib_proxydata.hookspecs import hookimpl

if TYPE_CHECKING:
    from naslib_proxydata.assemble.search import FinishedSearch


@click.command("search")
@click.option(
    "--recipe",
    metavar="NAME",
    help="A published search with its settings, see 'list recipes'; everything else that is said "
    "wins over it.",
)
@click.option("--space", metavar="NAME", help="See 'list supernets'.  [nb201]")
@click.option(
    "--strategy",
    metavar="NAME",
    help="See 'list strategies'; join several with +, such as pc-darts+beta-darts.  [darts]",
)
@click.option(
    "--dataset",
    metavar="SOURCE",
    help="digits, fashion-mnist, cifar10:PATH, cifar100:PATH, FILE.npz, FOLDER, or "
    "module:attribute, whose code is run, ...  [digits]",
)
@folder_options
@click.option(
    "--architecture-dataset",
    metavar="SOURCE",
    help="Train the architecture on these images and the weights alone on --dataset, which "
    "alone a selection or a pruner then shrinks.  [part of --dataset]",
)
@click.option(
    "--selection",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.npz",
    help="Train on these examples, chosen by 'select'.  [all]",
)
@click.option(
    "--pruner",
    metavar="NAME",
    help="Drop or weigh examples while the search runs, see 'list pruners'; its options are "
    "--set pruner.KEY=VALUE.",
)
@click.option(
    "--bdp",
    "schedule",
    is_flag=False,
    flag_value="to-4-percent",
    metavar="[SCHEDULE]",
    help="Short for --pruner bdp --set pruner.schedule=SCHEDULE: to-4-percent, to-14-percent, "
    "to-1-percent, a printed pair such as 20/10, or the fraction of the examples to be left.  "
    "[to-4-percent]",
)
@click.option("--observer", metavar="NAMES", help="See 'list observers'; comma-separated.")
@click.option("--epochs", type=int, metavar="E", help="Number of epochs.  [the strategy's]")
@click.option("--batch-size", type=int, metavar="B", help="Batch size.  [the strategy's]")
@click.option("--seed", type=int, metavar="S", help="Seed of all that is random.  [0]")
@click.option("--channels", type=int, metavar="C", help="Channels of the first cells.  [paper's]")
@click.option("--cells", type=int, metavar="N", help="Cells (nb201: of a stage).  [paper's]")
@click.option(
    "--augment/--no-augment", default=None, help="Crop and flip training images.  [augment]"
)
@click.option(
    "--hessian-every",
    type=int,
    metavar="K",
    help="Estimate the dominant Hessian eigenvalue every K epochs.  [never]",
)
@click.option(
    "--early-stop",
    is_flag=True,
    default=None,
    help="End the search before its cell collapses, by the eigenvalue of every epoch.",
)
@run_options
@json_option
def command(
    config_file: Path | None,
    assignments: tuple[str, ...],
    as_json: bool,
    schedule: str | None,
    epochs: int | None,
    batch_size: int | None,
    **options: Any,
) -> None:
    """Train a supernet, on all data or on less, and derive an architecture from it.

    A checkpoint is kept after every epoch: running the same command again goes on where it stopped,
    and with more --epochs a finished search goes on.
    """
    from naslib_proxydata.assemble.search import HISTORY, run_search
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.cli.together import told_by_the_first
    from naslib_proxydata.config import SearchConfig
    from naslib_proxydata.errors import ConfigError
    from naslib_proxydata.runs.kept import epochs_kept
    from naslib_proxydata.runs.processes import started_number

    number = started_number()
    with told_by_the_first(number):
        pruner = options["pruner"]
        if schedule is not None and pruner not in (None, "bdp"):
            raise ConfigError(f"--bdp is a pruner, and so is --pruner {pruner}; give one of them")
        if schedule is not None:
            options |= {"pruner": "bdp", "pruner.schedule": schedule}
        options |= {"training.epochs": epochs, "training.batch_size": batch_size}
        config = resolved_options(SearchConfig, config_file, assignments, **options)
        with keeping(lambda: epochs_kept(config.out, HISTORY)):
            finished = run_search(config, *([] if number else [EpochLines()]))
    if number:
        return
    if as_json:
        _emit(finished)
        return
    tell(f"cell: {finished.cell}")
    tell(f"{finished.result.processed:,} examples processed in {finished.result.seconds:.0f} s")
    for one in finished.measured:
        tell(f"{one.benchmark}, {one.dataset}, {one.metric}: {one.value:.2f}")
    for note in finished.notes:
        tell(f"not looked up: {note}")
    tell(f"the report is {config.out}/summary.md")


def _emit(finished: FinishedSearch) -> None:
    """Print the cell, what tables hold of it, and every epoch as JSON."""
    result = finished.result
    found = {"cell": result.cell, "examples": result.processed, "seconds": result.seconds}
    tables = {
        "found": [found],
        "measured": [one._asdict() for one in finished.measured],
        "epochs": [{"epoch": one.epoch, "cell": one.cell, **one.metrics} for one in result.records],
    }
    emit(tables, folder=finished.folder, notes=finished.notes)


class EpochLines:
    """Prints a line for each epoch."""

    @hookimpl
    def epoch_finished(self, epoch: int, metrics: Mapping[str, float], cell: str) -> None:
        """Print accuracies, time and cell."""
        tell(
            f"epoch {epoch}: weights {metrics['weights_accuracy']:.1f} %, "
            f"architecture {metrics['architecture_accuracy']:.1f} %, "
            f"{metrics['seconds']:.1f} s, {cell}"
        )
