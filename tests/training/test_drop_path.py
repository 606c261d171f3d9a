from __future__ import annotations

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.genotypes.network import GenotypeCell
from naslib_proxydata.training.drop_path import DropPath, dropped
from tests.training.fakes import plain_network


def test_a_share_of_the_images_is_dropped_and_the_mean_kept() -> None:
    features = torch.ones(4000, 2, 3, 3)
    found = dropped(features, 0.25, torch_generator(0))
    by_image = found.flatten(1)
    assert torch.equal(by_image.amin(1), by_image.amax(1)), "an image is dropped as a whole"
    assert sorted(set(by_image[:, 0].tolist())) == pytest.approx([0.0, 4 / 3])
    assert float(found.mean()) == pytest.approx(1, abs=0.05)


def test_only_training_drops_and_skip_connections_never() -> None:
    space = Darts(width=4, depth=3)
    genotype = space.sample(np.random.default_rng(2))
    network = space.network(genotype, torch_generator(0))
    images = torch.randn(6, 3, 16, 16, generator=torch_generator(1))
    network.eval()
    plain = network(images)
    paths = DropPath(network)
    paths.share, paths.generator = 0.5, torch_generator(2)
    assert torch.equal(network(images), plain)
    network.train()
    once, again = network(images), network(images)
    assert not torch.equal(once, again), "each pass draws anew"
    cells = [one for one in network.modules() if isinstance(one, GenotypeCell)]
    skips = sum(op == "skip_connect" for cell in cells for op, _ in cell.genotype.edges)
    hooked = sum(1 for cell in cells for _ in cell.droppable_paths())
    everything = sum(len(cell.operations) for cell in cells)
    strided = sum(
        type(one).__name__ == "FactorizedReduction"
        for cell in cells
        for one in cell.operations.values()
    )
    assert hooked == everything - (skips - strided)
    assert len(paths.hooks) == hooked


def test_a_network_without_paths_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Plain.*no paths"):
        DropPath(plain_network())
