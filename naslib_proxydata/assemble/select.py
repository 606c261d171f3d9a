"""A selection: from a configuration to a run folder with indices, scores and a figure."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from naslib_proxydata.assemble.pages import write_page
from naslib_proxydata.assemble.reading import read_as_asked
from naslib_proxydata.cache import cache_folder
from naslib_proxydata.config import SelectConfig
from naslib_proxydata.data.part import PartDataset, readable_part
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.figures import plain
from naslib_proxydata.files import expanded
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.runs.environment import environment, provenance
from naslib_proxydata.runs.executors import Progress, threads_used
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.runs.start import holds_run, opened_folder, resolved
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.base import Selection, Selector
from naslib_proxydata.selection.files import SELECTION, load_selection, save_selection
from naslib_proxydata.selection.listed import ListedDataset
from naslib_proxydata.selection.origin import GIVEN, Scored, array_sha256
from naslib_proxydata.selection.plots import draw_tsne, selection_figure, tsne_examples, tsne_points
from naslib_proxydata.selection.report import selection_markdown
from naslib_proxydata.selection.run import kept_halves, make_selection, selector_inputs
from naslib_proxydata.selection.score_files import read_scores, write_scores
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.finding import find_scorer, needed_arrays
from naslib_proxydata.selection.scorers.model_input import ModelInput
from naslib_proxydata.selection.scorers.pretrained import Pretrained, load_pretrained
from naslib_proxydata.selection.scorers.recipe import PAPER, QUICK
from naslib_proxydata.selection.scorers.scoring import scored
from naslib_proxydata.selection.split import check_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.scorers.base import Scorer

_log = logging.getLogger(__name__)

SCORES = "scores.npz"
DAMAGED = "damaged.csv"
RESULTS = (SELECTION, str(Path(SELECTION).with_suffix(".json")), SCORES, DAMAGED)
DATASET = "digits"
"""What is chosen from where neither a dataset nor scores are named."""
UNITS = {
    "entropy": "entropy (nats)",
    "loss": "loss (nats)",
    "reconstruction": "loss (nats / pixel)",
}
"""What the scores of a scorer are called on an axis, where its name is not enough."""


def run_select(
    config: SelectConfig, *, dataset: Dataset | None = None, progress: Progress | None = None
) -> Selection:
    """Score, choose, split, and write the run folder.

    The folder holds ``selection.npz`` and ``selection.json``, ``scores.npz`` and
    ``plots/selection.png`` where asked for, ``damaged.csv`` where files were left out,
    ``summary.md``, ``config.yaml`` and ``env.json``.

    Args:
        config: What to choose, from what, and how.
        dataset: What is chosen from, where ``config.dataset`` is only its name.
        progress: Told how far the training of a scorer's model is.

    Raises:
        ProxyDataError: Something of the configuration does not fit the dataset or this machine,
            or a file cannot be read or written. All but a diverging model is told before any
            model is trained.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = _with_whole_paths(resolved(config))
    with threads_used(config.threads):
        selector = _selector(config, plugins)  # a misspelt name must not wait for the images
        if config.dataset is None and config.scores is None:
            config = config.model_copy(update={"dataset": DATASET})
        dataset = _dataset(config, plugins, selector) if dataset is None else dataset
        read = read_as_asked(dataset, config, progress)
        prepared = _prepare(config, plugins, readable_part(read.dataset), selector, progress)
        with opened_folder(config, RESULTS) as folder:
            if read.damaged:
                folder.write(DAMAGED, read.damaged_csv())
            made = prepared.scores()
            started = time.perf_counter()
            selection = make_selection(
                prepared.dataset,
                prepared.selector,
                prepared.size,
                seed=config.seed,
                values=None if made is None else made.values,
                origin=None if made is None else made.origin,
                shares=config.split,
                keep_architecture=config.keep_architecture,
            )
            seconds = time.perf_counter() - started
            _log.info("chose %d of %d in %.2f s", selection.size, selection.dataset_size, seconds)
            env = environment(config, plugins)
            whole = in_whole(selection, prepared.dataset, read.dataset)
            _write(folder, config, env, prepared, whole, made)
            figures = _draw(folder, config, prepared, selection, made)
            where = _provenance(env, prepared)
            report = selection_markdown(whole, read.dataset, folder.path, figures, where)
            folder.write("summary.md", report)
            write_page(folder)
    return whole


def check_select(config: SelectConfig, dataset: Dataset | None = None) -> SelectConfig:
    """Make sure that a selection can be made, without making it.

    Args:
        config: What to choose, from what, and how.
        dataset: The dataset of the configuration, where it is open already.

    Returns:
        The configuration as its run folder keeps it.

    Raises:
        ProxyDataError: See :func:`run_select`.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = _with_whole_paths(resolved(config))
    selector = _selector(config, plugins)
    if config.dataset is None and config.scores is None:
        config = config.model_copy(update={"dataset": DATASET})
    dataset = _dataset(config, plugins, selector) if dataset is None else dataset
    read = read_as_asked(dataset, config, None)
    _prepare(config, plugins, readable_part(read.dataset), selector, None)
    return config


def finished_selection(config: SelectConfig) -> Selection | None:
    """Return the selection that is in the run folder of a checked configuration, or None.

    Raises:
        RunFolderError: The folder holds a run with another configuration.
    """
    if config.overwrite or not holds_run(config, RESULTS):
        return None
    files = [config.out / SELECTION, (config.out / SELECTION).with_suffix(".json")]
    if config.save_scores:
        files.append(config.out / SCORES)
    return load_selection(config.out) if all(file.is_file() for file in files) else None


def in_whole(selection: Selection, part: Dataset, whole: Dataset) -> Selection:
    """Return a selection of a part of a dataset as one of the whole, with the whole's indices."""
    if not isinstance(part, PartDataset):
        return selection
    return replace(
        selection,
        indices=part.indices[selection.indices],
        weight_indices=part.indices[selection.weight_indices],
        architecture_indices=part.indices[selection.architecture_indices],
        dataset_size=len(whole),
        fingerprint=whole.fingerprint,
        labels_sha256="" if whole.labels is None else array_sha256(whole.labels),
    )


def resolved_size(config: SelectConfig, count: int) -> int | None:
    """Return the number of examples that a configuration means for a dataset of ``count``.

    Returns:
        None where it says neither size nor fraction.

    Raises:
        SelectionError: The size is above ``count``, or the fraction leaves no example.
    """
    if config.size is not None:
        if config.size > count:
            raise SelectionError(
                f"size must be from 1 to {count}, the number of examples, got {config.size}"
            )
        return config.size
    if config.fraction is None:
        return None
    fraction = config.fraction
    size = int(fraction * count + 1e-9)  # 0.29 * 100 is 28.999...
    if size < 1:
        raise SelectionError(
            f"a fraction of {fraction} of {count} examples must leave an example; take a larger one"
        )
    return size


@dataclass(frozen=True)
class _Prepared:
    """What a selection is made from, checked, before anything is spent.

    Attributes:
        dataset: What is chosen from.
        selector: What chooses.
        size: Number of examples to choose; the selector's own where None.
        given: Scores or features of the user's file, or None.
        scorer: What computes them where none are given, or None.
        context: Where it computes them.
        drawn_by: What computes the features of which t-SNE is drawn, or None.
    """

    dataset: Dataset
    selector: Selector
    size: int | None
    given: Scored | None
    scorer: Scorer | None
    context: ScoringContext
    drawn_by: Scorer | None = None

    def scores(self) -> Scored | None:
        """Return the scores or features, computed if need be."""
        return self.given if self.scorer is None else scored(self.scorer, self.context)

    @property
    def has_scores(self) -> bool:
        """Whether there will be a number, not a vector, for each example."""
        if self.scorer is not None:
            return self.scorer.gives == "scores"
        return self.given is not None and self.given.values.ndim == 1


def _with_whole_paths(config: SelectConfig) -> SelectConfig:
    """Return the configuration with paths that mean the same from every folder."""
    paths = {"scores": config.scores, "cache": config.cache}
    whole: dict[str, Any] = {
        name: path and expanded(path).resolve() for name, path in paths.items()
    }
    weights = expanded(config.weights)
    if config.weights and weights.is_file():
        whole["weights"] = str(weights.resolve())
    return config.model_copy(update=whole)


def _selector(config: SelectConfig, plugins: Plugins) -> Selector:
    """Make the selector, which may take the fraction as its own."""
    name, options = config.selector.name, config.selector.options
    selector = plugins.create("selectors", name, **options)
    if config.fraction is None or not selector.takes_fraction:
        return selector
    return plugins.create("selectors", name, **{**options, "fraction": config.fraction})


def _dataset(config: SelectConfig, plugins: Plugins, selector: Selector) -> Dataset:
    """Open the dataset, for which a score list stands where no dataset is named."""
    if config.dataset is not None:
        return open_dataset(config.dataset, plugins)
    assert config.scores is not None  # else the dataset that is taken where none is named
    if not needed_arrays(selector):
        raise SelectionError(
            f"selector {selector.name!r} needs no scores; name the dataset that it chooses from, "
            "or a selector that goes by the scores"
        )
    return ListedDataset(read_scores(config.scores))


def _prepare(
    config: SelectConfig,
    plugins: Plugins,
    dataset: Dataset,
    selector: Selector,
    progress: Progress | None,
) -> _Prepared:
    """Check everything that the choice is made from."""
    check_shares(config.split)
    own = selector.takes_fraction and config.size is None
    count = len(dataset)
    if config.keep_architecture:
        count = len(kept_halves(dataset, config.seed, config.split)[0])
    size = None if own else resolved_size(config, count)
    if "labels" in selector.needs:
        dataset.required_labels(f"selector {selector.name!r}")
    if size is None:
        _check_own_size(selector, dataset, config.seed)
    context = ScoringContext(
        dataset,
        _cache(config, selector),
        config.model,
        QUICK if config.quick else PAPER,
        config.seed,
        config.device,
        progress,
        batch_size=config.batch_size,
        pretrained=_pretrained(config),
    )
    given = _given(config, plugins, selector, dataset)
    scorer = None if given is not None else _scorer(config, plugins, selector, context)
    drawn_by = _feature_scorer(config, plugins, context)
    prepared = _Prepared(dataset, selector, size, given, scorer, context, drawn_by)
    _check_outputs(config, prepared)
    return prepared


def _cache(config: SelectConfig, selector: Selector) -> Path:
    """Return where scores are kept; a user without a home folder need not have it for none."""
    needs_none = config.scorer is None and config.tsne is None and not needed_arrays(selector)
    return config.cache or (Path() if needs_none else cache_folder())


def _pretrained(config: SelectConfig) -> Pretrained | None:
    """Return the model that is scored with as it is, or None where one is trained."""
    if not config.takes_pretrained:
        return None
    asked = ModelInput(config.input_size, None, config.input_mean, config.input_std)
    return load_pretrained(config.model, config.weights, asked)


def _check_own_size(selector: Selector, dataset: Dataset, seed: int) -> None:
    """Refuse a selector without a size of its own."""
    inputs = selector_inputs(dataset, None)
    selector.own_size(inputs, numpy_generator(seed, "select", selector.name))


def _given(
    config: SelectConfig, plugins: Plugins, selector: Selector, dataset: Dataset
) -> Scored | None:
    """Return the scores or features of the user's file, which must do for the selector."""
    if config.scores is None:
        return None
    named = config.scorer
    said = None if named is None else plugins.create("scorers", named.name, **named.options)
    given = read_scores(config.scores, dataset.name).serving(dataset, selector, said)
    inputs = selector_inputs(dataset, given.values)
    for need in sorted(selector.needs):
        inputs.required(need, selector.name)
    return given


def _scorer(
    config: SelectConfig, plugins: Plugins, selector: Selector, context: ScoringContext
) -> Scorer | None:
    """Return the scorer that is wanted, which must be able to score the dataset."""
    named = config.scorer
    scorer = (
        find_scorer(selector, plugins)
        if named is None
        else find_scorer(selector, plugins, named.name, named.options)
    )
    if scorer is not None:
        scorer.check(context)
    elif context.pretrained is not None:
        raise SelectionError(
            f"selector {selector.name!r} needs no scores, so the model {config.model!r} is not "
            "used; leave it out, or name a scorer"
        )
    return scorer


def _feature_scorer(
    config: SelectConfig, plugins: Plugins, context: ScoringContext
) -> Scorer | None:
    """Return the scorer of whose features t-SNE is drawn, None where none is asked for.

    Raises:
        SelectionError: It gives no features, or cannot look at the dataset.
    """
    if config.tsne is None:
        return None
    scorer: Scorer = plugins.create("scorers", config.tsne)
    if scorer.gives != "features":
        raise SelectionError(
            f"tsne expected a scorer that gives features, {config.tsne!r} gives scores; take "
            "'features', a trained model's, or 'pixels'"
        )
    scorer.check(context)
    return scorer


def _check_outputs(config: SelectConfig, prepared: _Prepared) -> None:
    """Refuse a file or a figure that there will be nothing for."""
    if config.save_scores and prepared.given is None and prepared.scorer is None:
        raise SelectionError(
            f"save_scores: selector {prepared.selector.name!r} needs no scores, so there are none "
            "to keep; name a scorer that computes some"
        )
    if config.plot and not prepared.has_scores and prepared.dataset.labels is None:
        raise SelectionError(
            "plot: there are neither scores nor classes to draw; leave it out, or name a scorer "
            "that gives scores"
        )


def _write(
    folder: RunFolder,
    config: SelectConfig,
    env: Mapping[str, Any],
    prepared: _Prepared,
    selection: Selection,
    made: Scored | None,
) -> None:
    """Write what was computed, before a figure of it can fail on a full disk."""
    folder.check_in_place()
    save_selection(selection, folder.path / SELECTION)
    if config.save_scores and made is not None:
        write_scores(folder.path / SCORES, made.values, prepared.dataset, made.origin)
    pretrained = prepared.context.pretrained
    scored_with = {} if pretrained is None else {"scored_with": pretrained.label}
    folder.write_json("env.json", {**env, **scored_with})


def _provenance(env: Mapping[str, Any], prepared: _Prepared) -> str:
    """Return where the selection was made, and with what model."""
    pretrained = prepared.context.pretrained
    scored_with = "" if pretrained is None else f"Scored with {pretrained.label}. "
    return scored_with + provenance(env)


def _draw(
    folder: RunFolder,
    config: SelectConfig,
    prepared: _Prepared,
    selection: Selection,
    made: Scored | None,
) -> Sequence[str]:
    """Draw the selection where asked for, and return the names of the figures."""
    figures = []
    chosen = selection.weight_indices if config.keep_architecture else selection.indices
    if config.plot:
        drawn = _figure(selection, chosen, prepared.dataset, made)
        figures.append(folder.draw("selection", drawn))
    if prepared.drawn_by is not None:
        drawn_by = scored(prepared.drawn_by, prepared.context)
        figures.append(folder.draw("tsne", _tsne(chosen, prepared.dataset, drawn_by, config.seed)))
    return figures


def _tsne(chosen: NDArray[np.int64], dataset: Dataset, features: Scored, seed: int) -> Axes:
    """Return the t-SNE of what a scorer sees in the examples."""
    shown = tsne_examples(len(dataset), chosen)
    labels = None if dataset.labels is None else dataset.labels[shown]
    points = tsne_points(features.values[shown], seed)
    panel = draw_tsne(points, np.isin(shown, chosen), labels, dataset.class_names)
    panel.set_xlabel(plain(f"{features.origin.label} of {dataset.name}"))
    return panel


def _figure(
    selection: Selection, chosen: NDArray[np.int64], dataset: Dataset, made: Scored | None
) -> Figure:
    """Return the figure of a selection."""
    has_scores = made is not None and made.values.ndim == 1
    scorer = made.origin.scorer if made is not None else ""
    return selection_figure(
        f"{selection.method}: {len(chosen):,} of {len(dataset):,} examples of {dataset.name}",
        chosen,
        scores=made.values if made is not None and has_scores else None,
        labels=dataset.labels,
        class_names=dataset.class_names,
        bin_width=float(selection.parameters.get("bin_width", 0.5)),
        score_name=UNITS.get(scorer, scorer or GIVEN),
    )
