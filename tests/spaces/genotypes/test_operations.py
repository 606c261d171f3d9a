"""Operations in compiled code against torch's in double precision."""

from __future__ import annotations

import copy

import pytest
import torch

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.genotypes.operations import OPERATIONS


@pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", ["sep_conv_3x3", "dil_conv_5x5", "conv_1x1", "conv_7x1_1x7"])
def test_outputs_and_gradients_are_those_of_torch(name, stride):
    generator = torch_generator(0, "test")
    plain = build(lambda: OPERATIONS[name](12, stride), generator)
    fast = copy.deepcopy(plain)
    accelerate(fast)
    features = torch.randn((4, 12, 8, 8), generator=generator)
    results = []
    for layer, images in ((fast, features), (plain.double(), features.double())):
        leaves = [images.requires_grad_(), *layer.parameters()]
        output = layer(images)
        upstream = torch.ones_like(output).cumsum(dim=3)
        results.append([output, *torch.autograd.grad(output, leaves, upstream)])
    for one, other in zip(*results, strict=True):
        scale = other.abs().max().item()
        torch.testing.assert_close(one.double(), other, rtol=0, atol=3e-5 * scale)
