"""``naslib-proxydata select``: choose the examples that a search trains on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naslib_proxydata.cli.options import key_values, plugin_option

if TYPE_CHECKING:
    from naslib_proxydata.selection.base import Selection


@click.command("select")
@click.option(
    "--dataset",
    required=True,
    metavar="SOURCE",
    help="digits, fashion-mnist, cifar10:PATH, cifar100:PATH, FILE.npz, FOLDER, module:attribute",
)
@click.option("--selector", required=True, metavar="NAME", help="See 'list selectors'.")
@click.option("--size", type=int, metavar="K", help="Number of examples.")
@click.option("--fraction", type=float, metavar="R", help="Share of the dataset, rounded down.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of all that is random.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Where the selection goes; its facts go to the .json beside it.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the selector, such as bin_width=0.25 or keep=lowest. May be repeated.",
)
@click.option(
    "--split",
    "shares",
    default="0.5,0.5",
    show_default=True,
    metavar="W,A",
    help="Shares of the selection that train the weights and the architecture.",
)
@click.option(
    "--scores",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Use these scores: an .npz, or a text list of index, score and class.",
)
@click.option(
    "--save-scores",
    type=click.Path(path_type=Path),
    metavar="FILE.npz",
    help="Keep the scores for --scores.",
)
@click.option("--scorer", default="", metavar="NAME", help="Scorer.  [the selector's own]")
@click.option(
    "--model",
    default="",
    metavar="NAME",
    help="Scorer's model: resnet20, resnet56, torchvision:NAME, module:attribute.",
)
@click.option("--quick", is_flag=True, help="Train the scorer's model for 15 epochs, not 200.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, ...")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of trained models and scores.  [$NASLIB_PROXYDATA_CACHE]",
)
@click.option("--plot", is_flag=True, help="Draw scores and classes to FILE.png.")
@plugin_option
def command(
    options: tuple[str, ...], shares: str, plugin: tuple[Path, ...], **arguments: Any
) -> None:
    """Choose the examples that a search trains on."""
    from naslib_proxydata.assemble.select import SelectionRequest, run_selection

    request = SelectionRequest(
        options=key_values("--option", options), shares=_shares(shares), plugins=plugin, **arguments
    )
    _show(run_selection(request), request.out)


def _shares(text: str) -> tuple[float, float]:
    from naslib_proxydata.errors import ConfigError

    try:
        weights, architecture = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"--split {text!r}: expected two numbers, such as 0.5,0.5") from None
    return weights, architecture


def _show(selection: Selection, out: Path) -> None:
    parameters = ", ".join(f"{key}={value}" for key, value in selection.parameters.items())
    click.echo(
        f"{selection.method}{f' ({parameters})' if parameters else ''}: {selection.size:,} of "
        f"{selection.dataset_size:,} examples of {selection.dataset}, "
        f"{len(selection.weight_indices):,} for weights and "
        f"{len(selection.architecture_indices):,} for the architecture"
    )
    click.echo(f"wrote {out} and {out.with_suffix('.json')}")
