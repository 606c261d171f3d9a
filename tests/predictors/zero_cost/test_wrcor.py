from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from naslib_proxydata.predictors.zero_cost.az_nas import primary_blocks
from naslib_proxydata.predictors.zero_cost.wrcor import (
    correlations,
    response_kernel,
    wrcor,
)
from naslib_proxydata.spaces.common.build import initialise
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import CLASSES, random_images, tiny_batch


class Cell(nn.Module):
    """Two ReLUs, the second of which is handed exact zeros by the first."""

    def __init__(self, act: type[nn.Module]) -> None:
        super().__init__()
        self.conv, self.first, self.second = nn.Conv2d(4, 4, 3, padding=1), act(), act()

    def forward(self, features: Tensor) -> Tensor:
        conved: Tensor = self.conv(features)
        return conved + self.second(self.first(conved))


def two_cells(act: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    network = nn.Sequential(
        *(nn.Conv2d(3, 4, 3), act(), Cell(act), nn.MaxPool2d(2), Cell(act)),
        *(nn.BatchNorm2d(4), act(), nn.Flatten(), nn.Linear(16, CLASSES)),
    ).double()
    initialise(network, torch.Generator().manual_seed(0))
    return network


def kernel_by_hand(
    network: nn.Sequential, images: Tensor, labels: Tensor, act: type[nn.Module]
) -> np.ndarray:
    """Write the network out, keep every gradient, and correlate with numpy."""
    entering: list[tuple[int, Tensor]] = []

    def relu(features: Tensor, layer: int) -> Tensor:
        features = features * 1.0  # a tensor that this ReLU alone reads
        features.retain_grad()
        entering.append((layer, features))
        return features.clamp(0, 6) if act is nn.ReLU6 else features.clamp(min=0)

    def cell(features: Tensor, module: nn.Module, layer: int) -> Tensor:
        conved = module.get_submodule("conv")(features)
        return conved + relu(relu(conved, layer), layer)

    features = relu(network[0](images), 1)
    features = network[3](cell(features, network[2], 1))
    features = relu(network[5](cell(features, network[4], 2)), 3)
    functional.cross_entropy(network[8](features.flatten(1)), labels).backward()
    kernel = np.zeros((len(images), len(images)))
    for layer, tensor in entering:
        assert tensor.grad is not None
        # The derivative of clamp at exactly 0 is 1 in torch, that of relu is 0.
        slopes = torch.where(tensor == 0, 0, tensor.grad)
        for responses in (tensor.detach(), slopes):
            kernel += 2**layer * np.abs(np.corrcoef(responses.flatten(1).numpy()))
    return kernel


@pytest.mark.parametrize("act", [nn.ReLU, nn.ReLU6])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_the_kernel_weighs_the_correlations_of_each_layer(
    act: type[nn.Module], memory_format: torch.memory_format
) -> None:
    images, labels = tiny_batch(7)
    images = 5 * images.contiguous(memory_format=memory_format)  # some reach 6
    expected = kernel_by_hand(two_cells(act), images, labels, act)
    found = response_kernel(two_cells(act), images, labels)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert wrcor(two_cells(act), images, labels) == pytest.approx(
        np.log(abs(np.linalg.det(expected))), rel=1e-9
    )


def test_correlations_are_those_of_numpy_and_absolute() -> None:
    responses = torch.randn(5, 3, 2, 2, generator=torch.Generator().manual_seed(0)).double() + 7
    expected = np.abs(np.corrcoef(responses.flatten(1).numpy()))
    np.testing.assert_allclose(correlations(responses).numpy(), expected, rtol=1e-9)


def test_responses_that_do_not_vary_are_left_out() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, CLASSES))
    nn.init.zeros_(network[3].weight)  # no gradient comes back
    images, labels = tiny_batch(5)
    kernel = response_kernel(network, images.float(), labels)
    np.testing.assert_allclose(np.diag(kernel), 2, rtol=1e-5)  # of the activations alone


def test_layers_are_cells_in_the_order_in_which_they_are_computed() -> None:
    # A diagonal entry is the sum of all weights, twice: 1 of a cell, 2 of a reduction, 1 at the
    # end; cell, reduction, cell, reduction, cell are layers 1 to 5.
    space = NasBench201(channels=2, cells_per_stage=1)
    text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|"
    network = space.network(space.parse(text), torch.Generator().manual_seed(0)).train()
    assert len(primary_blocks(network)) == 5
    batch = random_images(6)
    kernel = response_kernel(network, batch.pixels, batch.labels)
    expected = 2 * (2**1 + 2 * 2**2 + 2**3 + 2 * 2**4 + 2**5 + 2**6)
    np.testing.assert_allclose(np.diag(kernel), expected, rtol=1e-5)


def test_the_network_and_the_images_are_left_as_they_were() -> None:
    network, (images, labels) = two_cells(), tiny_batch(4)
    before = [weight.clone() for weight in network.parameters()]
    response_kernel(network, images, labels)
    assert all(map(torch.equal, before, network.parameters()))
    assert not images.requires_grad
    assert not any(module._forward_hooks for module in network.modules())
