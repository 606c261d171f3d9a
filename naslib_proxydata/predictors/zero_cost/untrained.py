"""What all proxies that look at an untrained network share."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from naslib_proxydata.errors import DatasetError
from naslib_proxydata.kernels.convolution import accelerate
from naslib_proxydata.predictors.base import Predictor, Score, ScoringTask, as_score
from naslib_proxydata.schema import Settings
from naslib_proxydata.seeding import torch_generator
from naslib_proxydata.spaces.base import Architecture

if TYPE_CHECKING:
    from torch import Tensor


class BatchSettings(Settings):
    """One batch of labelled images.

    Attributes:
        batch_size: Number of images; batch statistics need at least two.
    """

    batch_size: int = Field(64, ge=2)


class UntrainedNetworkPredictor(Predictor[Architecture]):
    """Scores the freshly initialised network of an architecture.

    The initial weights depend on the seed and the predictor's name alone, so that
    architectures are compared under the same draw and in any order.

    Attributes:
        settings_type: The predictor's options.
        accelerated: Whether networks run in compiled code, on a CPU that has some. Then one
            derivative can be taken at most, and weights that are frozen must stay as they are.
        inputs: Normalised images on the device, shape (images_needed, channels, h, w).
        labels: Their classes, shape (images_needed,).
    """

    settings_type: ClassVar[type[Settings]] = Settings
    accelerated: ClassVar[bool] = False
    inputs: Tensor
    labels: Tensor

    def __init__(self, **options: Any) -> None:
        self.options = self.settings_type.parse(options, f"predictor {self.name!r}")
        self.images_needed = getattr(self.options, "batch_size", 0)

    def settings(self) -> Mapping[str, Any]:
        """Return the options."""
        return self.options.model_dump()

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Normalise the images and move them to the device once.

        Raises:
            DatasetError: There are too few images, or the networks have too few classes.
        """
        super().prepare(task)
        images, count = task.images, self.images_needed
        self.inputs = self.on_device(images.normalise(images.first(count)))
        self.labels = images.labels[:count].to(task.device)
        if count and int(self.labels.max()) >= task.num_classes:
            raise DatasetError(
                f"predictor {self.name!r}: images of {images.source!r} have class "
                f"{int(self.labels.max())}, the networks know {task.num_classes} classes "
                f"(0 to {task.num_classes - 1}); set num_classes to {images.num_classes}"
            )

    def input_shape(self, count: int) -> tuple[int, int, int, int]:
        """Return (count, channels, h, w) of the space's images."""
        size = self.task.space.image_size
        return count, self.task.images.pixels.shape[1], size, size

    def one_image_shape(self) -> tuple[int, int, int, int]:
        """Return the shape of a single image, of the space's ``single_image_size`` or more."""
        _, channels, height, width = self.input_shape(1)
        least = self.task.space.single_image_size
        return 1, channels, max(height, least), max(width, least)

    def generator(self, purpose: str) -> torch.Generator:
        """Return a generator that is the same for every architecture."""
        return torch_generator(self.task.seed, self.name, purpose)

    def on_device(self, images: Tensor) -> Tensor:
        """Move images (n, channels, h, w) to the device, in channels-last memory format."""
        return images.to(self.task.device).contiguous(memory_format=torch.channels_last)

    def network(
        self,
        architecture: Architecture,
        dtype: torch.dtype = torch.float32,
        purpose: str = "weights",
    ) -> nn.Module:
        """Build the network, in train mode, on the device; another purpose draws other weights."""
        network = self.task.space.network(
            architecture,
            self.generator(purpose),
            num_classes=self.task.num_classes,
            in_channels=self.task.images.pixels.shape[1],
        )
        network = place(network, self.task.device, dtype).train()
        if self.accelerated:
            accelerate(network, hooks=True)
        return network

    @abstractmethod
    def measure(self, architecture: Architecture) -> Score | float:
        """Compute the proxy; a value that is not finite counts as failed."""

    def evaluate(self, architecture: Architecture) -> Score:
        """Score one architecture."""
        score = as_score(self.measure(architecture))
        if math.isfinite(score.value):
            return score
        reason = score.reason or f"the proxy is {score.value}"
        return Score(math.nan, reason, details=score.details)


def place(network: nn.Module, device: str, dtype: torch.dtype = torch.float32) -> nn.Module:
    """Move a network to a device, in channels-last memory format, in one walk over it.

    The layout changes nothing but rounding; convolutions on a CPU take about half the time.
    """
    move: Any = network.to  # torch's stubs lack the memory format
    moved: nn.Module = move(device, dtype, memory_format=torch.channels_last)
    return moved


def finite(logits: Tensor) -> Tensor:
    """Return a network's output.

    Raises:
        ArithmeticError: A number of it is not finite, so that nothing of the network means much.
    """
    if not bool(logits.isfinite().all()):
        raise ArithmeticError("the untrained network's output is not finite")
    return logits


def weighted_layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Return the convolutions and linear layers, in the order of ``modules()``."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def initialise_kaiming_normal(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of :func:`weighted_layers` from N(0, 2 / fan_in); their biases become 0."""
    for layer in weighted_layers(network):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def weight_gradients(
    network: nn.Module, inputs: Tensor, labels: Tensor, *, create_graph: bool = False
) -> list[tuple[Tensor, Tensor]]:
    """Differentiate the mean cross-entropy by the weights of convolutions and linear layers.

    Args:
        network: From inputs to logits.
        inputs: Shape (n, channels, h, w).
        labels: Shape (n,).
        create_graph: Whether the gradients can be differentiated again.

    Returns:
        (weight, gradient) of every layer that the loss depends on, in equal shapes.
    """
    weights = [layer.weight for layer in weighted_layers(network)]
    loss = functional.cross_entropy(network(inputs), labels)
    # Weights that the loss does not depend on, as those of dead edges, have no gradient.
    gradients = torch.autograd.grad(loss, weights, create_graph=create_graph, allow_unused=True)
    return [(w, g) for w, g in zip(weights, gradients, strict=True) if g is not None]


@contextmanager
def hooked(
    modules: list[Any], hook: Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]
) -> Iterator[None]:
    """Call ``hook(module, inputs, output)`` after each module's forward, inside the block."""
    handles = [module.register_forward_hook(hook) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def layer_values(
    network: nn.Module, inputs: Tensor, measure: Callable[[Tensor], float]
) -> list[float]:
    """Measure the features of one image after each layer, in the order of the forward pass.

    Layers are the modules without modules of their own: convolutions, normalisations,
    activations, poolings, identities. What is no feature map, or has one position, is left out.

    Args:
        network: Its features are looked at as they arise, none is kept.
        inputs: Shape (n, channels, h, w).
        measure: Given the first image's features, shape (channels, positions).
    """
    values: list[float] = []

    def add(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        if output.dim() == 4 and output[0, 0].numel() > 1:
            values.append(measure(output[0].flatten(1)))

    with hooked([one for one in network.modules() if next(one.children(), None) is None], add):
        network(inputs)
    return values
