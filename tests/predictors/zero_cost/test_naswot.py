from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.zero_cost.naswot import code_kernel, naswot
from tests.predictors.zero_cost.references import tiny_batch, tiny_network


def codes_by_hand(network: nn.Sequential, images: Tensor) -> list[list[bool]]:
    """The sign of every ReLU's every input, image by image."""
    codes: list[list[bool]] = [[] for _ in images]
    features = images
    for layer in network:
        if isinstance(layer, nn.ReLU):
            for code, feature in zip(codes, features, strict=True):
                code += [value > 0 for value in feature.flatten().tolist()]
        features = layer(features)
    return codes


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_the_kernel_counts_the_units_that_agree(memory_format: torch.memory_format) -> None:
    images = tiny_batch(5)[0].contiguous(memory_format=memory_format)
    codes = codes_by_hand(tiny_network(), images)
    expected = [[sum(a == b for a, b in zip(x, y, strict=True)) for x in codes] for y in codes]
    kernel = code_kernel(tiny_network(), images)
    assert kernel.tolist() == expected
    assert naswot(tiny_network(), images) == pytest.approx(
        math.log(np.linalg.det(np.array(expected, dtype=float))), rel=1e-9
    )


def test_units_that_end_at_six_have_codes_too() -> None:
    """All units of the MobileNet space are such."""
    images = tiny_batch(5)[0]
    network = nn.Sequential(
        *[nn.ReLU6() if isinstance(one, nn.ReLU) else one for one in tiny_network()]
    )
    assert code_kernel(network, images).tolist() == code_kernel(tiny_network(), images).tolist()


def test_two_equal_images_make_the_kernel_singular() -> None:
    images = tiny_batch(5)[0]
    images[3] = images[1]
    assert naswot(tiny_network(), images) < naswot(tiny_network(), tiny_batch(5)[0]) - 10


def test_the_network_keeps_no_hook() -> None:
    network = tiny_network()
    code_kernel(network, tiny_batch(3)[0])
    assert not any(module._forward_hooks for module in network.modules())


def test_hooks_are_removed_where_the_network_raises() -> None:
    network = tiny_network()
    with pytest.raises(RuntimeError):
        code_kernel(network, torch.zeros(2, 5, 6, 6, dtype=torch.float64))
    assert not any(module._forward_hooks for module in network.modules())
