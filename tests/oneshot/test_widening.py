"""Wider operations keep what they had, and copy the rest."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies.drnas_progressive import drnas_progressive
from naslib_proxydata.oneshot.widening import copied_channels
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import CLASSES, make_learner, random_batch, supernet_maker

MOMENT = Moment(1, 3, torch_generator(0))


def darts_learner() -> Learner:
    builder = supernet_maker("darts", channels=8, cells=3, num_classes=CLASSES, partial=2)
    strategy = drnas_progressive(partials=(2, 1), kept=(4,))
    return Learner(builder, strategy, SearchSettings.parse({"batch_size": 8}, "a test"))


def widened(learner: Learner, partial: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Widen after a step; return the weights of before and the momentum of before."""
    learner.weights_step(random_batch(8, 0), MOMENT)
    names = dict(learner.supernet.named_parameters())
    weights = {name: one.detach().clone() for name, one in names.items()}
    momenta = {name: learner.momentum_of(one).clone() for name, one in names.items()}
    learner.widen(partial)
    return weights, momenta


def sources(wide: Tensor, narrow: Tensor, dim: int) -> list[int]:
    """Find by comparing which old channel each channel is a copy of, in what both have."""
    wide = wide.transpose(0, dim)[:, : narrow.shape[1 - dim]].flatten(1)
    narrow = narrow.transpose(0, dim).flatten(1)
    found = [[i for i, old in enumerate(narrow) if torch.equal(old, new)] for new in wide]
    assert all(len(one) == 1 for one in found)
    return [one[0] for one in found]


def test_convolutions_of_one_node_are_widened_edge_by_edge() -> None:
    learner = make_learner(drnas_progressive(), channels=8)
    before, momenta = widened(learner, 2)
    name = "stages.1.0.sources.0.convolutions.nor_conv_3x3.weight"  # 16 channels, three edges
    wide = dict(learner.supernet.named_parameters())[name]
    assert tuple(before[name].shape) == (12, 4, 3, 3)
    assert tuple(wide.shape) == (24, 8, 3, 3)
    inputs = sources(wide[:4], before[name][:4], 1)
    assert inputs[:4] == [0, 1, 2, 3]
    outputs = []
    for edge in range(3):
        block, old = wide[8 * edge :][:8], before[name][4 * edge :][:4]
        outputs.append(sources(block, old, 0))
        assert outputs[-1][:4] == [0, 1, 2, 3]
        assert torch.equal(block, old[outputs[-1]][:, inputs])
    assert len({tuple(one) for one in outputs}) > 1
    rows = [4 * edge + one for edge in range(3) for one in outputs[edge]]
    assert torch.equal(learner.momentum_of(wide), momenta[name][rows][:, inputs])
    for name, one in learner.supernet.named_parameters():
        if "sources" not in name:
            assert torch.equal(one, before[name])
            assert torch.equal(learner.momentum_of(one), momenta[name])


def test_a_pointwise_convolution_copies_what_the_depthwise_one_before_it_copies() -> None:
    learner = darts_learner()
    before, momenta = widened(learner, 1)
    pairs = 0
    modules = dict(learner.supernet.named_modules())
    for name, module in modules.items():
        weight = f"{name}.weight"
        if not isinstance(module, nn.Conv2d) or module.weight.shape == before[weight].shape:
            continue
        if module.groups == 1:
            continue
        parent, number = name.rsplit(".", 1)
        after = f"{parent}.{int(number) + 1}.weight"
        depthwise = sources(module.weight, before[weight], 0)
        pointwise = modules[after.removesuffix(".weight")].weight
        assert sources(pointwise, before[after], 1) == depthwise
        assert torch.equal(learner.momentum_of(module.weight), momenta[weight][depthwise])
        pairs += 1
    assert pairs == 3 * 14 * 6  # two pairs in each separable, one in each dilated convolution
    loss, _ = learner.weights_step(random_batch(8, 1), MOMENT)
    assert loss.isfinite()


def test_widening_follows_from_the_seed() -> None:
    def weights(seed: int) -> Tensor:
        learner = make_learner(drnas_progressive(), seed=seed)
        learner.widen(2)
        return torch.cat([one.detach().flatten() for one in learner.weights])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_what_is_no_convolution_is_refused() -> None:
    narrow, wide = (nn.ModuleDict({"head": nn.Linear(4, size)}) for size in (2, 4))
    with pytest.raises(SearchError, match=r"head has more channels and is no convolution"):
        copied_channels(narrow, wide, torch_generator(0))  # type: ignore[arg-type]
