"""What most spaces share: networks given by constructors, counts read off the networks."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from typing import TYPE_CHECKING, TypeVar

from naslib_proxydata.spaces.base import SearchSpace

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from naslib_proxydata.spaces.common.trunk import Trunk

Architecture = TypeVar("Architecture")


class ConstructedSpace(SearchSpace[Architecture]):
    """A space that says how a network is constructed and gets the rest from that.

    Attributes:
        published_size: Height and width, in pixels, of the images that the published networks
            were trained on.
        published_classes: Number of classes that they were trained on.
    """

    published_size: int = 32
    published_classes: int = 10

    @abstractmethod
    def construct_network(
        self, architecture: Architecture, num_classes: int, in_channels: int
    ) -> nn.Module:
        """Construct the published network; called on the meta device."""

    @abstractmethod
    def construct_trunk(self, architecture: Architecture, in_channels: int) -> Trunk:
        """Construct the scored trunk; called on the meta device."""

    def canonical(self, architecture: Architecture) -> Architecture:
        """Return the architecture itself: no two of this space are known to be equal."""
        return architecture

    def hash(self, architecture: Architecture) -> str:
        """Return the MD5 of the canonical form's text."""
        text = self.text(self.canonical(architecture))
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    def carries_signal(self, architecture: Architecture) -> bool:
        """Return True: every architecture of this space has a path from input to output."""
        return True

    def mutate(self, architecture: Architecture, generator: np.random.Generator) -> Architecture:
        """Return one of the neighbours, each as likely as the others."""
        neighbours = self.neighbours(architecture)
        return neighbours[int(generator.integers(len(neighbours)))]

    def network(
        self,
        architecture: Architecture,
        generator: torch.Generator,
        *,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> nn.Module:
        """Build the published network; see :meth:`SearchSpace.network`."""
        from naslib_proxydata.spaces.common.build import build

        return build(
            lambda: self.construct_network(architecture, num_classes, in_channels), generator
        )

    def trunk(
        self, architecture: Architecture, generator: torch.Generator, *, in_channels: int = 3
    ) -> Trunk:
        """Build the scored trunk; see :meth:`SearchSpace.trunk`."""
        from naslib_proxydata.spaces.common.build import build

        return build(lambda: self.construct_trunk(architecture, in_channels), generator)

    def params(self, architecture: Architecture, *, num_classes: int = 10) -> int:
        """Count the trainable parameters of the published network."""
        from naslib_proxydata.spaces.common.counting import count_params, on_meta

        return count_params(on_meta(lambda: self.construct_network(architecture, num_classes, 3)))

    def macs(
        self, architecture: Architecture, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Count the multiply-accumulates of the published network for one image."""
        from naslib_proxydata.spaces.common.counting import count_macs, on_meta

        network = on_meta(lambda: self.construct_network(architecture, num_classes, 3))
        return count_macs(network, in_channels=3, image_size=image_size or self.image_size)

    def trainable_layers(self, architecture: Architecture) -> int:
        """Count the trainable convolutions and linear layers of the published network."""
        from naslib_proxydata.spaces.common.counting import count_layers, on_meta

        classes = self.published_classes
        return count_layers(on_meta(lambda: self.construct_network(architecture, classes, 3)))

    def scored_macs(self, architecture: Architecture) -> int:
        """Count the multiply-accumulates of the scored trunk for one image."""
        from naslib_proxydata.spaces.common.counting import count_macs, on_meta

        trunk = on_meta(lambda: self.construct_trunk(architecture, 3))
        return count_macs(trunk, in_channels=3, image_size=self.image_size)
