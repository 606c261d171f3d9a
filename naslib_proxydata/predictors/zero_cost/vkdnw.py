"""VKDNW: how alike the eigenvalues of the Fisher information are (arXiv 2502.04975)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from naslib_proxydata.predictors.base import Score
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    hooked,
    initialise_kaiming_normal,
    place,
    weighted_layers,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from torch import Tensor

SMOOTHING = 0.05
"""Share of the uniform distribution in the classes' probabilities, as in the authors' program."""


class VkdnwSettings(BatchSettings):
    """Options of vkdnw.

    Attributes:
        batch_size: Number of Gaussian inputs; 64 in the authors' notebook.
        tensors: Of how many parameter tensors, from the input on, the first number is taken; 128
            in the authors' program.
    """

    batch_size: int = Field(64, ge=2)
    tensors: int = Field(128, ge=1)


def _slope(layer: nn.Module, name: str, features: Tensor) -> Tensor:
    """Differentiate the layer's first output channel by the first number of a parameter.

    Args:
        layer: A convolution, a linear layer or a batch normalisation in eval mode.
        name: ``"weight"`` or ``"bias"``.
        features: The layer's input, shape (n, channels, ...).

    Returns:
        Shape (n, positions), or one number for all of them.
    """
    first = features[:, :1]
    if name == "bias":
        return first.new_ones(1, 1)
    if isinstance(layer, nn.Conv2d):
        corner = torch.zeros_like(layer.weight[:1, :1])
        corner[0, 0, 0, 0] = 1
        first = functional.conv2d(first, corner, None, layer.stride, layer.padding, layer.dilation)
    elif isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
        mean, variance = layer.running_mean, layer.running_var
        assert mean is not None
        assert variance is not None
        first = functional.batch_norm(first, mean[:1], variance[:1], eps=layer.eps)
    elif not isinstance(layer, nn.Linear):
        raise TypeError(f"vkdnw knows no derivative by the {name} of {type(layer).__name__}")
    return first.flatten(1)


def first_slopes(network: nn.Module, inputs: Tensor, tensors: int) -> tuple[Tensor, Tensor]:
    """Differentiate the logits by the first number of each of the first parameter tensors.

    The slope of a logit by a layer's number is the sum, over positions, of its slope by the
    layer's output and that output's slope by the number. So one backward pass for each class
    serves all images and numbers, and no gradient of a whole weight is computed.

    Args:
        network: In eval mode, from inputs to logits, its parameters needing no gradient.
        inputs: Shape (n, channels, h, w).
        tensors: How many parameter tensors are looked at, in the order of ``parameters()``.

    Returns:
        The logits, shape (n, classes), and their slopes, shape (n, classes, tensors) or fewer
        where the network has fewer; zero where the logits do not depend on the number. Both are
        in double precision.
    """
    columns = {id(one): column for column, one in enumerate(network.parameters())}
    columns = {key: column for key, column in columns.items() if column < tensors}
    rows: list[Tensor] = []

    def follow(layer: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        features = arguments[0].detach()
        for name, parameter in layer.named_parameters(recurse=False):
            column = columns.get(id(parameter))
            if column is not None:
                add_slopes(output, column, _slope(layer, name, features))

    def add_slopes(output: Tensor, column: int, slope: Tensor) -> None:
        def add(gradient: Tensor) -> None:
            rows[-1][:, column] += (gradient[:, :1].flatten(1) * slope).sum(1)

        output.register_hook(add)  # type: ignore[no-untyped-call]

    layers = [
        one for one in network.modules() if next(one.parameters(recurse=False), None) is not None
    ]
    with hooked(layers, follow):
        logits = network(inputs.requires_grad_())
    for label in range(logits.shape[1]):
        rows.append(logits.new_zeros(len(inputs), len(columns), dtype=torch.float64))
        torch.autograd.grad(logits[:, label].sum(), inputs, retain_graph=True)
    return logits.detach().double(), torch.stack(rows, 1)


def fisher_information(logits: Tensor, slopes: Tensor) -> Tensor:
    """Return the empirical Fisher information matrix.

    F = mean_i J_i^T (diag(p_i) - p_i p_i^T) J_i, with J_i the slopes of the logits of image i and
    p_i the probabilities of its classes: the expectation, over classes, of the outer product of
    the slopes of log p (arXiv 2502.04975, section 3). As in the authors' program,
    p = (1 - a) softmax + a / classes with a = :data:`SMOOTHING`.

    Args:
        logits: Shape (n, classes).
        slopes: Shape (n, classes, parameters).

    Returns:
        Shape (parameters, parameters), symmetric.
    """
    p = (1 - SMOOTHING) * logits.softmax(1) + SMOOTHING / logits.shape[1]
    centred = slopes - torch.einsum("nc,ncp->np", p, slopes)[:, None]
    rows = (p.sqrt()[:, :, None] * centred).flatten(0, 1)
    return rows.T @ rows / len(logits)


def decile_entropy(eigenvalues: Tensor) -> float:
    """Return the entropy, in nats, of the nine deciles of a spectrum.

    H = -sum_{k=1..9} q_k log q_k with q the deciles, divided by their sum (arXiv 2502.04975,
    section 3): log 9 where they are equal; 0 where nothing is but zero.

    Args:
        eigenvalues: Shape (parameters,); negative ones are rounding and count as 0.
    """
    tenths = torch.arange(1, 10, dtype=eigenvalues.dtype, device=eigenvalues.device) / 10
    deciles = eigenvalues.clamp(min=0).quantile(tenths)
    if float(deciles.sum()) == 0:
        return 0.0
    return float(torch.special.entr(deciles / deciles.sum()).sum())


class Vkdnw(UntrainedNetworkPredictor[Architecture]):
    """VKDNW_single of the canonical network on Gaussian inputs with Kaiming-normal weights.

    The number of weighted layers, convolutions and linear ones, plus the entropy of the deciles
    of the Fisher information's eigenvalues (arXiv 2502.04975, section 3). Normalisations are in
    eval mode and have seen no image, as in the authors' program: they change nothing. That
    program counts parameter tensors instead of layers and lets the entropy decide between equal
    counts only, which ranks cells of NAS-Bench-201 in the same order.

    Published Spearman correlation, NAS-Bench-201 cells without dead edges, test accuracy: CIFAR-10
    .815, CIFAR-100 .829, ImageNet16-120 .814 (arXiv 2502.04975, table 1).
    """

    name = "vkdnw"
    settings_type = VkdnwSettings
    options: VkdnwSettings

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.images_needed = 0  # inputs are Gaussian

    def measure(self, architecture: Architecture) -> Score:
        """Return layers plus entropy, both of them details."""
        weights, shape = self.generator("weights"), self.input_shape(self.options.batch_size)
        network = self.task.space.network(
            architecture, weights, num_classes=self.task.num_classes, in_channels=shape[1]
        )
        initialise_kaiming_normal(network, weights)
        place(network, self.task.device).eval().requires_grad_(False)
        inputs = self.on_device(torch.randn(shape, generator=self.generator("inputs")))
        information = fisher_information(*first_slopes(network, inputs, self.options.tensors))
        entropy = decile_entropy(torch.linalg.eigvalsh(information))
        layers = len(weighted_layers(network))
        return Score(layers + entropy, details={"entropy": entropy, "layers": layers})
