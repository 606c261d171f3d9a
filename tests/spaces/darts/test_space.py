from __future__ import annotations

from typing import Any

import pytest
import torch

from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.counting import count_macs, count_params, on_meta
from naslib_proxydata.spaces.darts.space import Darts, DartsImageNet
from naslib_proxydata.spaces.genotypes.genotype import CellGenotype, Genotype
from naslib_proxydata.spaces.genotypes.network import CellClassifier, CellStack
from naslib_proxydata.testing import SearchSpaceContract
from tests.spaces.genotypes.test_genotype import V2

SMALL = Darts(width=4, depth=5)


class TestContract(SearchSpaceContract):
    macs_tolerance = 0.0
    networks = 2

    @pytest.fixture
    def space(self) -> Darts:
        return SMALL


def all_none(space: Darts) -> Genotype:
    """Return a genotype whose output is zero."""
    cell = CellGenotype((("none", 0),) * 8, (2, 3, 4, 5))
    return Genotype(cell, cell)


class TestContractOfDeadCells(TestContract):
    """A genotype of zeros only, and one that zeros in the reduction cells cut in two."""

    def sampled(self, space: Darts, seed: int = 0) -> list[Any]:
        alive = space.parse(V2)
        cut = Genotype(alive.normal, all_none(space).reduce)
        return [all_none(space), cut, alive][seed:]

    test_mutation_gives_a_neighbour = None
    test_trunk_gives_its_taps = None  # there is nothing to train in a trunk without operations


def test_published_counts() -> None:
    """DARTS's second-order network of 36 channels and 20 cells has 3.35 M parameters.

    The paper (arXiv 1806.09055, table 1) says 3.3 M; the authors' program prints 3.349342 MB
    for the network without its auxiliary head.
    """
    space = Darts()
    assert space.params(space.parse(V2)) == 3_349_342


class TestImageNetContract(SearchSpaceContract):
    macs_tolerance = 0.0

    @pytest.fixture
    def space(self) -> Darts:
        space = DartsImageNet(width=4, depth=5)
        space.image_size = 64
        return space

    test_trunk_gives_its_taps = None  # it has CIFAR's stem, which TestContract looks at


def test_published_counts_on_imagenet() -> None:
    """DARTS's second-order network of 48 channels and 14 cells has 4.7 M parameters (table 3)."""
    space = DartsImageNet()
    cell = space.parse(V2)
    assert round(space.params(cell, num_classes=1000) / 1e6, 1) == 4.7
    # The paper prints 574 M; what a forward pass of the network at 224 pixels does is this.
    assert space.macs(cell, num_classes=1000, image_size=224) == 529_911_552


def test_counts_equal_the_network() -> None:
    generator = numpy_generator(0, "counts")
    for imagenet, size in ((False, 32), (False, 27), (True, 64)):
        genotype = SMALL.sample(generator)
        stack = on_meta(lambda g=genotype, i=imagenet: CellStack(g, 8, 7, 3, i))
        network = on_meta(lambda s=stack: CellClassifier(s, 6, True))
        from naslib_proxydata.spaces.genotypes.counts import network_counts

        counts = network_counts(
            genotype, 8, 7, num_classes=6, image_size=size, imagenet=imagenet, auxiliary=True
        )
        assert counts.params == count_params(network)
        assert counts.macs == count_macs(network, in_channels=3, image_size=size)


@pytest.mark.parametrize(("imagenet", "size"), [(False, 32), (True, 224)])
def test_auxiliary_head(imagenet: bool, size: int) -> None:
    stack = on_meta(lambda: CellStack(SMALL.parse(V2), 4, 5, 3, imagenet))
    network = on_meta(lambda: CellClassifier(stack, 6, True))
    images = torch.empty(2, 3, size, size, device="meta")
    assert network.auxiliary_logits(images).shape == (2, 6)
    plain = on_meta(lambda: CellClassifier(stack, 6, False))
    with pytest.raises(TypeError, match="without an auxiliary head"):
        plain.auxiliary_logits(images)


def test_canonical_form_computes_the_same() -> None:
    """Order of a node's edges apart, both give the same trunk for the same weights."""
    none = all_none(SMALL).normal
    live = CellGenotype(
        (*none.edges[:4], ("max_pool_3x3", 2), ("skip_connect", 1), *none.edges[6:]), (5, 4)
    )
    written = Genotype(live, live)
    canonical = SMALL.canonical(written)
    assert canonical.normal.edges[4:6] == (("none", 0), ("skip_connect", 1))
    images = torch.randn(2, 3, 16, 16, generator=torch_generator(0))
    stacks = [SMALL.trunk(one, torch_generator(1)) for one in (written, canonical)]
    assert torch.equal(stacks[0](images)[0], stacks[1](images)[0])


def test_edge_order_does_not_change_the_hash() -> None:
    genotype = SMALL.parse(V2)
    edges = genotype.normal.edges
    swapped = tuple(edges[place ^ 1] for place in range(len(edges)))
    other = Genotype(CellGenotype(swapped, genotype.normal.concat), genotype.reduce)
    assert other != genotype
    assert SMALL.hash(other) == SMALL.hash(genotype)


def test_taps_are_those_of_the_release() -> None:
    """The last cell's output and the inputs of cells 2L//3 and L//3 (arXiv 2210.09459)."""
    trunk = Darts(width=4, depth=6).trunk(SMALL.parse(V2), torch_generator(0))
    taps = trunk(torch.zeros(1, 3, 32, 32))
    assert [tuple(tap.shape[1:]) for tap in taps] == [(64, 8, 8), (32, 16, 16), (16, 32, 32)]
