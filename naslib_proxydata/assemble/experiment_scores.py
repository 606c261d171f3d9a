"""Scores that an experiment makes before its searches, whose pruners go by them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.assemble.pruner import SCORES as OPTION
from naslib_proxydata.assemble.pruner import named_scores
from naslib_proxydata.assemble.reading import read_as_asked
from naslib_proxydata.assemble.select import SCORES as FILE
from naslib_proxydata.assemble.select import check_select
from naslib_proxydata.config import SelectConfig
from naslib_proxydata.data.part import readable_part
from naslib_proxydata.errors import ConfigError, SelectionError, unknown_name
from naslib_proxydata.files import expanded
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.selection.origin import ScoreOrigin
from naslib_proxydata.selection.score_files import ScoreList

if TYPE_CHECKING:
    from naslib_proxydata.config import SearchConfig
    from naslib_proxydata.data.base import Dataset

SEED = 0
"""Seed of scores that name none: whatever seeds are searched with, they go by the same scores."""


def scores_of(search: SearchConfig, names: Collection[str], where: str) -> str | None:
    """Return the name of the scores that a search's pruner goes by; None where it has a file.

    Raises:
        ConfigError: It is neither such a name nor a file.
    """
    named = named_scores(search.pruner)
    if named is None or named in names:
        return named
    if names and not expanded(named).is_file():
        told = unknown_name("scores", named, names, where)
        raise ConfigError(f"{told} There is no file of this name, either")
    return None


def going_by(search: SearchConfig, folder: Path) -> SearchConfig:
    """Return a search whose pruner goes by the scores that are made in a folder."""
    assert search.pruner is not None  # it has named the scores
    pruner = search.pruner.model_copy(update={OPTION: str(folder / FILE)})
    return search.model_copy(update={"pruner": pruner})


def scoring(
    keys: Mapping[str, Any], shared: Mapping[str, Any], dataset: str, out: Path, where: str
) -> SelectConfig:
    """Return what makes scores: a selection of all examples, which keeps them.

    Args:
        keys: Of the file's entry.
        shared: Keys that the experiment sets for all that it runs.
        dataset: What is scored where the entry names nothing.
        out: The folder.
        where: What errors call the entry.

    Raises:
        ConfigError: A key or a value is wrong.
    """
    dataset = keys.get("dataset") or dataset
    whole = {"selector": "random", "fraction": 1.0, "save_scores": True}
    own = {**shared, "seed": keys.get("seed", SEED), "out": out}
    return SelectConfig.parse({**keys, "dataset": dataset, **whole, **own}, where)


def check_scoring(config: SelectConfig, dataset: Dataset) -> tuple[SelectConfig, ScoreList]:
    """Make sure that scores can be made, without making them.

    Args:
        config: See :func:`scoring`.
        dataset: The dataset of the configuration.

    Returns:
        The configuration as its folder keeps it, and what stands for the scores in checks: they
        are of the same examples, by the same scorer.

    Raises:
        ProxyDataError: See :func:`~naslib_proxydata.assemble.select.run_select`, or the scorer
            gives features.
    """
    config = check_select(config, dataset)
    assert config.scorer is not None  # required of an entry
    plugins = load_plugins(config.plugin, config.no_plugin)
    scorer = plugins.create("scorers", config.scorer.name, **config.scorer.options)
    if scorer.gives != "scores":
        raise SelectionError(
            f"scorer {scorer.name!r} gives {scorer.gives}, a pruner expects one score for each "
            "example; take a scorer that gives scores, such as el2n"
        )
    scored = readable_part(read_as_asked(dataset, config).dataset)
    order = np.arange(len(scored))
    origin = ScoreOrigin(scorer=scorer.name)
    path = config.out / FILE
    return config, ScoreList(
        order.astype(np.float64), order, scored.labels, scored.fingerprint, path, origin
    )
