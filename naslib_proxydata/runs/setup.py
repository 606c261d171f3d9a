"""Prepared predictors from names and plain data, in whichever process they are needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata import plugins as plugin_room
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.predictors.base import Predictor, ScoringTask

if TYPE_CHECKING:
    from naslib_proxydata.data.images import ImageBatch

FEWEST_CLASSES = 10
"""Outputs of the networks where the images have fewer classes, as two photographs have."""


@lru_cache(maxsize=1)
def load_plugins(files: tuple[Path, ...]) -> Plugins:
    """Load the plugins once per process."""
    return plugin_room.load(files)


@dataclass(frozen=True)
class PredictorSetup:
    """All that makes a prepared predictor; small, picklable and hashable.

    Attributes:
        plugin_files: Python files with plugins, which a worker process loads as well.
        space: Name of the search space.
        predictor: Registered name of the predictor.
        options: Options of its factory, as JSON.
        images: Source of the images.
        image_size: Height and width in pixels, or None for the space's own.
        seed: Seed of the scores and of the draw of images.
        device: A torch device string.
        num_classes: Outputs of the networks, or None for the images', at least
            :data:`FEWEST_CLASSES`.
    """

    plugin_files: tuple[Path, ...]
    space: str
    predictor: str
    options: str
    images: str
    image_size: int | None
    seed: int
    device: str
    num_classes: int | None

    def create(self) -> Predictor[Any]:
        """Return the predictor, not prepared."""
        predictor: Predictor[Any] = load_plugins(self.plugin_files).create(
            "predictors", self.predictor, **json.loads(self.options)
        )
        return predictor

    def task(self, predictor: Predictor[Any]) -> ScoringTask[Any]:
        """Return what the predictor is to be prepared with.

        The images are drawn for this predictor alone, so that its scores do not depend on how
        many another one needs.
        """
        space = load_plugins(self.plugin_files).create("spaces", self.space)
        if self.image_size is not None:
            space.image_size = self.image_size
        images = _images(self.images, max(1, predictor.images_needed), self.seed, space.image_size)
        num_classes = self.num_classes or max(FEWEST_CLASSES, images.num_classes)
        return ScoringTask(space, images, self.seed, self.device, num_classes)

    def __call__(self) -> Predictor[Any]:
        """Return the prepared predictor."""
        predictor = self.create()
        predictor.prepare(self.task(predictor))
        return predictor


@lru_cache(maxsize=4)
def _images(source: str, count: int, seed: int, size: int) -> ImageBatch:
    """Load images once per process, for predictors that need as many."""
    from naslib_proxydata.data.images import load_images

    return load_images(source, count, seed, size)


def registered_name(plugins: Plugins, label: str, options: Mapping[str, Any]) -> str:
    """Return the registered name that a label of the configuration stands for.

    The option ``predictor`` names it where the label is not the name; either may be an alias.

    Raises:
        ConfigError: There is no such predictor; the closest is named.
    """
    return plugins.registration("predictors", str(options.get("predictor", label))).name


def options_json(label: str, options: Mapping[str, Any]) -> str:
    """Return a predictor's options as JSON, without the option that names the predictor.

    Raises:
        ConfigError: A value is not plain data.
    """
    own = {key: value for key, value in options.items() if key != "predictor"}
    try:
        return json.dumps(own, sort_keys=True)
    except TypeError as error:
        raise ConfigError(f"options of predictor {label!r} must be plain data: {error}") from None


def resolved_device(name: str) -> str:
    """Return a torch device that is there.

    Raises:
        ConfigError: It is not.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {name!r} cannot be used: {reason}; try 'auto'") from None
    return name
