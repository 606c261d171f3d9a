"""Networks built without touching the global generator."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 2, bias=False)
        self.again = self.head
        self.tied = nn.Linear(4, 2, bias=False)
        self.tied.weight = self.head.weight
        self.frozen = nn.Conv2d(3, 4, 1).requires_grad_(False)


def test_every_tensor_has_storage_and_shared_ones_stay_shared():
    network = build(Network, torch_generator(0, "test"))
    tensors = [*network.parameters(), *network.buffers()]
    assert all(tensor.device.type == "cpu" for tensor in tensors)
    assert network.again is network.head
    assert network.tied.weight is network.head.weight
    assert [name for name, weight in network.named_parameters() if not weight.requires_grad] == [
        "frozen.weight",
        "frozen.bias",
    ]
    assert list(network.state_dict()) == list(Network().state_dict())
    assert torch.equal(network.norm.running_var, torch.ones(4))
    assert network.norm.num_batches_tracked.dtype == torch.int64
    assert network.norm.num_batches_tracked == 0


def test_weights_depend_on_the_generator_alone():
    before = torch.get_rng_state()
    one, two, three = (build(Network, torch_generator(seed, "test")) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.conv.weight, two.conv.weight)
    assert not torch.equal(one.conv.weight, three.conv.weight)


def test_layers_of_unknown_kind_are_refused():
    with pytest.raises(TypeError, match="PReLU"):
        build(nn.PReLU, torch_generator(0, "test"))
