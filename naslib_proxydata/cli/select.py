"""``naslib-proxydata select``: choose the examples that a search trains on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.options import folder_options, resolved_options, run_options
from naslib_proxydata.cli.telling import tell


@click.command("select")
@click.option(
    "--dataset",
    metavar="SOURCE",
    help="digits, cifar10:PATH, FILE.npz, FOLDER, or module:attribute, whose code is run, ... ; "
    "see 'list datasets'. Not needed with --scores that carry the classes.  [digits]",
)
@folder_options
@click.option("--selector", metavar="NAME", help="See 'list selectors'.  [random]")
@click.option("--size", type=int, metavar="K", help="Number of examples.")
@click.option("--fraction", type=float, metavar="R", help="Share of the dataset, rounded down.")
@click.option("--seed", type=int, metavar="S", help="Seed of all that is random.  [0]")
@click.option(
    "--split",
    metavar="W,A",
    help="Shares of the selection that train the weights and the architecture.  [0.5,0.5]",
)
@click.option(
    "--keep-architecture",
    is_flag=True,
    default=None,
    help="Choose among the weights' part of the dataset and keep all of the architecture's.",
)
@click.option(
    "--scores",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Use these scores: an .npz, or a text list of index, score and class. With --scorer: they "
    "must be those of that scorer.",
)
@click.option(
    "--save-scores",
    is_flag=True,
    default=None,
    help="Keep the scores as scores.npz, for --scores.",
)
@click.option("--scorer", metavar="NAME", help="See 'list scorers'.  [the selector's own]")
@click.option(
    "--batch-size",
    type=int,
    metavar="B",
    help="Examples that the scorer's model is shown at a time.  [500, fewer above 64 x 64]",
)
@click.option(
    "--model",
    metavar="NAME",
    help="Scorer's model: resnet20, resnet56, torchvision:NAME, or module:attribute, whose "
    "code is run.",
)
@click.option(
    "--weights",
    metavar="NAME|FILE",
    help="Use the model with these weights, untrained: DEFAULT or another name of torchvision's, "
    "or a file of a state dict.",
)
@click.option(
    "--pretrained",
    is_flag=True,
    default=None,
    help="Use the model with the weights that it has, and do not train it.",
)
@click.option(
    "--quick", is_flag=True, default=None, help="Train the scorer's model for 15 epochs, not 200."
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of trained models and scores.  [$NASLIB_PROXYDATA_CACHE]",
)
@click.option("--plot", is_flag=True, default=None, help="Draw scores and classes.")
@click.option(
    "--tsne",
    metavar="SCORER",
    help="Draw t-SNE of the features that this scorer gives, such as features or pixels.  [none]",
)
@run_options
@json_option
def command(
    config_file: Path | None, assignments: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Choose the examples that a search trains on.

    The run folder holds the selection, which 'search --selection' takes, and a summary. Options
    of a selector or scorer are set with --set, such as --set selector.bin_width=0.25.
    """
    from naslib_proxydata.assemble.select import run_select
    from naslib_proxydata.cli.interrupts import keeping
    from naslib_proxydata.cli.progress import shown_progress
    from naslib_proxydata.config import SelectConfig
    from naslib_proxydata.selection.report import selection_sentence

    config = resolved_options(SelectConfig, config_file, assignments, **options)
    kept = "finished epochs and scores of a scorer are kept in its cache; the same command goes on"
    with keeping(lambda: kept), shown_progress() as progress:
        selection = run_select(config, progress=progress)
    if as_json:
        emit({"selection": [selection.facts()]}, folder=config.out)
        return
    tell(selection_sentence(selection))
    tell(f"wrote {config.out}/selection.npz and {config.out}/summary.md")
