"""The proxies that DPS searches: settings of Eproxy as genes (arXiv 2210.09459, appendix A.6).

A genotype holds a value for every gene, those of branches that are switched off too, so that they
can drift unseen and come back, as in the authors' program. Its canonical form does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np

FEATURES = ("net", "sine_low", "sine_mid", "sine_high", "dot")
KERNELS = (1, 3, 7)
CHANNELS = (16, 32, 64, 128, 256, 512)
LEVELS = (0.5, 1.0, 1.5, 2.0)
RATES = tuple(tenths / 10 for tenths in range(5, 16))
ALPHAS = tuple(tenths / 10 for tenths in range(-5, 6))
INITIALISATIONS = ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")
BRANCHES = 3
FEATURE_PROBABILITY = 0.2
"""How likely each feature is to be switched on in a random genotype."""
SWITCH = (False, True)


@dataclass(frozen=True)
class Gene:
    """One choice of a genotype.

    Attributes:
        name: What it sets; genes of a branch begin with its number and a dot.
        choices: The values it may take.
    """

    name: str
    choices: tuple[Any, ...]

    def sample(self, generator: np.random.Generator) -> Any:
        """Draw a value: a switch is on with probability 0.2, all else is uniform."""
        if self.choices == SWITCH:
            return bool(generator.random() < FEATURE_PROBABILITY)
        return self.choices[int(generator.integers(len(self.choices)))]

    def mutate(self, value: Any, generator: np.random.Generator) -> Any:
        """Flip a switch, draw anything else anew (it may stay what it was)."""
        return not value if self.choices == SWITCH else self.sample(generator)


def _genes() -> tuple[Gene, ...]:
    genes = [
        Gene("learning_rate", RATES),
        Gene("mac_alpha", ALPHAS),
        Gene("network_init", INITIALISATIONS),
        Gene("barrier_init", INITIALISATIONS),
        Gene("branches", tuple(range(1, BRANCHES + 1))),
    ]
    for branch in range(BRANCHES):
        genes += [Gene(f"{branch}.{feature}", SWITCH) for feature in FEATURES]
        genes += [
            Gene(f"{branch}.transform_kernel", KERNELS),
            Gene(f"{branch}.barrier_kernel", KERNELS),
            Gene(f"{branch}.mid_channels", CHANNELS),
            Gene(f"{branch}.out_channels", CHANNELS),
            Gene(f"{branch}.level", LEVELS),
        ]
    return tuple(genes)


GENES = _genes()
Genotype: TypeAlias = tuple[Any, ...]
"""A value of each gene, in the order of :data:`GENES`."""


def size() -> int:
    """Return the number of configurations with all three branches: about 1.4e17."""
    return prod(len(gene.choices) for gene in GENES if gene.name != "branches")


def sample(generator: np.random.Generator, taps: int = BRANCHES) -> Genotype:
    """Draw a genotype for a trunk with so many taps."""
    return within(tuple(gene.sample(generator) for gene in GENES), taps)


def mutate(
    genotype: Genotype, generator: np.random.Generator, rate: float, taps: int = BRANCHES
) -> Genotype:
    """Mutate each gene with probability ``rate``, for a trunk with so many taps."""
    pairs = zip(GENES, genotype, strict=True)
    values = [
        gene.mutate(value, generator) if generator.random() < rate else value
        for gene, value in pairs
    ]
    return within(tuple(values), taps)


def canonical(genotype: Genotype) -> Genotype:
    """Return the representative of all genotypes that differ in disabled genes alone.

    Disabled are the genes of branches beyond the number of branches, and the level of a branch
    without features, whose target is zero at every level. They get their gene's first choice.
    """
    values = _by_name(genotype)

    def disabled(name: str) -> bool:
        branch, dot, rest = name.partition(".")
        if not dot:
            return False
        unused = int(branch) >= values["branches"]
        return unused or (rest == "level" and not _features(values, int(branch)))

    return tuple(gene.choices[0] if disabled(gene.name) else values[gene.name] for gene in GENES)


def options(genotype: Genotype) -> dict[str, Any]:
    """Return the fields of :class:`EproxyConfig` that a genotype sets, as plain data."""
    values = _by_name(canonical(genotype))
    branch_fields = ("transform_kernel", "barrier_kernel", "mid_channels", "out_channels", "level")
    found = {name: values[name] for name in ("learning_rate", "mac_alpha")}
    found |= {name: values[name] for name in ("network_init", "barrier_init")}
    found["branches"] = [
        {
            "features": _features(values, branch),
            **{name: values[f"{branch}.{name}"] for name in branch_fields},
        }
        for branch in range(values["branches"])
    ]
    return found


def genotype(options: Mapping[str, Any]) -> Genotype:
    """Return the canonical genotype that sets these fields, the inverse of :func:`options`.

    Raises:
        ValueError: A field is missing or has a value that no gene takes.
    """
    branches: Sequence[Mapping[str, Any]] = options.get("branches") or ()
    values: dict[str, Any] = {**options, "branches": len(branches)}
    for number, branch in enumerate(branches):
        values |= {f"{number}.{name}": value for name, value in branch.items()}
        values |= {f"{number}.{name}": name in branch.get("features", ()) for name in FEATURES}
    unused = tuple(f"{number}." for number in range(len(branches), BRANCHES))
    values |= {gene.name: gene.choices[0] for gene in GENES if gene.name.startswith(unused)}
    for gene in GENES:
        if values.get(gene.name) not in gene.choices:
            raise ValueError(
                f"{gene.name} is {values.get(gene.name)!r}, the search knows "
                f"{', '.join(map(str, gene.choices))}"
            )
    return canonical(tuple(values[gene.name] for gene in GENES))


def within(genotype: Genotype, taps: int) -> Genotype:
    """Return the genotype with at most as many branches as the trunk has taps."""
    return tuple(
        min(value, taps) if gene.name == "branches" else value
        for gene, value in zip(GENES, genotype, strict=True)
    )


def _by_name(genotype: Genotype) -> dict[str, Any]:
    return {gene.name: value for gene, value in zip(GENES, genotype, strict=True)}


def _features(values: Mapping[str, Any], branch: int) -> list[str]:
    return [name for name in FEATURES if values[f"{branch}.{name}"]]
