from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.darts.noise import Noise
from naslib_proxydata.spaces.darts.restricted import CANDIDATES, EDGES, NODES, RestrictedDarts
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.genotypes.genotype import CellGenotype, Genotype, genotype_text
from naslib_proxydata.testing import SearchSpaceContract
from tests.oneshot.fakes import supernet_maker

SMALL = {name: RestrictedDarts(name, width=4, depth=5) for name in CANDIDATES}

PUBLISHED = {
    "s1": "Genotype(normal=[('dil_conv_5x5', 1), ('dil_conv_3x3', 0), ('dil_conv_3x3', 2), "
    "('sep_conv_3x3', 1), ('max_pool_3x3', 0), ('sep_conv_3x3', 1), ('max_pool_3x3', 1), "
    "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('dil_conv_5x5', 3), ('max_pool_3x3', 1), ('max_pool_3x3', 0)], reduce_concat=range(2, 6))",
    "s2": "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('skip_connect', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 4)], normal_concat=range(2, 6), reduce=[('sep_conv_3x3', 0), "
    "('skip_connect', 1), ('sep_conv_3x3', 2), ('skip_connect', 1), ('skip_connect', 0), "
    "('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 1)], reduce_concat=range(2, 6))",
}
"""Cells that the paper's release found (experiments/search_logs/results_arch.yaml)."""


@pytest.mark.parametrize("name", CANDIDATES)
class TestContract(SearchSpaceContract):
    @pytest.fixture
    def space(self, name: str) -> RestrictedDarts:
        return SMALL[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_cells_belong_to_their_space(name: str) -> None:
    space = RestrictedDarts(name)
    genotype = space.parse(PUBLISHED[name])
    assert space.parse(space.text(genotype)) == genotype
    assert (space.width, space.depth) == (16, 8)
    assert space.params(genotype) == Darts(16, 8).params(genotype)
    assert space.macs(genotype) == Darts(16, 8).macs(genotype)


@pytest.mark.parametrize("name", CANDIDATES)
def test_samples_and_neighbours_hold_candidates_from_two_nodes(name: str) -> None:
    generator = numpy_generator(0, "candidates", name)
    space, seen = RestrictedDarts(name), set()
    for _ in range(40):
        genotype = space.sample(generator)
        for kind, cell in (("normal", genotype.normal), ("reduce", genotype.reduce)):
            for place, (op, source) in enumerate(cell.edges):
                row = EDGES.index((source, 2 + place // 2))
                assert op in CANDIDATES[name][kind][row]
                seen.add((kind, row, op))
                assert source != cell.edges[place ^ 1][1]
    every = {
        (kind, row, op)
        for kind, choices in CANDIDATES[name].items()
        for row, names in enumerate(choices)
        for op in names
    }
    assert len(seen) > 0.9 * len(every)
    for other in space.neighbours(genotype):
        changed = [
            one != two
            for mine, theirs in zip(
                (genotype.normal, genotype.reduce), (other.normal, other.reduce), strict=True
            )
            for one, two in zip(mine.edges, theirs.edges, strict=True)
        ]
        assert sum(changed) == 1
        assert space.parse(space.text(other)) == other


def test_number_of_neighbours_by_hand() -> None:
    """S2: of node n, n - 1 sources are left to an edge, two operations each, less itself."""
    space = RestrictedDarts("s2")
    genotype = space.sample(numpy_generator(1, "neighbours"))
    assert len(space.neighbours(genotype)) == 2 * sum(2 * (2 * (node - 1) - 1) for node in NODES)


def test_what_a_convolution_adds_by_hand() -> None:
    """3x3 separable, twice: depthwise, pointwise, normalisation; in the normal cells alone."""
    space = RestrictedDarts("s2")
    genotype = space.parse(PUBLISHED["s2"])
    edges = list(genotype.normal.edges)
    assert edges[1] == ("skip_connect", 0)
    edges[1] = ("sep_conv_3x3", 0)
    more = Genotype(CellGenotype(tuple(edges), genotype.normal.concat), genotype.reduce)
    widths = [16, 16, 32, 32, 64, 64]  # without cells 2 and 5 of 8, the reductions
    added = sum(2 * (9 * c + c * c + 2 * c) for c in widths)
    assert space.params(more) - space.params(genotype) == added


def all_of(op: str) -> Genotype:
    edges = tuple((op, source) for _ in NODES for source in (0, 1))
    return Genotype(CellGenotype(edges, NODES), CellGenotype(edges, NODES))


def test_noise_is_computed_but_carries_nothing() -> None:
    space = SMALL["s4"]
    silent = space.parse(genotype_text(all_of("noise")))
    assert not space.carries_signal(silent)
    trunk = space.trunk(silent, torch_generator(0))
    images = torch.zeros(2, 3, 16, 16)
    noisy, again = trunk(images)[0], trunk(images)[0]
    assert noisy.std() > 0.5
    assert not torch.equal(noisy, again)
    twin = space.trunk(silent, torch_generator(0))
    assert torch.equal(twin(images)[0], noisy)
    assert sum(isinstance(one, Noise) for one in trunk.modules()) == 5 * 8


def test_noise_takes_the_place_of_its_edge() -> None:
    """Every node of a noise edge is that noise plus what the other edge computes."""
    space = SMALL["s4"]
    edges = tuple((op, source) for _ in NODES for op, source in (("sep_conv_3x3", 0), ("noise", 1)))
    cell = CellGenotype(edges, NODES)
    stack = space.trunk(Genotype(cell, cell), torch_generator(0))
    first: Any = stack.cells[1]  # the second of five cells halves the image
    last = torch.randn(2, 12, 8, 8, generator=torch_generator(1))
    got = first(last, torch.randn(2, stack.cells[0].channels * 4, 8, 8))
    places = {place for place, one in first.operations.items() if isinstance(one, Noise)}
    written = space.canonical(Genotype(cell, cell)).reduce.edges
    assert places == {str(place) for place, (op, _) in enumerate(written) if op == "noise"}
    assert got.shape == (2, 4 * first.channels, 4, 4)


def test_none_of_s3_may_stand_anywhere() -> None:
    space = SMALL["s3"]
    edges = (("skip_connect", 0), ("none", 0), *all_of("skip_connect").normal.edges[2:])
    cell = CellGenotype(edges, NODES)
    genotype = space.parse(genotype_text(Genotype(cell, cell)))
    moved = CellGenotype((("none", 1), ("skip_connect", 0), *edges[2:]), NODES)
    assert space.hash(genotype) == space.hash(Genotype(moved, moved))


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_search_finds_cells_of_the_space(name: str) -> None:
    network = supernet_maker(name, channels=2, cells=3)(torch_generator(0), None)
    generator = np.random.default_rng(0)
    strengths = {kind: generator.random(one.shape) for kind, one in network.choices.items()}
    text = network.derive(strengths)
    assert SMALL[name].text(SMALL[name].parse(text)) == text


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("s2", "'sep_conv_3x3', 1)", "'sep_conv_5x5', 1)", "unknown operation 'sep_conv_5x5'"),
        ("s1", "[('dil_conv_5x5', 1)", "[('dil_conv_3x3', 1)", "normal: the edge from node 1 to 2"),
        ("s2", "[('sep_conv_3x3', 1)", "[('sep_conv_3x3', 0)", "normal: node 2 reads node 0 twice"),
        ("s2", "reduce_concat=range(2, 6)", "reduce_concat=[2, 3]", "reduce_concat: s2 conc"),
    ],
)
def test_cells_of_other_spaces_are_refused(name: str, old: str, new: str, reason: str) -> None:
    text = PUBLISHED[name].replace(old, new, 1)
    assert text != PUBLISHED[name]
    with pytest.raises(ArchitectureError, match=reason):
        RestrictedDarts(name).parse(text)
