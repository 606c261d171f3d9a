"""WRCor: how little the network's responses to different images resemble each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from naslib_proxydata.predictors.zero_cost.az_nas import primary_blocks
from naslib_proxydata.predictors.zero_cost.untrained import (
    BatchSettings,
    UntrainedNetworkPredictor,
    finite,
    hooked,
)
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


def correlations(responses: Tensor) -> Tensor:
    """Return the absolute correlation of every two images' responses.

    Args:
        responses: Of n images, shape (n, ...).

    Returns:
        Shape (n, n); nan for an image whose responses are all alike.
    """
    # The order of an image's responses does not matter; this one copies nothing in channels-last
    # memory.
    rows = responses.detach().movedim(1, -1).flatten(1)
    rows = rows - rows.mean(1, keepdim=True)
    products = (rows @ rows.T).double()
    norms = products.diagonal().sqrt()
    return (products / norms / norms[:, None]).abs()


def response_kernel(network: nn.Module, inputs: Tensor, labels: Tensor) -> NDArray[np.float64]:
    """Sum the correlations of activations and gradients, the later layers' with greater weight.

    K = sum_l sum_i 2^l (|C^A_li| + |C^G_li|) over the ReLUs i of layer l = 1..L, C^A the images'
    correlations of what enters the ReLU and C^G those of the loss gradient there (arXiv
    2507.08841, equation 11). The layers are the cells, whether or not they have ReLUs; what
    comes after the last is one more, and what comes before the first belongs to it. A matrix that
    is not defined, of responses that do not vary, is left out, as in the authors' program.

    Args:
        network: In train mode, from inputs to logits; its weights no longer have gradients after.
        inputs: Shape (n, channels, h, w).
        labels: Shape (n,).

    Returns:
        Shape (n, n).

    Raises:
        ArithmeticError: The network's output is not finite.
    """
    images = inputs.detach().requires_grad_()  # no gradient of the weights is needed
    network.requires_grad_(False)
    count = len(inputs)
    kernel = torch.zeros(count, count, dtype=torch.float64, device=inputs.device)
    layer = 1

    def add(responses: Tensor, weight: int) -> None:
        found = correlations(responses)
        if bool(found.isfinite().all()):
            kernel.add_(found, alpha=weight)

    def next_layer(*_: object) -> None:
        nonlocal layer
        layer += 1

    def relu(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        (entering,), weight = arguments, 2**layer
        add(entering, weight)
        if output.requires_grad:  # the loss has no gradient in what does not depend on images
            passed = (entering.detach() > 0) & (output.detach() == entering.detach())
            hook: Any = output.register_hook  # torch's stubs lack its types
            hook(lambda slopes: add(slopes * passed, weight))

    relus = [one for one in network.modules() if isinstance(one, nn.ReLU | nn.ReLU6)]
    with hooked(primary_blocks(network), next_layer), hooked(relus, relu):
        loss = functional.cross_entropy(finite(network(images)), labels)
        torch.autograd.grad(loss, images)
    return kernel.cpu().numpy()


def wrcor(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Return log |det K| of the weighted response kernel (arXiv 2507.08841, equation 10).

    K is symmetric; its determinant may be negative, since absolute values are summed. The authors'
    program takes the absolute value then, and so does this.
    """
    return float(np.linalg.slogdet(response_kernel(network, inputs, labels))[1])


class WrCor(UntrainedNetworkPredictor[Architecture]):
    """WRCor of the canonical network, one forward and one backward pass of 64 images.

    The paper prints Spearman .812 for NAS-Bench-201 on CIFAR-10 (table 2).
    """

    name = "wrcor"
    settings_type = BatchSettings

    def measure(self, architecture: Architecture) -> float:
        """Return the log-determinant of the weighted response kernel."""
        return wrcor(self.network(architecture), self.inputs, self.labels)
