"""Scores from the run folders of ``naslib-proxydata leaderboard``, finished or not."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from naslib_proxydata.assemble.tasks import Task, find_tasks
from naslib_proxydata.config import LeaderboardConfig, resolve
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.predictors.base import Predictor, Score
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    load_plugins,
    options_json,
    registered_name,
)
from naslib_proxydata.runs.store import ScoreContext, ScoreStore

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import run_line
from scores import Scored


def gathered(folder: Path, root: Path | None, commit: str | None) -> list[Scored]:
    """Return all scores that a run folder holds, finished or not; nothing is changed there.

    Args:
        folder: Of a run of ``naslib-proxydata leaderboard``.
        root: Folder of benchmark files; the run's own where None.
        commit: Of the code that made the run, where it is known.
    """
    if not (folder / "config.yaml").is_file():
        raise SystemExit(f"{folder} is no run folder: it has no config.yaml; give others to --runs")
    given = {} if root is None else {"data_root": root}
    config = resolve(LeaderboardConfig, folder / "config.yaml", given)
    plugins = load_plugins(config.plugin, config.no_plugin)
    run = {"folder": folder.name, "commit": commit, **_provenance(folder)}
    found = []
    with TemporaryDirectory() as scratch:
        for file in folder.glob("scores.sqlite*"):
            shutil.copy2(file, scratch)
        with ScoreStore(Path(scratch) / "scores.sqlite") as store:
            for task in find_tasks(config, plugins)[0]:
                for seed in config.seed:
                    drawn_by = seed if config.sample_seed is None else config.sample_seed
                    texts = task.texts(task.draw(config.n, drawn_by))
                    for label, options in config.predictors.items():
                        setup = _setup(config, task, registered_name(plugins, label, options))
                        setup = replace(setup, seed=seed, options=options_json(label, options))
                        scores, context = _stored(store, setup, texts)
                        if scores:
                            facts = {**_facts(setup, context), "run": run}
                            found.append(Scored(task.name, label, seed, facts, scores))
    return found


def _provenance(folder: Path) -> dict[str, Any]:
    """Return what ran where and when; of a run that has not ended only when."""
    when = datetime.fromtimestamp((folder / "scores.sqlite").stat().st_mtime, timezone.utc)
    if not (folder / "env.json").is_file():
        return {"date": f"{when:%Y-%m-%d}", "measured_on": None, "env": None}
    env = json.loads((folder / "env.json").read_text(encoding="utf-8"))
    return {"date": f"{when:%Y-%m-%d}", "measured_on": run_line(folder), "env": env}


def _setup(config: LeaderboardConfig, task: Task, registered: str) -> PredictorSetup:
    return PredictorSetup(
        plugin_files=config.plugin,
        space=task.table.space,
        predictor=registered,
        options="{}",
        images=config.images,
        image_size=config.image_size,
        seed=0,
        device=config.device,
        num_classes=config.num_classes,
        threads=config.threads,
        no_plugin=config.no_plugin,
    )


def _stored(
    store: ScoreStore, setup: PredictorSetup, texts: Sequence[str]
) -> tuple[dict[str, Score], ScoreContext | None]:
    """Return the stored scores by architecture, and what they depend on besides it."""
    predictor: Predictor[Any] = setup.create()
    parts = predictor.parts()
    if parts:
        by_part = {
            name: _stored(store, setup.of(name, options_json(name, options)), texts)
            for name, options in parts.items()
        }
        complete = [text for text in texts if all(text in part for part, _ in by_part.values())]
        scores = {
            text: predictor.combine({name: part[text] for name, (part, _) in by_part.items()})
            for text in complete
        }
        return scores, next((context for _, context in by_part.values() if context), None)
    context = _context(store, setup, predictor)
    if context is None:
        return {}, None
    space = setup.plugins.create("spaces", setup.space)
    raw = predictor.sees == "raw"
    keys = {text: text if raw else space.hash(space.parse(text)) for text in texts}
    found = store.get(context, keys.values())
    return {text: found[key] for text, key in keys.items() if key in found}, context


def _context(
    store: ScoreStore, setup: PredictorSetup, predictor: Predictor[Any]
) -> ScoreContext | None:
    """Return the one context of a predictor, by whatever version of the code it was made."""
    wanted = (setup.space, setup.predictor, setup.seed)
    found = [one for one in store.contexts() if (one.space, one.predictor, one.seed) == wanted]
    if len(found) > 1:
        settings = json.dumps(dict(predictor.settings()), sort_keys=True, default=str)
        found = [one for one in found if one.settings == settings]
    if len(found) > 1:
        raise SystemExit(
            f"{store.path} holds scores of {setup.predictor} on {setup.space} by {len(found)} "
            "versions of the code, or with several images; score again in a folder of its own"
        )
    return found[0] if found else None


def _facts(setup: PredictorSetup, context: ScoreContext | None) -> dict[str, Any]:
    """Return how the scores were made."""
    facts = {"registered": setup.predictor, "options": json.loads(setup.options)}
    if context is None:
        return {**facts, "images": "", "device": setup.device}
    return {
        **facts,
        "settings": json.loads(context.settings),
        "images": _images(setup, context),
        "images_fingerprint": context.images,
        "image_size": context.image_size,
        "device": context.device,
        "code": context.code,
    }


def _images(setup: PredictorSetup, context: ScoreContext) -> str:
    """Return source, number and shape of the images, as far as these are the ones at hand."""
    predictor: Predictor[Any] = setup.create()
    if predictor.images_needed == 0:
        return "none"
    try:
        images = setup.task(predictor).images
    except DatasetError:
        return f"{Path(setup.images).name}, not at hand"
    shape = "x".join(map(str, images.pixels.shape))
    return f"{images.source} {shape}" if images.fingerprint == context.images else images.source
