"""The search for proxies: from a configuration to a run folder with the fittest as a preset."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.assemble.pages import write_page
from naslib_proxydata.assemble.tables import rows_of, settled
from naslib_proxydata.code import code_version
from naslib_proxydata.config import DpsConfig
from naslib_proxydata.leaderboard.labels import draw_labels
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.dps.scores import ProxyScorer, training_key
from naslib_proxydata.predictors.dps.search import (
    LabelledArchitectures,
    LossRequest,
    ProxySearchResult,
    checked_shared,
    search_proxies,
)
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.eproxy.presets import FittedProxy, Preset, Provenance, write_preset
from naslib_proxydata.predictors.labels import FEWEST_LABELS, checked_labels
from naslib_proxydata.runs.environment import environment
from naslib_proxydata.runs.evaluate import lost_score
from naslib_proxydata.runs.executors import Progress, calls_together, completed, threads_used
from naslib_proxydata.runs.scores import scored_on, told_transient
from naslib_proxydata.runs.setup import PredictorSetup, load_plugins
from naslib_proxydata.runs.start import opened_folder, resolved, workers_of
from naslib_proxydata.runs.store import ScoreContext, ScoreStore
from naslib_proxydata.runs.workers import LostCallError, score_begins
from naslib_proxydata.tables.label_file import read_labels
from naslib_proxydata.tables.sources import check_turned, open_table
from naslib_proxydata.version import installed_version

PRESET, HISTORY = "best.yaml", "history.json"


@dataclass(frozen=True)
class DpsRun:
    """What a finished search returns, and has written to its folder.

    Attributes:
        proxies: The fittest, best first.
        evaluations: Scores that the search asked for.
        computed: How many of them were not in the store.
        preset: The file that ``--predictors eproxy:FILE`` reads.
    """

    proxies: tuple[FittedProxy, ...]
    evaluations: int
    computed: int
    preset: Path


def run_dps(
    config: DpsConfig, *, executor: Executor | None = None, progress: Progress | None = None
) -> DpsRun:
    """Search for proxies and write the fittest ones as a preset.

    A search is repeated, not restored: scores that the folder holds are not computed again, and
    all else follows from the seeds, so that an interrupted search ends as an uninterrupted one.

    Args:
        config: What to do.
        executor: Where proxies score, any executor; by default ``config.workers`` processes. The
            caller shuts it down.
        progress: Told the cycle.

    Raises:
        ConfigError: A name, an option or the device is wrong.
        LabelError: The labels are too few or all alike.
        TableError: The benchmark's file is absent or damaged.
        RunFolderError: The run folder cannot be used; scores computed before are kept.
    """
    plugins = load_plugins(config.plugin, config.no_plugin)
    config = resolved(config)
    (benchmark,), hashes = settled(config, (config.benchmark,))
    config = config.model_copy(update={"benchmark": benchmark, **hashes})
    config = config.model_copy(update={"shared": checked_shared(config.shared, "configuration")})
    source = _source(config, plugins)
    setup = _setup(config, source.space)
    task = setup.task(setup.create())
    labelled = LabelledArchitectures.of(
        task.space,
        [task.space.parse(text) for text in source.texts],
        config.shared,
        checked_labels(source.values, [True] * len(source.texts), "the labels"),
    )
    with opened_folder(config, (PRESET, HISTORY)) as folder:
        with ScoreStore(folder.scores) as store, workers_of(config, executor) as pool:
            scores = StoredLosses(store, pool, setup, task, labelled)
            title = f"{source.benchmark} {source.dataset}: proxies"
            searched = search_proxies(
                labelled,
                scores,
                config,
                config.seed,
                progress=None if progress is None else lambda done, of: progress(title, done, of),
            )
        told_transient(store)
        preset = Preset(provenance=_provenance(config, source, searched), proxies=searched.proxies)
        folder.check_in_place()
        write_preset(folder.path / PRESET, preset)
        folder.write_json("env.json", environment(config, plugins))
        folder.write(HISTORY, json.dumps(_history(searched, labelled), indent=1) + "\n")
        write_page(folder)
    return DpsRun(
        searched.proxies, searched.race.evaluations(), scores.computed, folder.path / PRESET
    )


class StoredLosses:
    """Scores without MAC term by any proxy: from the store, or computed and stored.

    Attributes:
        computed: How many were computed.
    """

    def __init__(
        self,
        store: ScoreStore,
        executor: Executor,
        setup: PredictorSetup,
        task: ScoringTask[Any],
        labelled: LabelledArchitectures[Any],
    ) -> None:
        self.store = store
        self.executor = executor
        self.setup = setup
        self.task = task
        space = task.space
        self.texts = [space.text(one) for one in labelled.architectures]
        self.hashes = [space.hash(one) for one in labelled.architectures]
        self.code = code_version(Eproxy, type(space))
        self.computed = 0
        self._known: dict[str, dict[str, float]] = {}

    def __call__(self, requests: Sequence[LossRequest]) -> list[float]:
        """Return the scores in the order asked for; each is stored as soon as it arrives."""
        named = [(training_key(options), position) for options, position in requests]
        missing = {}
        for key, position in named:
            if key not in self._known:
                found = self.store.get(self._context(key), self.hashes)
                self._known[key] = {name: score.value for name, score in found.items()}
            if self.hashes[position] not in self._known[key]:
                missing[key, self.hashes[position]] = self.texts[position]
        calls = (((key, name), (self.setup, key, text)) for (key, name), text in missing.items())
        together = calls_together(self.executor)
        for (key, name), score in completed(
            self.executor, score_by_proxy, calls, _lost, together=together
        ):
            self.store.add(self._context(key), {name: score})
            self._known[key][name] = score.value
            self.computed += 1
        return [self._known[key][self.hashes[position]] for key, position in named]

    def _context(self, key: str) -> ScoreContext:
        task = self.task
        return ScoreContext(
            space=self.setup.space,
            predictor=Eproxy.name,
            settings=key,
            seed=self.setup.seed,
            images=task.images.fingerprint,
            image_size=task.space.image_size,
            num_classes=task.num_classes,
            device=scored_on(self.setup),
            code=self.code,
        )


def score_by_proxy(setup: PredictorSetup, key: str, text: str) -> Score:
    """Score one architecture without MAC term, in whichever process this is."""
    with threads_used(setup.threads):
        scorer = _scorer(setup)
        score_begins()
        return scorer.score(json.loads(key), scorer.task.space.parse(text))


def _lost(lost: LostCallError, _: tuple[str, str]) -> Score:
    return lost_score(lost)


@lru_cache(maxsize=1)
def _scorer(setup: PredictorSetup) -> ProxyScorer:
    return ProxyScorer(setup.task(setup.create()))


class Source(NamedTuple):
    """Where the labels come from, and what they are."""

    space: str
    benchmark: str
    dataset: str
    metric: str
    texts: tuple[str, ...]
    values: NDArray[np.float64]


def _source(config: DpsConfig, plugins: Plugins) -> Source:
    """Draw labels from a benchmark, or read them from a file."""
    if config.label_table is not None:
        space = plugins.create("spaces", str(config.space))
        read = read_labels(config.label_table, space, fewest=FEWEST_LABELS)
        texts = tuple(map(space.text, read.architectures))
        return Source(space.name, config.label_table.name, "", "", texts, np.array(read.accuracies))
    table = open_table(
        config.benchmark,
        plugins,
        root=config.data_root,
        space=config.space,
        lower_is_better=config.lower_is_better or (),
    )
    check_turned(config.lower_is_better or (), (table,))
    dataset = config.dataset or table.default_dataset()
    metric = config.metric or table.default_metric(dataset)
    inside = rows_of(table, plugins.create("spaces", table.space), config.subset)
    values = np.where(inside, table.values(dataset, metric), np.nan)
    (draw,) = draw_labels(values, config.labels, 1, config.label_seed, table.name, dataset)
    rows = [int(row) for row in draw.labelled]
    texts = tuple(table.architectures()[row] for row in rows)
    return Source(table.space, table.name, dataset, metric, texts, values[rows])


def _setup(config: DpsConfig, space: str) -> PredictorSetup:
    return PredictorSetup(
        plugin_files=config.plugin,
        space=space,
        predictor=Eproxy.name,
        options=json.dumps(dict(config.shared), sort_keys=True),
        images=config.images,
        image_size=config.image_size,
        seed=config.seed,
        device=config.device,
        num_classes=None,
        threads=config.threads,
        no_plugin=config.no_plugin,
    )


def _provenance(config: DpsConfig, source: Source, searched: ProxySearchResult) -> Provenance:
    search = {"cycles", "population", "tournament", "mutation_rate", "racing", "rung"}
    return Provenance(
        **config.model_dump(include=search | {"label_seed", "seed", "images"}),
        benchmark=source.benchmark,
        dataset=source.dataset,
        metric=source.metric,
        space=source.space,
        labels=len(source.texts),
        labelled=source.texts,
        evaluations=searched.race.evaluations(),
        package=installed_version(),
    )


def _history(
    searched: ProxySearchResult, labelled: LabelledArchitectures[Any]
) -> list[dict[str, Any]]:
    """Return one entry a cycle: parent, upper limit of the fitness or the fitness, options."""
    entries = []
    for cycle, (genotype, parent) in enumerate(searched.individuals):
        fitness = searched.race.fitness(genotype)
        entries.append(
            {
                "cycle": cycle,
                "parent": parent,
                "fitness": None if math.isnan(fitness) else fitness,
                "at_most": float(np.round(searched.race.upper(genotype), 6)),
                "options": labelled.options(genotype),
            }
        )
    return entries
