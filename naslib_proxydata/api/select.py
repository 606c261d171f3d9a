"""Selections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata.api.datasets import named_dataset
from naslib_proxydata.api.running import run
from naslib_proxydata.assemble.select import run_select
from naslib_proxydata.config import SelectConfig

if TYPE_CHECKING:
    from naslib_proxydata.runs.executors import Progress
    from naslib_proxydata.selection.base import Selection


def select(
    dataset: Any,
    selector: str | Mapping[str, Any] = "random",
    *,
    size: int | None = None,
    fraction: float | None = None,
    scores: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Selection:
    """Choose the examples that a search trains on.

    Args:
        dataset: A source, such as ``"digits"`` or ``"cifar10:PATH"``, or a map-style dataset of
            images, of (image, label) pairs, such as torchvision's, or of dictionaries with both,
            such as Hugging Face's; None where ``scores`` names a list that carries the classes.
        selector: A name, or a name with options: ``{"name": "entropy-p1", "bin_width": 0.25}``.
        size: Number of examples; may be left out where the selector has one of its own, such as
            ``{"name": "class-subset", "classes": 10}``.
        fraction: Share of the dataset, in (0, 1], rounded down; instead of a size.
        scores: A score file to use; the selector's scorer computes what it needs where None.
        seed: Seed of scorer, choice and split.
        device: A torch device, or ``"auto"``: a GPU where there is one.
        out: A run folder that keeps the selection; None keeps nothing but what is returned.
        progress: Called with a title, how many epochs of a scorer's model or examples are done,
            and of how many.
        settings: Any other key of the configuration, such as ``split`` or ``scorer``;
            ``naslib-proxydata config schema select`` lists all.

    Returns:
        The selection: ``indices``, and its halves ``weight_indices`` and
        ``architecture_indices``, each int64, ascending.

    Raises:
        ConfigError: A key, a name or a value is wrong.
        DatasetError: The dataset is absent, damaged, or lacks labels that are needed.
        SelectionError: The size cannot be met, or scores are missing or of another dataset.
    """
    name, opened = (None, None) if dataset is None else named_dataset(dataset)
    given = {
        **settings,
        "dataset": name,
        "selector": selector,
        "size": size,
        "fraction": fraction,
        "scores": scores,
        "seed": seed,
        "device": device,
    }
    return run(
        lambda config: run_select(config, dataset=opened, progress=progress),
        SelectConfig,
        given,
        out,
    )
