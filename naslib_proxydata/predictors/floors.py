"""The floors that every predictor must beat: chance, and what can be counted."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.schema import Settings
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import Architecture


class Floor(Predictor[Architecture]):
    """A predictor without options that runs no network and counts dead edges by default.

    Benchmark tables print the counts of networks as published, dead edges included.
    """

    needs_network = False
    sees: ClassVar[Literal["canonical", "raw"]] = "raw"

    def __init__(self, **options: Any) -> None:
        Settings.parse(options, f"predictor {self.name!r}")


class Random(Floor[Architecture]):
    """A uniform number by seed and architecture, whatever the order of architectures."""

    name = "random"

    def evaluate(self, architecture: Architecture) -> float:
        """Draw a number in [0, 1) that belongs to the architecture's text."""
        text = self.task.space.text(architecture)
        return float(numpy_generator(self.task.seed, self.name, text).random())


class Params(Floor[Architecture]):
    """Trainable parameters of the published network; more score higher."""

    name = "params"

    def evaluate(self, architecture: Architecture) -> float:
        """Return the parameter count."""
        space = self.task.space
        return float(space.params(architecture, num_classes=self.task.num_classes))


class Macs(Floor[Architecture]):
    """Multiply-accumulates of the published network for one image; more score higher.

    Benchmark tables often call them FLOPs.
    """

    name = "macs"

    def evaluate(self, architecture: Architecture) -> float:
        """Return the multiply-accumulates at the space's image size."""
        space = self.task.space
        return float(space.macs(architecture, num_classes=self.task.num_classes))


class Layers(Floor[Architecture]):
    """Trainable layers of the network without its dead edges; more score higher.

    Every convolution and every linear layer counts as one, wherever it stands: four for a
    separable convolution of DARTS, two for a factorized reduction, one for a shortcut's projection
    and for the classifier. Normalisation does not count. No benchmark prints this number, and a
    layer that the output does not depend on is never trained, so that the canonical architecture
    is counted.
    """

    name = "layers"
    sees = "canonical"

    def evaluate(self, architecture: Architecture) -> float:
        """Return the number of layers."""
        return float(self.task.space.trainable_layers(architecture))
