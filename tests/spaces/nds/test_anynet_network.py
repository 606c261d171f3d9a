"""Layers of AnyNet networks that are not torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from naslib_proxydata.spaces.nds.anynet_network import ResidualBlock, ThinPointwise


@pytest.mark.parametrize("size", [8, 7])
def test_a_thin_strided_convolution_is_torchs_and_survives_training(size):
    generator = torch.Generator().manual_seed(1)
    thin = ThinPointwise(4, 32, 1, 2, bias=False)
    plain = nn.Conv2d(4, 32, 1, 2, bias=False)
    plain.load_state_dict(thin.state_dict())
    images = torch.randn(16, 4, size, size, generator=generator)
    torch.testing.assert_close(thin(images), plain(images))
    thin.to(memory_format=torch.channels_last)
    shaken = images.to(memory_format=torch.channels_last).requires_grad_()
    for _ in range(6):
        thin(shaken).square().sum().backward()
    assert torch.isfinite(shaken.grad).all()


def test_only_thin_strided_shortcuts_are_it():
    def kind(inputs, stride):
        return type(ResidualBlock(nn.Identity(), inputs, 32, stride).shortcut[0])

    assert kind(4, 2) is ThinPointwise
    assert kind(4, 1) is kind(16, 2) is nn.Conv2d
