"""What every one-shot strategy must do, as tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import ConfigError
from naslib_proxydata.oneshot.architecture import ArchitectureParameters
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.mixture import Mixture
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.supernets.base import Supernet
from naslib_proxydata.oneshot.supernets.nb201 import CHOICES, NasBench201Supernet
from naslib_proxydata.plugins import Acting
from naslib_proxydata.seeding import numpy_generator, torch_generator
from naslib_proxydata.spaces.common.build import build
from naslib_proxydata.spaces.nb201.cell import parse
from naslib_proxydata.testing.randomness import global_states

if TYPE_CHECKING:
    import torch
    from torch import Tensor

KIND = "cell"
CLASSES = 4


class StrategyContract:
    """Tests of a strategy; override :meth:`factory`.

    It searches small cells of NAS-Bench-201, whose six edges have five candidates each.

    Attributes:
        sums_to_one: Whether the weights of the candidates of an edge sum to 1.
        epochs: Number of epochs of the small search.
        examples: Number of its examples.
    """

    sums_to_one = True
    epochs = 3
    examples = 16

    @pytest.fixture
    def factory(self) -> Callable[..., Strategy]:
        """Return what makes the strategy under test, with its options."""
        raise NotImplementedError("override the fixture 'factory'")

    def architecture(self, strategy: Strategy) -> ArchitectureParameters:
        """Return architecture parameters that differ, as in the middle of a search."""
        import torch

        generator = torch_generator(0, "contract", "alpha")
        policy = strategy.policy
        made = ArchitectureParameters(
            {KIND: CHOICES},
            generator,
            edge_weights=strategy.edge_weights,
            policy=None if policy is None else policy({KIND: CHOICES}, generator),
        )
        with torch.no_grad():
            made.alpha[KIND] += torch.randn(CHOICES.shape, generator=generator)
        return made

    def moment(self, epoch: int = 2) -> Moment:
        """Return an epoch of a search, with a generator of its own."""
        return Moment(epoch, 10, torch_generator(0, "contract", "moment", epoch))

    def forbidden(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return some candidates to forbid, edges x operations."""
        mask = np.zeros(CHOICES.shape, dtype=bool)
        mask[0, 0] = mask[1, 3] = True
        mask[2, 1:] = True
        return mask

    # --------------------------------------------------------------------- mixtures, strengths

    def check(self, strategy: Strategy, mixture: Mixture) -> None:
        """Refuse weights of another shape, not finite, negative, or of another sum."""
        weights: Tensor = mixture.weights.detach()
        assert tuple(weights.shape) == CHOICES.shape
        assert weights.isfinite().all()
        assert (weights >= 0).all(), "a weight is negative"
        if self.sums_to_one:
            expected = 1.0 if mixture.edges is None else mixture.edges.detach()
            assert np.allclose(weights.sum(1), expected, atol=1e-5), "weights do not sum to 1"
        if mixture.active is not None:
            idle = np.ones(CHOICES.shape, dtype=bool)
            for row, columns in enumerate(mixture.active):
                idle[row, list(columns)] = False
            assert not weights.numpy()[idle].any(), "a candidate that is not run has a weight"

    def test_mixtures_are_weights_of_candidates(self, factory: Callable[..., Strategy]) -> None:
        """Finite, not negative, of sum 1; those of the first, a middle and the last epoch."""
        strategy = factory()
        architecture = self.architecture(strategy)
        for epoch in (1, 5, 10):
            mixtures = architecture.mixtures(strategy.relaxation, self.moment(epoch))
            assert set(mixtures) == {KIND}
            self.check(strategy, mixtures[KIND])

    def test_what_is_forbidden_gets_nothing(self, factory: Callable[..., Strategy]) -> None:
        """Neither a weight nor a strength."""
        strategy = factory()
        if strategy.policy is not None:
            pytest.skip("its policy draws from all candidates")
        architecture, mask = self.architecture(strategy), self.forbidden()
        architecture.forbid(KIND, mask)
        mixture = architecture.mixtures(strategy.relaxation, self.moment())[KIND]
        self.check(strategy, mixture)
        assert not mixture.weights.detach().numpy()[mask].any(), "a forbidden one has a weight"
        strengths = architecture.strengths(strategy.relaxation)[KIND]
        assert not strengths[mask].any(), "a forbidden one has a strength"

    def test_strengths_are_numbers_to_derive_from(self, factory: Callable[..., Strategy]) -> None:
        """Finite and not negative, the same each time they are asked for."""
        strategy = factory()
        architecture = self.architecture(strategy)
        first = architecture.strengths(strategy.relaxation)[KIND]
        assert first.shape == CHOICES.shape
        assert np.isfinite(first).all()
        assert (first >= 0).all()
        assert np.array_equal(first, architecture.strengths(strategy.relaxation)[KIND])

    def test_draws_come_from_the_moment(self, factory: Callable[..., Strategy]) -> None:
        """One generator gives one mixture, and no global generator moves."""
        strategy = factory()
        architecture = self.architecture(strategy)
        before = global_states()
        first, again = (
            architecture.mixtures(strategy.relaxation, self.moment(), strategy.perturbation)[KIND]
            for _ in range(2)
        )
        assert before == global_states(), "a global random generator was used"
        assert bool((first.weights == again.weights).all())

    # ------------------------------------------------------------------------------ the search

    def settings(self, strategy: Strategy) -> SearchSettings:
        """Return the strategy's settings, for a small search."""
        chosen = {**strategy.settings, "epochs": self.epochs, "batch_size": 8, "warm_up": 0}
        return SearchSettings.parse(chosen, f"settings of strategy {strategy.name!r}")

    def searched(self, strategy: Strategy) -> Search:
        """Return a small search that has run."""
        labels = np.arange(self.examples, dtype=np.int64) % CLASSES
        shape = (self.examples, 3, 8, 8)
        images = numpy_generator(0, "contract").integers(0, 256, shape, dtype=np.uint8)

        def make(
            generator: torch.Generator, depth: int | None, partial: int = strategy.partial
        ) -> Supernet:
            return build(
                lambda: NasBench201Supernet(8, 1, num_classes=CLASSES, partial=partial),
                generator,
            )

        learner = Learner(make, strategy, self.settings(strategy))
        search = Search(ArrayDataset("contract", images, labels), learner, Acting(), "nb201")
        self.result = search.run()
        return search

    def test_a_search_ends_with_a_cell(self, factory: Callable[..., Strategy]) -> None:
        """All losses are finite, and the strategy's settings are settings of a search."""
        search = self.searched(factory())
        parse(self.result.cell)
        assert len(search.records) == self.epochs
        for record in search.records:
            assert np.isfinite(list(record.metrics.values())).all()

    def test_a_seed_gives_one_search(self, factory: Callable[..., Strategy]) -> None:
        """To the last bit, and no global generator moves."""
        before = global_states()
        cells, weights = [], []
        for _ in range(2):
            weights.append(self.searched(factory()).learner.state_dict()["supernet"])
            cells.append(self.result.cell)
        assert before == global_states(), "a global random generator was used"
        assert cells[0] == cells[1]
        assert all(bool((weights[0][key] == weights[1][key]).all()) for key in weights[0])

    def test_refuses_an_unknown_option(self, factory: Callable[..., Strategy]) -> None:
        """A misspelt option is an error, not ignored."""
        with pytest.raises((ConfigError, TypeError)):
            factory(no_such_option=1)
