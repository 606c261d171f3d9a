"""A pruner as a configuration names it: its score file, if it has one, becomes an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.data.joined import JoinedDataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.files import expanded
from naslib_proxydata.plugins.naming import add_named
from naslib_proxydata.selection.score_files import ScoreList, read_scores

if TYPE_CHECKING:
    from naslib_proxydata.config.fields import Named
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.plugins import Acting, Plugins

SCORES = "scores"
"""The option of a pruner that is a score file."""


def add_pruner(
    acting: Acting,
    plugins: Plugins,
    pruner: Named,
    dataset: Dataset,
    scores: ScoreList | None = None,
) -> None:
    """Let the named pruner act, handing it the scores of the dataset in place of their file.

    Args:
        acting: Where it acts.
        plugins: Where it is registered.
        pruner: Its name and options.
        dataset: What is searched on; of two joined ones, the scores are those of the first.
        scores: What stands for its file, where that is still to be made.

    Raises:
        ConfigError: There is no such pruner or option.
        SelectionError: The scores cannot be read, are of another dataset or of another scorer
            than the pruner goes by, or are no single number for each example.
    """
    options: dict[str, Any] = dict(pruner.options)
    file = options.get(SCORES)
    if not isinstance(file, str):
        add_named(acting, plugins, "pruners", pruner.name, options)
        return
    scored = dataset.first if isinstance(dataset, JoinedDataset) else dataset
    found = read_scores(expanded(file), scored.name) if scores is None else scores
    file = str(found.path)
    values = found.for_dataset(scored)
    if values.ndim != 1:
        raise SelectionError(
            f"{file} holds features of {values.shape[1]} numbers for each example, pruner "
            f"{pruner.name!r} expects one score; give a file of scores"
        )
    # The second of joined datasets, on which the architecture trains, has no scores and stays.
    without = np.full(len(dataset) - len(scored), np.nan)
    options[SCORES] = np.concatenate([values, without])
    actor = add_named(acting, plugins, "pruners", pruner.name, options, pruner.options)
    expected, scorer = getattr(actor, "scorer", ""), found.origin.scorer
    if scorer and expected and scorer != expected:
        raise SelectionError(
            f"{file} holds scores of scorer {scorer!r}, pruner {pruner.name!r} goes by "
            f"{expected!r}; score with 'select --scorer {expected} --save-scores'"
        )


def with_whole_path(pruner: Named | None) -> Named | None:
    """Return a pruner whose score file is found from any folder."""
    file = named_scores(pruner)
    if pruner is None or file is None:
        return pruner
    return pruner.model_copy(update={SCORES: str(expanded(file).resolve())})


def named_scores(pruner: Named | None) -> str | None:
    """Return a pruner's score file, None where it has none."""
    named = None if pruner is None else pruner.options.get(SCORES)
    return named if isinstance(named, str) else None
