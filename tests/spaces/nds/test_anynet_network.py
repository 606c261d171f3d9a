"""Layers of AnyNet networks that are not torch's own."""

from __future__ import annotations

from torch import nn

from naslib_proxydata.spaces.common.networks import Subsampled
from naslib_proxydata.spaces.nds.anynet_network import ResidualBlock


def test_only_thin_strided_shortcuts_are_kept_from_torchs_own_convolution():
    """ResNeXt-B's are so thin; ``tests/spaces/common/test_networks.py`` trains such a layer."""

    def kind(inputs, stride):
        return type(ResidualBlock(nn.Identity(), inputs, 32, stride).shortcut[0])

    assert kind(4, 2) is Subsampled
    assert kind(4, 1) is kind(16, 2) is nn.Conv2d
