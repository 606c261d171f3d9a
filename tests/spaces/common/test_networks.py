import subprocess
import sys

import pytest
import torch
from torch import nn

from naslib_proxydata.spaces.common.networks import conv

BACKWARD = """
import torch
from naslib_proxydata.spaces.common.networks import FactorizedReduction

torch.set_num_threads(1)
torch.manual_seed(0)
for inputs in (2, 4):
    layer, kept = FactorizedReduction(inputs, inputs, 2), []
    for _ in range(100):
        images = torch.randn(16, inputs, 8, 8).contiguous(memory_format=torch.channels_last)
        layer(images).square().sum().backward()
        kept = [*kept[-7:], layer.straight.weight.grad]
        layer.zero_grad()
print("alive")
"""


def test_a_reduction_of_few_channels_side_by_side_leaves_the_memory_alone():
    """torch 2.13 aborts here: it writes past the gradient of the weights."""
    run = [sys.executable, "-c", BACKWARD]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr


@pytest.mark.parametrize(("inputs", "size"), [(4, 8), (3, 7), (8, 8)])
def test_a_pointwise_convolution_with_a_stride_is_torchs(inputs, size):
    torch.manual_seed(0)
    layer, images = conv(inputs, 5, 1, 2), torch.randn(2, inputs, size, size)
    torchs = nn.Conv2d(inputs, 5, 1, 2, bias=False)
    torchs.load_state_dict(layer.state_dict())
    results = layer(images), torchs(images)  # side by side, torch cannot be asked
    torch.testing.assert_close(*results)
    gradients = [
        torch.autograd.grad(result.square().sum(), one.weight)[0]
        for result, one in zip(results, (layer, torchs), strict=True)
    ]
    torch.testing.assert_close(*gradients)
