"""The genes of a proxy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naslib_proxydata.predictors.dps import space as dps_space
from naslib_proxydata.predictors.dps.space import (
    GENES,
    canonical,
    genotype,
    mutate,
    options,
    sample,
    within,
)
from naslib_proxydata.predictors.eproxy.config import resolve
from naslib_proxydata.seeding import numpy_generator

NAMES = [gene.name for gene in GENES]
SWITCHES = [gene.name for gene in GENES if gene.choices == dps_space.SWITCH]
seeds = st.integers(0, 10**6)


def drawn(count, seed=0):
    generator = numpy_generator(seed, "test")
    return [sample(generator) for _ in range(count)]


def changed(genotype, **values):
    """Return a genotype with other values; two underscores stand for a dot."""
    found = list(genotype)
    for name, value in values.items():
        found[NAMES.index(name.lstrip("_").replace("__", "."))] = value
    return tuple(found)


def test_the_space_is_as_large_as_the_paper_allows():
    assert dps_space.size() == 11 * 11 * 4 * 4 * (2**5 * 3 * 3 * 6 * 6 * 4) ** 3
    assert round(dps_space.size() / 1e17, 1) == 1.4


@pytest.mark.parametrize("name", NAMES)
def test_every_gene_takes_each_of_its_values_and_no_other(name):
    place = NAMES.index(name)
    seen = {genotype[place] for genotype in drawn(400)}
    assert seen == set(GENES[place].choices)


@pytest.mark.parametrize("name", NAMES)
def test_every_gene_shows_in_the_options(name):
    """With all else equal and enabled, each of its values gives other options."""
    base = {**dict(zip(NAMES, drawn(1)[0], strict=True)), "branches": 3}
    base |= {f"{branch}.net": True for branch in range(3)}
    place = NAMES.index(name)
    found = set()
    for value in GENES[place].choices:
        genotype = tuple(
            {**base, name: value, **({"0.dot": True} if "net" in name else {})}.values()
        )
        found.add(json.dumps(options(genotype)))
    assert len(found) == len(GENES[place].choices)


def test_switches_are_on_in_a_fifth_and_the_rest_is_uniform():
    many = drawn(2000)
    for name in SWITCHES:
        share = np.mean([genotype[NAMES.index(name)] for genotype in many])
        assert share == pytest.approx(0.2, abs=0.04)
    rates = [genotype[NAMES.index("learning_rate")] for genotype in many]
    counts = [rates.count(rate) for rate in dps_space.RATES]
    assert min(counts) > 0.6 * 2000 / 11
    assert pytest.approx(np.arange(0.5, 1.55, 0.1)) == dps_space.RATES
    assert pytest.approx(np.arange(-0.5, 0.55, 0.1)) == dps_space.ALPHAS


def test_mutation_flips_a_fifth_of_the_switches_and_redraws_a_fifth_of_the_rest():
    generator = numpy_generator(1, "test")
    parent = drawn(1)[0]
    children = [mutate(parent, generator, 0.2) for _ in range(2000)]
    for place, gene in enumerate(GENES):
        share = np.mean([child[place] != parent[place] for child in children])
        redrawn = 1.0 if gene.choices == dps_space.SWITCH else 1 - 1 / len(gene.choices)
        assert share == pytest.approx(0.2 * redrawn, abs=0.04), gene.name
    assert mutate(parent, generator, 1e-12) == parent


@given(seed=seeds, other=seeds)
def test_configurations_that_differ_in_disabled_genes_are_one(seed, other):
    genotype, noise = drawn(1, seed)[0], drawn(1, other + 1)[0]
    values = dict(zip(NAMES, genotype, strict=True))
    mixed = []
    for name, mine, theirs in zip(NAMES, genotype, noise, strict=True):
        branch, dot, rest = name.partition(".")
        features = [values[f"{branch}.{feature}"] for feature in dps_space.FEATURES] if dot else []
        disabled = dot and (
            int(branch) >= values["branches"] or (rest == "level" and not any(features))
        )
        mixed.append(theirs if disabled else mine)
    assert canonical(tuple(mixed)) == canonical(genotype)
    assert options(tuple(mixed)) == options(genotype)


@given(seed=seeds)
def test_the_canonical_form_is_its_own_and_means_the_same(seed):
    genotype = drawn(1, seed)[0]
    assert canonical(canonical(genotype)) == canonical(genotype)
    assert options(canonical(genotype)) == options(genotype)


def test_configurations_that_differ_otherwise_are_two():
    genotypes = {canonical(one) for one in drawn(500)}
    assert len({json.dumps(options(one)) for one in genotypes}) == len(genotypes)


@given(seed=seeds)
def test_options_are_a_configuration(seed):
    found = options(drawn(1, seed)[0])
    config = resolve(found, "nb201")
    assert len(config.branches) == len(found["branches"])
    assert config.mac_alpha == found["mac_alpha"]
    assert json.loads(json.dumps(found)) == found


def test_a_trunk_with_fewer_taps_gets_fewer_branches():
    generator = numpy_generator(0, "test")
    parent = changed(sample(generator, 2), branches=2)
    assert all(len(options(sample(generator, 1))["branches"]) == 1 for _ in range(50))
    assert all(len(options(mutate(parent, generator, 0.9, 2))["branches"]) <= 2 for _ in range(50))


@given(seeds)
def test_options_are_read_back(seed):
    (one,) = drawn(1, seed)
    assert genotype(options(one)) == canonical(one)


def test_options_that_no_gene_takes_are_told():
    found = options(drawn(1)[0])
    with pytest.raises(ValueError, match=r"learning_rate is 0.1, the search knows 0.5, 0.6"):
        genotype({**found, "learning_rate": 0.1})
    with pytest.raises(ValueError, match="branches is 0"):
        genotype({**found, "branches": []})
    with pytest.raises(ValueError, match=r"0.out_channels is 20"):
        genotype({**found, "branches": [{**found["branches"][0], "out_channels": 20}]})


def test_a_trunk_with_fewer_taps_has_fewer_branches():
    one = changed(drawn(1)[0], branches=3)
    assert [len(options(within(one, taps))["branches"]) for taps in (1, 2, 3)] == [1, 2, 3]
