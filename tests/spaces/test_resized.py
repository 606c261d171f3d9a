"""Networks of another size, by published parameter counts."""

from __future__ import annotations

import pytest

import naslib_proxydata
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.counting import count_params

DARTS_V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=[2, 3, 4, 5])"
)


def test_darts_has_its_published_size_and_a_second_classifier_in_training_only() -> None:
    """3.3 million parameters at 36 channels and 20 cells (arXiv 1806.09055, table 1)."""
    space = naslib_proxydata.space("darts").resized(channels=36, cells=20)
    genotype = space.parse(DARTS_V2)
    assert space.params(genotype) / 1e6 == pytest.approx(3.3, abs=0.06)
    both = space.resized(auxiliary=True)
    extra = count_params(both.network(genotype, torch_generator(0)))
    assert extra > space.params(genotype)
    assert both.params(genotype) == space.params(genotype), "the text says what is published"


def test_a_space_is_not_changed_by_what_is_made_of_it() -> None:
    space = naslib_proxydata.space("nb201")
    cell = space.sample(__import__("numpy").random.default_rng(0))
    before = space.params(cell)
    assert space.resized(channels=4, cells=1).params(cell) < before
    assert space.params(cell) == before


@pytest.mark.parametrize("name", ["nb101", "nds-darts-in", "mobilenet", "transnas-micro"])
def test_networks_of_one_size_say_so(name: str) -> None:
    space = naslib_proxydata.space(name)
    assert space.resized() is not None
    with pytest.raises(ConfigError, match=r"channels: networks of space .* as they were published"):
        space.resized(channels=8)


def test_sizes_that_cannot_be_are_refused() -> None:
    darts = naslib_proxydata.space("darts")
    with pytest.raises(ConfigError, match="at least 3, got 2"):
        darts.resized(cells=2)
    with pytest.raises(ConfigError, match="even number, got 5"):
        darts.resized(channels=5)
    with pytest.raises(ConfigError, match="auxiliary: networks of space 'nb201'"):
        naslib_proxydata.space("nb201").resized(auxiliary=True)
