"""grad-norm, snip, grasp, fisher and zico against derivatives taken the slow way."""

from __future__ import annotations

import math
import statistics

import pytest
import torch
from torch import Tensor, nn

from naslib_proxydata.predictors.zero_cost.grasp import grasp
from naslib_proxydata.predictors.zero_cost.loss_gradients import (
    GRADIENT_NORM,
    SALIENCIES,
    SENSITIVITY,
    channel_saliencies,
    loss_gradients,
)
from naslib_proxydata.predictors.zero_cost.zico import zico
from tests.predictors.zero_cost.references import (
    loss_of,
    numeric_gradient,
    tiny_batch,
    tiny_network,
    weights_of,
)


@pytest.fixture(scope="module")
def numeric() -> list[tuple[Tensor, Tensor]]:
    """(weight, gradient by central differences) of every layer of the tiny network."""
    network, (images, labels) = tiny_network(), tiny_batch()
    return [
        (weight, numeric_gradient(lambda: loss_of(network, images, labels), weight.data))
        for weight in weights_of(network)
    ]


def test_grad_norm_sums_the_norms_of_finite_differences(
    numeric: list[tuple[Tensor, Tensor]],
) -> None:
    expected = sum(gradient.square().sum().sqrt().item() for _, gradient in numeric)
    found = loss_gradients(tiny_network(), *tiny_batch())
    assert found[GRADIENT_NORM] == pytest.approx(expected, rel=1e-6)


def test_snip_sums_weight_times_finite_difference(numeric: list[tuple[Tensor, Tensor]]) -> None:
    expected = sum((weight * gradient).abs().sum().item() for weight, gradient in numeric)
    found = loss_gradients(tiny_network(), *tiny_batch())
    assert found[SENSITIVITY] == pytest.approx(expected, rel=1e-6)


def test_grasp_equals_the_explicit_hessian() -> None:
    network, (images, labels) = tiny_network(), tiny_batch()
    weights = weights_of(network)
    gradients = torch.autograd.grad(loss_of(network, images, labels), weights, create_graph=True)
    gradient = torch.cat([one.flatten() for one in gradients])
    hessian = torch.stack(
        [
            torch.cat(
                [row.flatten() for row in torch.autograd.grad(one, weights, retain_graph=True)]
            )
            for one in gradient
        ]
    )
    theta = torch.cat([weight.flatten() for weight in weights])
    expected = -(theta @ hessian @ gradient).item()
    assert grasp(network, images, labels) == pytest.approx(expected, rel=1e-9)


class Masked(nn.Module):
    """Multiplies a layer's output by a mask of (images, channels)."""

    def __init__(self, layer: nn.Module, mask: Tensor) -> None:
        super().__init__()
        self.layer, self.mask = layer, mask

    def forward(self, features: Tensor) -> Tensor:
        output = self.layer(features)
        return output * self.mask.view(*self.mask.shape, *[1] * (output.ndim - 2))


def test_fisher_is_the_slope_by_a_mask_on_each_channel() -> None:
    images, labels = tiny_batch()
    expected = {}
    for position in (0, 3, 8):
        network = tiny_network()
        layer = network[position]
        mask = torch.ones(len(images), layer.weight.shape[0], dtype=torch.float64)
        network[position] = Masked(layer, mask)
        slopes = numeric_gradient(lambda: loss_of(network, images, labels), mask)  # noqa: B023
        expected[position] = slopes.square().mean(0) / 2
    network, outputs = tiny_network(), {}
    features = images
    for position, layer in enumerate(network):
        features = layer(features)
        outputs[position] = features
    loss = nn.functional.cross_entropy(features, labels)
    gradients = torch.autograd.grad(loss, [outputs[position] for position in expected])
    for (position, reference), gradient in zip(expected.items(), gradients, strict=True):
        found = channel_saliencies(outputs[position].detach(), gradient)
        torch.testing.assert_close(found, reference, rtol=1e-5, atol=1e-12)
    by_channel = sum(one.sum().item() for one in expected.values())
    inputs = {0: 3 * 9, 3: 3 * 9, 8: 4}
    by_weight = sum(inputs[position] * one.sum().item() for position, one in expected.items())
    sums = loss_gradients(tiny_network(), images, labels)
    assert sums[SALIENCIES["channel"]] == pytest.approx(by_channel, rel=1e-5)
    assert sums[SALIENCIES["weight"]] == pytest.approx(by_weight, rel=1e-5)


def test_zico_equals_plain_loops_over_weights() -> None:
    network, (images, labels) = tiny_network(), tiny_batch(12)
    batches = [(images[:6], labels[:6]), (images[6:], labels[6:])]
    expected = 0.0
    for weight in weights_of(network):
        gradients = [
            torch.autograd.grad(loss_of(network, *batch), weight)[0].flatten().abs().tolist()
            for batch in batches
        ]
        ratios = [
            statistics.fmean(pair) / statistics.pstdev(pair)
            for pair in zip(*gradients, strict=True)
            if statistics.pstdev(pair) > 0
        ]
        expected += math.log(sum(ratios))
    assert zico(network, images, labels, 2) == pytest.approx(expected, rel=1e-9)


def test_layers_the_loss_ignores_add_nothing() -> None:
    network, (images, labels) = tiny_network(), tiny_batch()
    wider = tiny_network()
    wider.add_module("unused", nn.Identity())
    wider.get_submodule("unused").dead = nn.Conv2d(3, 3, 3).double()  # never called
    for proxy in (loss_gradients, grasp):
        assert proxy(wider, images, labels) == proxy(network, images, labels)
