"""What every command can be told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.files import expanded
from naslib_proxydata.runs.recipes import Recipe, with_recipe
from naslib_proxydata.schema import Settings

DATA_VARIABLE = "NASLIB_PROXYDATA_DATA"
"""Environment variable that names the folder of benchmark files."""


def listed(value: Any) -> Any:
    """Turn ``"a,b"`` or a single value into a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int | float | Path) else value


Names = Annotated[tuple[str, ...], BeforeValidator(listed)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(listed)]


class RunConfig(Settings):
    """The settings that all commands share.

    Attributes:
        MAY_GROW: Keys, such as ``queries`` or ``training.epochs``, that may be larger when a run
            goes on in its folder.
        IMMATERIAL: Keys that change no result, so that a run goes on with other ones.
        RECIPES: What the key ``recipe`` may name, where the command has one.
    """

    MAY_GROW: ClassVar[tuple[str, ...]] = ()
    IMMATERIAL: ClassVar[tuple[str, ...]] = (
        *("workers", "executor", "score_time_limit"),
        *("out", "overwrite"),
    )
    RECIPES: ClassVar[Mapping[str, Recipe]] = {}

    out: Path = Field(Path("runs/run"), description="The run folder.")
    overwrite: bool = Field(False, description="Start anew in a run folder that exists.")
    seed: int = Field(0, description="Seed of all that is random.")
    device: str = Field("auto", description="'auto', 'cpu', 'cuda', 'cuda:1', ...")
    threads: int = Field(
        1, ge=1, description="Threads of torch; another number changes results in the last digits."
    )
    workers: int = Field(
        1, ge=1, description="Processes that score, or threads that read a folder's images."
    )
    data_root: Path | None = Field(
        None, description=f"Folder of benchmark files; ${DATA_VARIABLE} where not given."
    )
    plugin: Paths = Field((), description="Python files with plugins, which act in the run.")
    no_plugin: Names = Field(
        (), description="Installed plugins to leave out, by their name or their distribution's."
    )

    @model_validator(mode="before")
    @classmethod
    def _above_its_recipe(cls, given: Any) -> Any:
        name = given.get("recipe") if cls.RECIPES and isinstance(given, Mapping) else None
        if not isinstance(name, str):
            return given
        try:
            return with_recipe(name, given, cls.RECIPES)
        except ConfigError as error:
            raise ValueError(str(error)) from None


def data_folder(root: str | Path | None = None) -> Path | None:
    """Return the folder of benchmark files: the given one, or ``$NASLIB_PROXYDATA_DATA``."""
    folder = root or os.environ.get(DATA_VARIABLE)
    return expanded(folder) if folder else None
