"""What every search space must do, as tests."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.testing.randomness import global_states

NUM_CLASSES = 7
"""Unlike any default, so that a forgotten argument shows."""


class SearchSpaceContract:
    """Tests of a search space; override :meth:`space`.

    Attributes:
        samples: Number of sampled architectures that are looked at as values.
        networks: Number of them whose networks are built.
        macs_tolerance: Relative difference allowed between :meth:`SearchSpace.macs` and the
            count of the convolutions and linear layers that run; published counts differ in
            small terms such as biases.
    """

    samples = 10
    networks = 1
    macs_tolerance = 0.02

    @pytest.fixture
    def space(self) -> SearchSpace[Any]:
        """Return the space under test."""
        raise NotImplementedError("override the fixture 'space'")

    def sampled(self, space: SearchSpace[Any], seed: int = 0) -> list[Any]:
        """Return the architectures under test."""
        generator = numpy_generator(seed, "contract", "space")
        return [space.sample(generator) for _ in range(self.samples)]

    def built(self, space: SearchSpace[Any]) -> list[Any]:
        """Return the architectures whose networks are built."""
        return self.sampled(space)[: self.networks]

    # ------------------------------------------------------------------ architectures as values

    def test_text_is_read_back(self, space: SearchSpace[Any]) -> None:
        """Text leads back to an equal, equally hashed value."""
        for architecture in self.sampled(space):
            again = space.parse(space.text(architecture))
            assert again == architecture
            assert hash(again) == hash(architecture)
            assert space.text(again) == space.text(architecture)

    @pytest.mark.parametrize("text", ["", "nonsense", "(0, 1, 2"])
    def test_refuses_nonsense(self, space: SearchSpace[Any], text: str) -> None:
        """A text of no architecture is an error for the user."""
        with pytest.raises(ArchitectureError):
            space.parse(text)

    def test_refuses_a_text_with_a_tail(self, space: SearchSpace[Any]) -> None:
        """What follows an architecture's text is not overlooked."""
        text = space.text(self.sampled(space)[0])
        with pytest.raises(ArchitectureError):
            space.parse(f"{text}?!")

    def test_canonical_form_is_a_representative(self, space: SearchSpace[Any]) -> None:
        """It is its own canonical form, and has the hash and signal of its class."""
        for architecture in self.sampled(space):
            canonical = space.canonical(architecture)
            assert space.canonical(canonical) == canonical
            assert space.parse(space.text(canonical)) == canonical
            assert space.hash(canonical) == space.hash(architecture)
            assert space.carries_signal(canonical) == space.carries_signal(architecture)

    def test_hash_tells_classes_apart(self, space: SearchSpace[Any]) -> None:
        """Hexadecimal, equal exactly where the canonical forms are."""
        hashes: dict[str, Any] = {}
        for architecture in self.sampled(space):
            digest = space.hash(architecture)
            assert digest
            assert set(digest) <= set(string.hexdigits)
            canonical = space.canonical(architecture)
            assert hashes.setdefault(digest, canonical) == canonical
        assert len(hashes) == len(set(hashes.values()))

    def test_names_its_subsets(self, space: SearchSpace[Any]) -> None:
        """Each subset says what it holds, and of each architecture whether it is in it."""
        for name, subset in space.subsets().items():
            assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name), f"{name!r}: lower case, hyphens"
            assert name != "all", "'all' is the whole of every space"
            assert subset.summary
            for architecture in self.sampled(space):
                assert isinstance(subset.holds(architecture), bool)

    def test_sampling_follows_the_generator(self, space: SearchSpace[Any]) -> None:
        """One seed gives one sequence, which is not constant."""
        first = [space.text(one) for one in self.sampled(space)]
        assert first == [space.text(one) for one in self.sampled(space)]
        assert len({*first, *(space.text(one) for one in self.sampled(space, seed=1))}) > 1

    def test_neighbours_are_others(self, space: SearchSpace[Any]) -> None:
        """Neighbours are valid, different from each other and from the architecture, in order."""
        architecture = self.sampled(space)[0]
        neighbours = space.neighbours(architecture)
        assert neighbours
        assert architecture not in neighbours
        assert len(set(neighbours)) == len(neighbours)
        assert list(neighbours) == list(space.neighbours(architecture))
        for one in neighbours[: self.samples]:
            assert space.parse(space.text(one)) == one

    def test_mutation_gives_a_neighbour(self, space: SearchSpace[Any]) -> None:
        """A mutant is among the neighbours and follows the generator."""
        architecture = self.sampled(space)[0]
        neighbours = set(space.neighbours(architecture))
        for seed in range(self.samples):
            mutant = space.mutate(architecture, numpy_generator(seed, "mutation"))
            assert mutant in neighbours
            assert mutant == space.mutate(architecture, numpy_generator(seed, "mutation"))

    # ------------------------------------------------------------------------------- networks

    def network(self, space: SearchSpace[Any], architecture: Any, seed: int = 0) -> Any:
        """Build an architecture's network."""
        generator = torch_generator(seed, "contract", "weights")
        return space.network(architecture, generator, num_classes=NUM_CLASSES)

    def images(self, space: SearchSpace[Any], seed: int = 0) -> Any:
        """Return two images of the space's size."""
        import torch

        shape = (2, 3, space.image_size, space.image_size)
        return torch.randn(shape, generator=torch_generator(seed, "contract", "images"))

    def test_network_computes_what_it_counts(self, space: SearchSpace[Any]) -> None:
        """Logits have their shape; parameters and multiply-accumulates are those that run."""
        for architecture in self.built(space):
            network = self.network(space, architecture)
            logits, ran = _run_counting(network, self.images(space))
            assert logits.shape == (2, NUM_CLASSES)
            assert logits.isfinite().all()
            trainable = sum(one.numel() for one in network.parameters() if one.requires_grad)
            assert space.params(architecture, num_classes=NUM_CLASSES) == trainable
            counted = space.macs(architecture, num_classes=NUM_CLASSES)
            assert counted == pytest.approx(ran / 2, rel=self.macs_tolerance)

    def test_macs_grow_with_the_image(self, space: SearchSpace[Any]) -> None:
        """Twice the side costs more than twice the multiply-accumulates."""
        architecture = self.built(space)[0]
        small = space.macs(architecture, image_size=space.image_size)
        assert small == space.macs(architecture)
        assert space.macs(architecture, image_size=2 * space.image_size) > 2 * small

    def test_weights_follow_the_generator_alone(self, space: SearchSpace[Any]) -> None:
        """One seed gives one network, another another, and no global generator moves."""
        architecture = self.built(space)[0]
        before = global_states()
        first, again, other = (self.network(space, architecture, seed) for seed in (0, 0, 1))
        assert before == global_states(), "a global random generator was used"
        same = [bool((a == b).all()) for a, b in _weights(first, again)]
        assert all(same)
        assert not all(bool((a == b).all()) for a, b in _weights(first, other))

    def test_output_depends_on_the_input_as_said(self, space: SearchSpace[Any]) -> None:
        """``carries_signal`` is what the network shows."""
        import torch

        for architecture in self.built(space):
            network = self.network(space, architecture)
            with torch.no_grad():
                one, two = (network(self.images(space, seed)) for seed in (0, 1))
            assert space.carries_signal(architecture) == (not torch.equal(one, two))

    def test_trunk_gives_its_taps(self, space: SearchSpace[Any]) -> None:
        """Taps have the channels promised, the final and smallest first, and gradients."""
        for architecture in self.built(space):
            generator = torch_generator(0, "contract", "trunk")
            trunk = space.trunk(architecture, generator)
            taps = trunk(self.images(space))
            assert [len(tap) for tap in taps] == [2] * len(trunk.channels)
            assert [tap.shape[1] for tap in taps] == list(trunk.channels)
            sides = [tap.shape[2] for tap in taps]
            assert sides == sorted(sides)
            assert all(tap.isfinite().all() for tap in taps)
            taps[0].sum().backward()
            assert any(weight.grad is not None for weight in trunk.parameters())


def _weights(first: Any, second: Any) -> Any:
    return zip(first.parameters(), second.parameters(), strict=True)


def _run_counting(network: Any, images: Any) -> tuple[Any, int]:
    """Run a network and count multiply-accumulates of convolutions and linear layers."""
    import torch
    from torch import nn

    counts: list[int] = []

    def count(module: Any, _: Any, output: Any) -> None:
        counts.append(output.numel() * module.weight[0].numel())

    handles = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    with torch.no_grad():
        logits = network(images)
    for handle in handles:
        handle.remove()
    return logits, sum(counts)
