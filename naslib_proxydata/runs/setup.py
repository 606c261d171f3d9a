"""Prepared predictors from names and plain data, in whichever process they are needed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naslib_proxydata import plugins as plugin_room
from naslib_proxydata.errors import ConfigError, DatasetError
from naslib_proxydata.plugins import Plugins
from naslib_proxydata.predictors.base import Predictor, ScoringTask

if TYPE_CHECKING:
    from naslib_proxydata.data.batch import ImageBatch
    from naslib_proxydata.spaces.base import SearchSpace

FEWEST_CLASSES = 10
"""Outputs of the networks where the images have fewer classes, as two photographs have."""


@lru_cache(maxsize=1)
def load_plugins(files: tuple[Path, ...], without: tuple[str, ...] = ()) -> Plugins:
    """Load the plugins once per process; see :func:`naslib_proxydata.plugins.load`."""
    return plugin_room.load(files, without)


@dataclass(frozen=True)
class PredictorSetup:
    """All that makes a prepared predictor; small, picklable and hashable.

    Attributes:
        plugin_files: Python files with plugins, which a worker process loads as well.
        no_plugin: Installed plugins that it leaves out.
        space: Name of the search space.
        predictor: Registered name of the predictor.
        options: Options of its factory, as JSON.
        images: Source of the images.
        image_size: Height and width in pixels, or None for the space's own.
        seed: Seed of the scores and of the draw of images.
        device: A torch device string.
        num_classes: Outputs of the networks, or None for the images', at least
            :data:`FEWEST_CLASSES`.
        threads: Threads of torch while a score is computed.
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
    threads: int = 1
    no_plugin: tuple[str, ...] = ()

    @property
    def plugins(self) -> Plugins:
        """The plugins, loaded once per process."""
        return load_plugins(self.plugin_files, self.no_plugin)

    def create(self) -> Predictor[Any]:
        """Return the predictor, not prepared."""
        return self.plugins.create("predictors", self.predictor, **json.loads(self.options))

    def of(self, predictor: str, options: str) -> PredictorSetup:
        """Return the same setup with another predictor; options are JSON."""
        return replace(self, predictor=predictor, options=options)

    def task(
        self, predictor: Predictor[Any], space: SearchSpace[Any] | None = None
    ) -> ScoringTask[Any]:
        """Return what the predictor is to be prepared with.

        The images are drawn for this predictor alone, so that its scores do not depend on how
        many another one needs.

        Args:
            predictor: Whose images are drawn.
            space: The search space where it is no registered one.
        """
        space = self.plugins.create("spaces", self.space) if space is None else space
        if self.image_size is not None:
            space.image_size = self.image_size
        images = _images(
            self.plugins,
            self.images,
            max(1, predictor.images_for(space.name)),
            self.seed,
            space.image_size,
        )
        num_classes = self.num_classes or max(FEWEST_CLASSES, images.num_classes)
        return ScoringTask(space, images, self.seed, self.device, num_classes)

    def __call__(self) -> Predictor[Any]:
        """Return the prepared predictor."""
        predictor = self.create()
        predictor.prepare(self.task(predictor))
        return predictor


@lru_cache(maxsize=16)  # so that what was checked for every predictor is still there when it scores
def _images(plugins: Plugins, source: str, count: int, seed: int, size: int) -> ImageBatch:
    """Load images once per process, for predictors that need as many."""
    from naslib_proxydata.data.images import load_images

    return load_images(source, count, seed, size, plugins)


def with_sources(
    setup: PredictorSetup,
    sources: Sequence[str],
    data_root: Path | None,
    lower_is_better: Sequence[str] = (),
) -> PredictorSetup:
    """Return the setup with the command's tables, for a predictor that takes such.

    Args:
        setup: Options in it win.
        sources: The tables that the command ranks or queries, by name or as ``csv:FILE``.
        data_root: The folder of the benchmarks' files.
        lower_is_better: Columns of a ``csv:`` table whose lowest values are the best.

    Raises:
        ConfigError: A name or an option is wrong.
    """
    if not setup.create().takes_sources:
        return setup
    given = json.loads(setup.options)
    added: dict[str, Any] = {"space": setup.space}
    if data_root is not None:
        added["data_root"] = str(data_root)
    if "sources" not in given:
        added |= {"sources": list(sources), "lower_is_better": list(lower_is_better)}
    return replace(setup, options=json.dumps({**added, **given}, sort_keys=True))


def checked_predictor(setup: PredictorSetup) -> Predictor[Any]:
    """Return the predictor, not prepared, after all that it will be given was found to be there.

    Called for every predictor of a run before the first score, so that a mistake costs no time.
    Those that combine others are checked with these.

    Raises:
        ConfigError: A name or an option is wrong.
        DatasetError: There is no such source of images, or it holds fewer than are needed.
    """
    predictor = setup.create()
    parts = predictor.parts()
    for name, options in parts.items():
        checked_predictor(replace(setup, predictor=name, options=options_json(name, options)))
    predictor.settings()  # opens the tables that it knows
    try:
        setup.task(predictor)
    except DatasetError as error:
        raise DatasetError(f"predictor {setup.predictor!r}: {error}") from None
    return predictor


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
