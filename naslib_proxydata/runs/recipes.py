"""Published experiments by name: values of a configuration with their source.

A recipe lies below everything a user says.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from naslib_proxydata.errors import ConfigError, unknown_name


@dataclass(frozen=True)
class Recipe:
    """One published search or training.

    Attributes:
        summary: What it is, in a few words.
        source: The paper, and the file of the release where it says more.
        values: Keys of the command's configuration.
        lacks: What the experiment has and these values cannot say; empty where nothing.
    """

    summary: str
    source: str
    values: Mapping[str, Any] = field(default_factory=dict)
    lacks: str = ""


def recipe(name: str, recipes: Mapping[str, Recipe]) -> Recipe:
    """Return a recipe by its name.

    Raises:
        ConfigError: There is none; the closest name is told.
    """
    if name not in recipes:
        raise ConfigError(unknown_name("recipe", name, recipes))
    return recipes[name]


def with_recipe(
    name: str, given: Mapping[str, Any], recipes: Mapping[str, Recipe]
) -> dict[str, Any]:
    """Return a configuration's values with those of a recipe below them.

    Args:
        name: The recipe.
        given: What the user says; of ``training`` key by key, of everything else as a whole.
        recipes: Those that there are.

    Raises:
        ConfigError: There is no such recipe.
    """
    values = copy.deepcopy(dict(recipe(name, recipes).values))
    own = given.get("training")
    training = {**values.get("training", {}), **own} if isinstance(own, Mapping) else own
    values |= given
    if training is not None:
        values["training"] = training
    return values
