"""Presets: settings of Eproxy found by a search (DPS), in a YAML file that says where from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, Field

from naslib_proxydata.errors import ConfigError, RunFolderError, closest, shown
from naslib_proxydata.files import expanded, write_text
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.schema import Settings
from naslib_proxydata.yaml_text import read_yaml_file

FORMAT = 1
"""Version of the file's layout; another one is refused."""
MOST_BYTES = 2**20
"""Of a file, which names every labelled architecture."""
SHIPPED = Path(__file__).parent / "preset_files"
"""Folder of the presets that come with the package."""


class Provenance(Settings):
    """Where a preset comes from.

    Attributes:
        benchmark: Table whose values were the labels.
        dataset: Its dataset.
        metric: Its metric.
        space: Search space of the architectures.
        labels: Number of labelled architectures.
        label_seed: Seed that drew them.
        seed: Seed of the evolution and of the scores.
        cycles: Proxies looked at in all.
        population: How many of the youngest could be parents.
        tournament: How many of them were drawn each cycle.
        mutation_rate: Probability of each gene to mutate.
        racing: How proxies were stopped early.
        rung: On how many further architectures they were scored at a time.
        evaluations: Scores that this took.
        images: Source of the images.
        labelled: The labelled architectures, which an honest evaluation leaves out.
        package: Version of naslib-proxydata that searched.
        note: Anything else.
    """

    benchmark: str
    dataset: str
    metric: str
    space: str
    labels: int
    label_seed: int
    seed: int
    cycles: int
    population: int
    tournament: int
    mutation_rate: float
    racing: str
    rung: int
    evaluations: int
    images: str
    labelled: tuple[str, ...]
    package: str
    note: str = ""


class FittedProxy(Settings):
    """A proxy that was fitted to labels.

    Attributes:
        fitness: Its Spearman correlation on them.
        options: Of Eproxy.
    """

    model_config = ConfigDict(allow_inf_nan=True)  # equal scores have no rank correlation

    fitness: float
    options: dict[str, Any]


class Preset(Settings):
    """The content of a preset's file.

    Attributes:
        format: Version of the layout.
        provenance: Where it comes from.
        proxies: The fittest first.
    """

    format: int = FORMAT
    provenance: Provenance
    proxies: Annotated[tuple[FittedProxy, ...], Field(min_length=1)]

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the fitness and the options of each proxy."""
        lines = [(f"{one.fitness:.3f}", one.options) for one in self.proxies]
        where = self.provenance
        caption = f"Proxies fitted to {where.labels} labels of {where.benchmark} {where.dataset}"
        return notebook_table(caption.strip(), ("fitness", "options"), lines)


def preset_names() -> list[str]:
    """Return the names of the presets that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def read_preset(name: str, built_in: tuple[str, ...] = ()) -> Preset:
    """Read a preset that comes with the package, or a file.

    Args:
        name: Its name, or the path of a YAML file.
        built_in: Other names that would have been understood, for the message.

    Raises:
        ConfigError: There is no such preset; the file is not YAML, is of another version, or has
            an unknown key or a wrong value.
    """
    shipped = SHIPPED / f"{name}.yaml"
    path = shipped if name in preset_names() else expanded(name)
    if not os.path.isfile(path):  # unlike that of Path, it takes any text
        known = [*built_in, *preset_names()]
        raise ConfigError(
            f"there is no preset {shown(name)}: it is neither a file nor one of {', '.join(known)}."
            f"{closest(name, known)}"
        )
    values = read_yaml_file(path, "the preset", MOST_BYTES)
    where = f"preset {path}"
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} must hold keys with values, got {type(values).__name__}")
    found = values.get("format")
    if found != FORMAT:
        raise ConfigError(
            f"{where} is of format {found!r}, this version reads format {FORMAT}; make it anew "
            "with 'naslib-proxydata dps', or use the version of the package that made it"
        )
    return Preset.parse(values, where)


def write_preset(path: Path, preset: Preset) -> None:
    """Write a preset; a file that was there is whole until the new one takes its place.

    Raises:
        RunFolderError: It cannot be written.
    """
    text = yaml.safe_dump(preset.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    write_text(path, text, error=RunFolderError)
