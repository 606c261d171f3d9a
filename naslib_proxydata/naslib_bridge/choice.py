"""Which examples a search inside NASLib trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naslib_proxydata.cache import cache_folder
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.oneshot.examples import chosen_examples
from naslib_proxydata.selection.base import Selection, Selector
from naslib_proxydata.selection.files import load_selection
from naslib_proxydata.selection.origin import Scored
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.selection.score_files import read_scores
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.finding import find_scorer, needed_arrays
from naslib_proxydata.selection.scorers.recipe import PAPER, QUICK
from naslib_proxydata.selection.scorers.scoring import scored

if TYPE_CHECKING:
    from naslib_proxydata.naslib_bridge.settings import ProxyData, SelectorBlock
    from naslib_proxydata.naslib_bridge.training_data import TrainingData
    from naslib_proxydata.plugins import Acting, Plugins


def choose(
    block: ProxyData,
    plugins: Plugins,
    acting: Acting,
    dataset: TrainingData,
    *,
    seed: int,
    portion: float,
    device: str,
) -> Selection | None:
    """Choose examples as the block says; what acts is asked where it says nothing.

    Args:
        block: The user's settings.
        plugins: Where selectors are registered.
        acting: What acts in the search.
        dataset: All of NASLib's training data.
        seed: ``search.seed``.
        portion: Share of the chosen examples that updates the weights, ``train_portion``.
        device: Where a scorer trains.

    Returns:
        The selection, or None where every example is to be used.

    Raises:
        PluginError: A plugin chose what is no selection.
        SelectionError: A selection cannot be made, or belongs to another dataset.
    """
    selection: Selection | None
    if block.selection is not None:
        selection = load_selection(block.selection)
    elif block.selector is not None:
        selection = _select(block.selector, plugins, dataset, seed, portion, device)
    else:
        selection = chosen_examples(acting, len(dataset), dataset.labels, seed)
    if selection is not None:
        selection.check_fits(dataset)
    return selection


def _select(
    wanted: SelectorBlock,
    plugins: Plugins,
    dataset: TrainingData,
    seed: int,
    portion: float,
    device: str,
) -> Selection:
    selector: Selector = plugins.create("selectors", wanted.name, **wanted.options)
    seed = seed if wanted.seed is None else wanted.seed
    size = wanted.size
    if wanted.fraction is not None and selector.takes_fraction:
        options = {**wanted.options, "fraction": wanted.fraction}
        selector = plugins.create("selectors", wanted.name, **options)
    elif wanted.fraction is not None:
        size = int(wanted.fraction * len(dataset) + 1e-9)
    if not 0 < portion < 1:
        raise SelectionError(
            f"train_portion must be above 0 and below 1 to leave examples to both levels, got "
            f"{portion}"
        )
    made = _scores(wanted, selector, plugins, dataset, seed, device)
    return make_selection(
        dataset,
        selector,
        size,
        seed=seed,
        values=None if made is None else made.values,
        origin=None if made is None else made.origin,
        shares=(portion, 1 - portion),
    )


def _scores(
    wanted: SelectorBlock,
    selector: Selector,
    plugins: Plugins,
    dataset: TrainingData,
    seed: int,
    device: str,
) -> Scored | None:
    """Return the scores or features that the selector needs, or that a score file holds."""
    if wanted.scores is not None:
        said = plugins.create("scorers", wanted.scorer) if wanted.scorer else None
        return read_scores(wanted.scores, dataset.name).serving(dataset, selector, said)
    if not needed_arrays(selector):
        return None
    scorer = find_scorer(selector, plugins, wanted.scorer or "")
    if scorer is None:
        return None
    recipe = QUICK if wanted.quick else PAPER
    context = ScoringContext(dataset, cache_folder(), recipe=recipe, seed=seed, device=device)
    return scored(scorer, context)
