"""What every supernet must do, as tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from naslib_proxydata.errors import SearchError
from naslib_proxydata.oneshot.mixture import Choices, Mixture
from naslib_proxydata.oneshot.supernets.base import Supernet
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.testing.randomness import global_states

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

NUM_CLASSES = 7
IN_CHANNELS = 2
"""Unlike any default, so that a forgotten argument shows."""


class SupernetContract:
    """Tests of a supernet; override :meth:`factory`, and :meth:`space` where there is one.

    Attributes:
        sizes: ``channels`` and ``cells`` of the supernet under test; small, so that it is fast.
        image_size: Height and width of the images, in pixels.
        partial: A share of channels that strategies with partial channels ask for.
        draws: Number of random strengths that architectures are derived from.
    """

    sizes: Mapping[str, int] = {"channels": 4, "cells": 1}
    image_size = 8
    partial = 2
    draws = 8

    @pytest.fixture
    def factory(self) -> Callable[..., Supernet]:
        """Return what makes the supernet under test."""
        raise NotImplementedError("override the fixture 'factory'")

    @pytest.fixture
    def space(self) -> SearchSpace[Any] | None:
        """Return the search space of the same name; None where there is none."""
        return None

    def made(self, factory: Callable[..., Supernet], seed: int = 0, **more: int) -> Supernet:
        """Return a small supernet with weights."""
        given = {"num_classes": NUM_CLASSES, "in_channels": IN_CHANNELS, **self.sizes, **more}
        return build(lambda: factory(**given), torch_generator(seed, "contract", "supernet"))

    def published(self, factory: Callable[..., Supernet]) -> Supernet:
        """Return the supernet of its default size, without weights."""
        import torch

        with torch.device("meta"):
            return factory()

    def images(self) -> torch.Tensor:
        """Return three random images."""
        import torch

        shape = (3, IN_CHANNELS, self.image_size, self.image_size)
        return torch.randn(shape, generator=torch_generator(0, "contract", "images"))

    def mixtures(self, supernet: Supernet) -> dict[str, Mixture]:
        """Return mixtures that run all candidates there are, whose weights want gradients."""
        import torch

        found = {}
        for kind, choices in supernet.choices.items():
            generator = torch_generator(0, "contract", "mixture", kind)
            allowed = torch.from_numpy(present(choices))
            weights = (torch.rand(choices.shape, generator=generator) + 0.1) * allowed
            active = tuple(tuple(row.nonzero()[:, 0].tolist()) for row in allowed)
            found[kind] = Mixture(weights.requires_grad_(), active, generator=generator)
        return found

    def strengths(self, supernet: Supernet, draw: int) -> dict[str, NDArray[np.float64]]:
        """Return random strengths, 0 where there is no candidate."""
        return {
            kind: numpy_generator(draw, "contract", kind).random(one.shape) * present(one)
            for kind, one in supernet.choices.items()
        }

    # ----------------------------------------------------------------------------- the choices

    def test_choices_are_whole(self, factory: Callable[..., Supernet]) -> None:
        """Edges lead forward and have equally many candidates, one of which each has at least."""
        supernet = self.made(factory)
        assert supernet.choices
        for kind, choices in supernet.choices.items():
            rows, columns = choices.shape
            assert rows == len(choices.operations) > 0, kind
            assert {len(names) for names in choices.operations} == {columns}, kind
            assert all(0 <= row < rows and 0 <= col < columns for row, col in choices.absent), kind
            assert present(choices).any(1).all(), f"{kind}: an edge has no candidate"
            if supernet.edgewise:
                assert all(source < target for source, target in choices.edges), kind

    def test_what_is_chosen_is_among_the_choices(self, factory: Callable[..., Supernet]) -> None:
        """Each chosen edge is one of the supernet's, with an operation that it may have."""
        supernet = self.made(factory)
        for draw in range(self.draws):
            chosen = supernet.chosen(self.strengths(supernet, draw))
            assert chosen
            for kind, edges in chosen.items():
                assert edges, f"{kind}: nothing is chosen"
                assert all(edge.source < edge.target for edge in edges)
                if supernet.edgewise:
                    self.check_edges(supernet.choices[kind], edges)

    def check_edges(self, choices: Choices, edges: list[Any]) -> None:
        """Refuse an edge or an operation that there is not."""
        for source, target, operation in edges:
            assert (source, target) in choices.edges, f"there is no edge {source} to {target}"
            row = choices.edges.index((source, target))
            assert operation in choices.operations[row], f"edge {row} has no {operation}"
            column = choices.operations[row].index(operation)
            assert (row, column) not in choices.absent, f"{operation} is absent from edge {row}"

    def test_the_architecture_follows_the_strengths(self, factory: Callable[..., Supernet]) -> None:
        """Equal strengths give one text, others another."""
        supernet = self.made(factory)
        texts = [supernet.derive(self.strengths(supernet, draw)) for draw in range(self.draws)]
        assert texts == [
            supernet.derive(self.strengths(supernet, draw)) for draw in range(self.draws)
        ]
        assert all(isinstance(text, str) and text for text in texts)
        assert len(set(texts)) > 1, "every strengths give the same architecture"

    def test_the_space_reads_the_architecture(
        self, factory: Callable[..., Supernet], space: SearchSpace[Any] | None
    ) -> None:
        """What the supernet derives at its default size is an architecture of the space."""
        if space is None:
            pytest.skip("there is no search space of this name")
        supernet = self.published(factory)
        for draw in range(self.draws):
            text = supernet.derive(self.strengths(supernet, draw))
            assert space.text(space.parse(text)) == text

    # ----------------------------------------------------------------------------- the network

    def test_maps_images_to_logits(self, factory: Callable[..., Supernet]) -> None:
        """Classes and channels are those that were asked for."""
        supernet = self.made(factory)
        logits = supernet(self.images(), self.mixtures(supernet))
        assert logits.shape == (3, NUM_CLASSES)
        assert logits.isfinite().all()

    def test_has_a_size_of_its_own(self, factory: Callable[..., Supernet]) -> None:
        """Channels and cells may be left out."""
        assert sum(one.numel() for one in self.published(factory).parameters()) > 0

    def test_weights_follow_the_generator_alone(self, factory: Callable[..., Supernet]) -> None:
        """One seed gives one network, another another, and no global generator moves."""
        before = global_states()
        first, again, other = (self.made(factory, seed) for seed in (0, 0, 1))
        same = [bool((a == b).all()) for a, b in _weights(first, again)]
        assert all(same)
        assert not all(bool((a == b).all()) for a, b in _weights(first, other))
        images, mixtures = self.images(), self.mixtures(first)
        first(images, mixtures)
        assert before == global_states(), "a global random generator was used"

    def test_gradients_reach_weights_and_mixtures(self, factory: Callable[..., Supernet]) -> None:
        """Nothing that is trained is left out of the network."""
        import torch

        supernet = self.made(factory)
        mixtures = self.mixtures(supernet)
        names, weights = zip(*supernet.named_parameters(), strict=True)
        kinds = list(mixtures)
        inputs = [*weights, *(mixtures[kind].weights for kind in kinds)]
        loss = supernet(self.images(), mixtures).square().sum()
        found = torch.autograd.grad(loss, inputs, allow_unused=True)
        for name, gradient in zip([*names, *kinds], found, strict=True):
            assert gradient is not None, f"no gradient reaches {name}"
            assert gradient.isfinite().all(), f"the gradient of {name} is not finite"
        for kind, gradient in zip(kinds, found[len(names) :], strict=True):
            assert gradient is not None
            assert gradient.any(), f"the mixture of {kind} changes nothing"

    def test_runs_one_candidate_of_each_edge(self, factory: Callable[..., Supernet]) -> None:
        """As strategies that sample do: the others are not run, and must not be needed."""
        import torch

        supernet = self.made(factory)
        mixtures = {}
        for kind, choices in supernet.choices.items():
            columns = present(choices).argmax(1)
            weights = torch.zeros(choices.shape)
            weights[torch.arange(len(columns)), torch.from_numpy(columns)] = 1.0
            active = tuple((int(column),) for column in columns)
            mixtures[kind] = Mixture(weights, active, torch.zeros(len(columns)))
        assert supernet(self.images(), mixtures).isfinite().all()

    def test_has_partial_channels_or_says_so(self, factory: Callable[..., Supernet]) -> None:
        """PC-DARTS lets a part of the channels through the operations."""
        try:
            supernet = self.made(factory, partial=self.partial)
        except SearchError as error:
            if not {"partial", "parts"} & set(str(error).split()):
                pytest.fail(f"expected a word of partial channels, got {error}")
            return
        assert supernet(self.images(), self.mixtures(supernet)).isfinite().all()


def present(choices: Choices) -> NDArray[np.bool_]:
    """Return which candidates there are, edges x operations."""
    mask = np.ones(choices.shape, dtype=bool)
    for row, column in choices.absent:
        mask[row, column] = False
    return mask


def _weights(first: Supernet, second: Supernet) -> Any:
    return zip(first.parameters(), second.parameters(), strict=True)
