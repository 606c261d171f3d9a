"""``naslib-proxydata train``: train found networks and measure what they reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.options import (
    executor_option,
    folder_options,
    resolved_options,
    run_options,
)
from naslib_proxydata.cli.telling import tell

if TYPE_CHECKING:
    from naslib_proxydata.assemble.train_outcomes import FinishedTraining, Wanted
    from naslib_proxydata.training.records import EpochRecord


@click.command("train")
@click.argument("architecture", metavar="ARCHITECTURE|RUN_DIR|FILE.csv", nargs=-1)
@click.option(
    "--recipe",
    metavar="NAME",
    help="A published training with its settings, see 'list recipes'; everything else that is said "
    "wins over it.",
)
@click.option("--space", metavar="NAME", help="nb201, darts, ...  [the run folder's]")
@click.option(
    "--dataset",
    metavar="SOURCE",
    help="digits, fashion-mnist, cifar10:PATH, cifar100:PATH, FILE.npz, FOLDER, ...  [digits]",
)
@click.option(
    "--validation",
    metavar="SOURCE|SHARE|none",
    help="Looked at after every epoch.  [a tenth of the images, or none with --test]",
)
@click.option("--test", metavar="SOURCE", help="Looked at once, at the end.  [none]")
@folder_options
@click.option(
    "--selection",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.npz",
    help="Train on these examples, chosen by 'select'.  [all]",
)
@click.option("--seeds", metavar="SEEDS", help="Comma-separated; each trains anew.  [0]")
@click.option(
    "--channels", metavar="WIDTHS", help="Of the first cells, comma-separated.  [the space's]"
)
@click.option("--cells", type=int, metavar="N", help="Cells (nb201: of a stage).  [the space's]")
@click.option("--epochs", type=int, metavar="E", help="Number of epochs.  [200, or the recipe's]")
@click.option("--batch-size", type=int, metavar="B", help="Batch size.  [256, or the recipe's]")
@click.option(
    "--random",
    type=int,
    metavar="N",
    help="Train N random architectures, too, for the relative improvement.  [0]",
)
@executor_option
@run_options
@json_option
def command(
    config_file: Path | None,
    assignments: tuple[str, ...],
    as_json: bool,
    seeds: str | None,
    epochs: int | None,
    batch_size: int | None,
    **options: Any,
) -> None:
    """Train networks from scratch, and write what they reach.

    What is named is the text of an architecture, the run folder of 'search' or 'evolve', or a CSV
    file with a column 'architecture'. A checkpoint is kept after every epoch: running the same
    command again goes on where it stopped. --set training.KEY=VALUE sets what a recipe leaves open.
    """
    from naslib_proxydata.assemble.train import TRAININGS, run_train
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.cli.progress import shown_progress
    from naslib_proxydata.cli.together import told_by_the_first
    from naslib_proxydata.config import TrainConfig
    from naslib_proxydata.runs.kept import trainings_kept
    from naslib_proxydata.runs.processes import started_number

    number = started_number()
    with told_by_the_first(number):
        options |= {"training.epochs": epochs, "training.batch_size": batch_size, "seed": seeds}
        config = resolved_options(TrainConfig, config_file, assignments, **options)
        with (
            keeping(lambda: trainings_kept(config.out / TRAININGS)),
            shown_progress() as progress,
        ):
            finished = run_train(
                config, progress=None if number else progress, report=None if number else tell_epoch
            )
    if not number and as_json:
        _emit(finished)
    elif not number:
        _show(finished)


def tell_epoch(wanted: Wanted, record: EpochRecord) -> None:
    """Print a line for an epoch."""
    validation = record.validation
    validated = "" if validation is None else f", validation {validation.top1:.2f} %"
    tell(
        f"{wanted.name} epoch {record.epoch}: loss {record.training.loss:.4f}, training "
        f"{record.training.top1:.2f} %{validated}, {record.seconds:.1f} s"
    )


def _emit(finished: FinishedTraining) -> None:
    """Print every training, and the gains over random architectures as JSON."""
    tables = {
        "trainings": [row.plain() for row in finished.rows],
        "improvements": [vars(one) for one in finished.improvements],
    }
    emit(tables, folder=finished.folder)


def _show(finished: FinishedTraining) -> None:
    """Print what was reached, and where the files are."""
    for group in finished.groups:
        width = "" if group.channels is None else f", {group.channels} channels"
        random = " (random)" if group.random else ""
        count = len(group.rows)
        tell(f"{group.architecture}{width}{random}: {group.accuracy:.2f} % ({count} trained)")
    for one in finished.improvements:
        tell(f"{one.architecture}: relative improvement {one.told}")
    tell(f"the report is {finished.folder}/summary.md, the table {finished.folder}/accuracies.csv")
