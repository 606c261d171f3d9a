"""Prepared predictors, for bridges to tuners that are given names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from functools import partial
from typing import Any

from naslib_proxydata.errors import BridgeError, ConfigError
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.ranked_start import ranked_start
from naslib_proxydata.predictors.base import LearningPredictor, Predictor
from naslib_proxydata.runs.settings import data_folder
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    load_plugins,
    options_json,
    registered_name,
    with_sources,
)
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace


def prepared_learner(
    predictor: str | Mapping[str, Any],
    space: SearchSpace[Any],
    *,
    seed: int = 0,
    target: str | None = None,
) -> LearningPredictor[Any]:
    """Return a predictor that learns, prepared for a space and untaught.

    Args:
        predictor: A name, or a name with options: ``{"name": "few-label", "proxies": ["zen"]}``.
        space: The search space.
        seed: Seed of scores and images, for a predictor that looks at networks.
        target: Dataset that is measured, for a predictor that knows other tasks.

    Raises:
        ConfigError: A name or an option is unknown, or the name is absent.
        BridgeError: The predictor does not learn from labels.
    """
    made = prepared(predictor, space, seed=seed)
    if not isinstance(made, LearningPredictor):
        raise BridgeError(
            f"predictor {made.name!r} does not learn from labels; name one that does, such as "
            "few-label-structure"
        )
    if target is not None:
        made.set_target(target)
    return made


def prepared_ranker(
    predictor: str | Mapping[str, Any], space: SearchSpace[Any], *, seed: int = 0
) -> Predictor[Any]:
    """Return a predictor that ranks without labels, prepared for a space.

    Args:
        predictor: A name, or a name with options.
        space: The search space.
        seed: Seed of scores and images.

    Raises:
        ConfigError: A name or an option is unknown, or the name is absent.
        BridgeError: The predictor learns from labels, of which there are none at the start.
    """
    made = prepared(predictor, space, seed=seed)
    if isinstance(made, LearningPredictor):
        raise BridgeError(
            f"start: predictor {made.name!r} learns from labels, of which there are none before "
            "the first trial; name one that does not, such as zero-label"
        )
    return made


def begun(
    domain: Domain[Any], start: str | Mapping[str, Any] | None, candidates: int, seed: int
) -> Callable[[], list[Any]] | None:
    """Return what gives the architectures to begin with, best first; None for random ones.

    Args:
        domain: What may be proposed.
        start: Name, or name and options, of a predictor that ranks without labels.
        candidates: How many random architectures it ranks.
        seed: Seed of all that is random; scores of networks have seed 0, as on our boards.

    Raises:
        ConfigError: A name or an option is unknown.
        BridgeError: The predictor learns from labels.
    """
    if start is None:
        return None
    ranker = prepared_ranker(start, domain.space)
    return partial(ranked_start, domain, ranker, candidates, numpy_generator(seed, "start"))


def prepared(
    predictor: str | Mapping[str, Any], space: SearchSpace[Any], *, seed: int
) -> Predictor[Any]:
    """Return a predictor by its name, or name and options, prepared for a space.

    Raises:
        ConfigError: A name or an option is unknown, or the name is absent.
    """
    options = {"name": predictor} if isinstance(predictor, str) else dict(predictor)
    if "name" not in options:
        raise ConfigError(f"a predictor with options needs a name; got {options}")
    plugins = load_plugins(())
    name = registered_name(plugins, str(options.pop("name")), {})
    setup = PredictorSetup(
        plugin_files=(),
        space=space.name,
        predictor=name,
        options=options_json(name, options),
        images="photos",
        image_size=None,
        seed=seed,
        device="cpu",
        num_classes=None,
    )
    setup = with_sources(setup, (), data_folder())
    made = setup.create()
    made.prepare(setup.task(made, copy(space)))
    return made
