"""A prepared predictor that learns from labels, for bridges to tuners that are given a name."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from naslib_proxydata.errors import BridgeError, ConfigError
from naslib_proxydata.predictors.base import LearningPredictor
from naslib_proxydata.runs.settings import data_folder
from naslib_proxydata.runs.setup import (
    PredictorSetup,
    load_plugins,
    options_json,
    registered_name,
    with_sources,
)
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
    if not isinstance(made, LearningPredictor):
        raise BridgeError(
            f"predictor {name!r} does not learn from labels; name one that does, such as "
            "few-label-structure"
        )
    made.prepare(setup.task(made, copy(space)))
    if target is not None:
        made.set_target(target)
    return made
