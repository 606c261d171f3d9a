"""What a search space is: architectures as values, and the networks built from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from typing_extensions import Self

from naslib_proxydata.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from naslib_proxydata.spaces.common.graph import GraphView
    from naslib_proxydata.spaces.common.parameters import Parameters
    from naslib_proxydata.spaces.common.stacked import Builder
    from naslib_proxydata.spaces.common.trunk import Trunk

Architecture = TypeVar("Architecture")


@dataclass(frozen=True)
class Subset(Generic[Architecture]):
    """A named subset of a search space, on which papers report beside the whole.

    Attributes:
        summary: What it holds, in a few words, with its source.
        holds: Whether an architecture is in it.
    """

    summary: str
    holds: Callable[[Architecture], bool]


class SearchSpace(ABC, Generic[Architecture]):
    """A set of architectures with a text form, a canonical form and a network for each.

    An architecture is a frozen, hashable value that only its space understands; at the
    boundary (tables, stores, command line, YAML) it travels as text.

    Attributes:
        name: The name on the command line.
        image_size: Height and width, in pixels, at which the space's networks are scored.
        single_image_size: Height and width, in pixels, of the image for predictors that look at one
            alone, 64 in the program of MeCo's authors: with fewer, some networks shrink it to one
            position, and batch normalisation in train mode has nothing to normalise by.
        table_space: Name of the space whose benchmark tables hold these architectures, and whose
            text theirs is; empty for tables of its own name.
    """

    name: str
    image_size: int = 32
    single_image_size: int = 64
    table_space: str = ""

    @abstractmethod
    def parse(self, text: str) -> Architecture:
        """Read an architecture's text.

        Raises:
            ArchitectureError: The text is not one of this space's architectures.
        """

    @abstractmethod
    def text(self, architecture: Architecture) -> str:
        """Return the text that :meth:`parse` reads back into the same architecture."""

    @abstractmethod
    def canonical(self, architecture: Architecture) -> Architecture:
        """Return the representative of all architectures that compute the same function."""

    @abstractmethod
    def hash(self, architecture: Architecture) -> str:
        """Return a hexadecimal hash, equal for architectures with one canonical form."""

    @abstractmethod
    def carries_signal(self, architecture: Architecture) -> bool:
        """Return whether the network's output depends on its input."""

    @abstractmethod
    def sample(self, generator: np.random.Generator) -> Architecture:
        """Draw an architecture uniformly from the space's encoding."""

    @abstractmethod
    def mutate(self, architecture: Architecture, generator: np.random.Generator) -> Architecture:
        """Return a random neighbour: a valid architecture one edit away, never itself."""

    @abstractmethod
    def neighbours(self, architecture: Architecture) -> Sequence[Architecture]:
        """Return every valid architecture one edit away, without itself, in a fixed order."""

    @abstractmethod
    def network(
        self,
        architecture: Architecture,
        generator: torch.Generator,
        *,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> nn.Module:
        """Build the published network, trunk and classifier, as written (not canonicalised).

        Args:
            architecture: The architecture.
            generator: Source of the initial weights (torch's default distributions).
            num_classes: Number of outputs of the classifier.
            in_channels: Number of channels of the input images.

        Returns:
            A module from images (n, in_channels, h, w) to logits (n, num_classes).
        """

    @abstractmethod
    def trunk(
        self, architecture: Architecture, generator: torch.Generator, *, in_channels: int = 3
    ) -> Trunk:
        """Build the fully convolutional part of the network, without head, with its taps."""

    @abstractmethod
    def params(self, architecture: Architecture, *, num_classes: int = 10) -> int:
        """Return the number of trainable parameters of the published network."""

    @abstractmethod
    def macs(
        self, architecture: Architecture, *, num_classes: int = 10, image_size: int | None = None
    ) -> int:
        """Return the multiply-accumulates of the published network for one image."""

    def resized(
        self, *, channels: int | None = None, cells: int | None = None, auxiliary: bool = False
    ) -> Self:
        """Return this space with networks of another size, as they are trained after a search.

        Args:
            channels: Channels of the first cells; None for as many as now.
            cells: Cells (nb201: of a stage); None likewise.
            auxiliary: Whether a second classifier is trained along, and left out afterwards.

        Raises:
            ConfigError: Networks of this space have one size, or no second classifier.
        """
        asked = {"channels": channels is not None, "cells": cells is not None}
        for name in [name for name, given in {**asked, "auxiliary": auxiliary}.items() if given]:
            raise ConfigError(
                f"{name}: networks of space {self.name!r} are as they were published; leave it out"
            )
        return self

    def trainable_layers(self, architecture: Architecture) -> int:
        """Return the number of trainable layers of the published network, as written.

        They are its convolutions and linear layers, each counted as one wherever it stands: a
        shortcut's projection, the two halves of a factorized reduction and the classifier too. By
        default the network is built and counted.
        """
        from naslib_proxydata.seeding import torch_generator
        from naslib_proxydata.spaces.common.counting import count_layers

        return count_layers(self.network(architecture, torch_generator("layers")))

    def scored_macs(self, architecture: Architecture) -> int:
        """Return the multiply-accumulates of the scored trunk for one colour image.

        The trunk is that of :meth:`trunk`, at ``image_size``, without classifier: its stem and its
        skeleton may be others than those of the published network, which :meth:`macs` counts. By
        default it is built and counted; a space that has a formula overrides this.
        """
        from naslib_proxydata.seeding import torch_generator
        from naslib_proxydata.spaces.common.counting import count_macs

        trunk = self.trunk(architecture, torch_generator("scored macs")).to("meta")
        return count_macs(trunk, in_channels=3, image_size=self.image_size)

    def stacked_trunk(
        self, architectures: Sequence[Architecture], builder: Builder, *, in_channels: int = 3
    ) -> Trunk | None:
        """Build the trunks of many architectures as one network that computes each in a row.

        What it computes, and the initial weights, are those of :meth:`trunk` for each; see
        :mod:`naslib_proxydata.spaces.common.stacked`. Its maps have shape (architectures,
        channels, n, h, w). It is not used in a subclass that only inherits it, whose trunks may be
        others.

        Args:
            architectures: The architectures.
            builder: Makes the layers.
            in_channels: Number of channels of the images.

        Returns:
            None where the space's architectures do not share a skeleton, which is the default.
        """
        return None

    def subsets(self) -> Mapping[str, Subset[Architecture]]:
        """Return the named subsets of the space; by default there are none beside ``all`` of it."""
        return {}

    def graph_view(self, architecture: Architecture) -> GraphView:
        """Return the architecture as labelled graphs and numbers, for structural features.

        By default there are none: a space that does not declare its view is described by its
        parameters and multiply-accumulates alone.
        """
        from naslib_proxydata.spaces.common.graph import GraphView

        return GraphView()

    def parameters(self) -> Parameters[Architecture] | None:
        """Return the categorical parameters that name an architecture, for other tuners.

        By default there are none, and an architecture is told by its place in a list.
        """
        return None
