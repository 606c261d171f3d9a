"""What every optimizer of a discrete search must do, as tests."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.evolution.loop import search_by_value
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.testing.randomness import global_states


class OptimizerContract:
    """Tests of an optimizer; override :meth:`factory`.

    Attributes:
        queries: Number of architectures that a search evaluates; more than a population, so that
            an optimizer learns of fitness.
        most_draws: Draws, mutations and keys that a search may ask its domain for, before it
            counts as endless.
    """

    queries = 130
    most_draws = 200_000

    @pytest.fixture
    def factory(self) -> Callable[..., Optimizer[Any]]:
        """Return what makes the optimizer under test, from its options if it has any."""
        raise NotImplementedError("override the fixture 'factory'")

    def space(self) -> SearchSpace[Any]:
        """Return the space that is searched: NAS-Bench-201's."""
        from naslib_proxydata.spaces.nb201.space import NasBench201

        return NasBench201()

    def domain(self, **options: Any) -> WatchedDomain:
        """Return a domain that fails the test where it is asked without end."""
        return WatchedDomain(self.space(), most_draws=self.most_draws, **options)

    def begun(
        self,
        optimizer: Optimizer[Any],
        domain: Domain[Any],
        seed: int = 0,
        start: Sequence[Any] = (),
        *,
        batched: bool = False,
    ) -> Optimizer[Any]:
        """Begin a search with the generator of a seed."""
        generator = numpy_generator(seed, "contract", "optimizer")
        optimizer.begin(domain, generator, start, batched=batched)
        return optimizer

    def search(
        self,
        optimizer: Optimizer[Any],
        domain: Domain[Any],
        seed: int = 0,
        *,
        queries: int | None = None,
        given: Sequence[tuple[Any, float]] = (),
        value: Callable[[Any], float] | None = None,
    ) -> list[str]:
        """Search by a made-up true value and return the texts in the order of the queries."""

        def by_macs(architecture: Any) -> float:
            return float(domain.macs(architecture))

        true = TrueFitness(domain, value or by_macs, given)
        self.begun(optimizer, domain, seed)
        search_by_value(optimizer, true, queries or self.queries)
        return [query.architecture for query in true.queries]

    @pytest.mark.parametrize("batched", [False, True])
    def test_proposes_allowed_architectures(
        self, factory: Callable[..., Optimizer[Any]], batched: bool
    ) -> None:
        """Each proposal is a list of at least one, and nothing outside the domain is in it."""
        space = self.space()

        def has_no_pooling(architecture: Any) -> bool:
            return "avg_pool" not in space.text(architecture)

        domain = self.domain(allows=has_no_pooling, condition="no pooling")
        outside = space.parse("|avg_pool_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|")
        optimizer = self.begun(factory(), domain, start=[outside], batched=batched)
        fitness: dict[str, float] = {}
        for _ in range(5):
            proposed = optimizer.propose(MappingProxyType(fitness))
            assert isinstance(proposed, list), f"propose returned {type(proposed).__name__}"
            assert proposed, "propose returned nothing"
            refused = [space.text(one) for one in proposed if not domain.allows(one)]
            assert not refused, f"not in the domain: {refused}"
            fitness.update({domain.key(one): float(domain.macs(one)) for one in proposed})

    def test_a_seed_gives_one_search(self, factory: Callable[..., Optimizer[Any]]) -> None:
        """The same seed proposes the same, another another, and no global generator moves."""
        before = global_states()
        first = self.search(factory(), self.domain())
        assert before == global_states(), "a global random generator was used"
        assert first == self.search(factory(), self.domain())
        assert first != self.search(factory(), self.domain(), seed=1)

    def test_begins_anew(self, factory: Callable[..., Optimizer[Any]]) -> None:
        """An optimizer that has searched before proposes what a new one does."""
        optimizer = factory()
        self.search(optimizer, self.domain(), seed=1)
        assert self.search(optimizer, self.domain()) == self.search(factory(), self.domain())

    def test_needs_no_fitness_that_it_was_not_given(
        self, factory: Callable[..., Optimizer[Any]]
    ) -> None:
        """Only what was proposed has a fitness; what is known besides may be met and is no harm."""
        domain = self.domain()
        generator = numpy_generator(0, "contract", "given")
        given = {domain.key(one): one for one in (domain.sample(generator) for _ in range(20))}
        known = [(one, float(domain.macs(one))) for one in given.values()]
        assert len(self.search(factory(), domain, given=known)) == self.queries
        start = list(given.values())
        optimizer = self.begun(factory(), domain, start=start)
        fitness: dict[str, float] = {}
        for _ in range(3):
            proposed = optimizer.propose(fitness)
            fitness.update({domain.key(one): float(domain.macs(one)) for one in proposed})

    def test_endures_failures(self, factory: Callable[..., Optimizer[Any]]) -> None:
        """A fitness of -inf, even of all, stops nothing."""
        domain = self.domain()
        optimizer = self.begun(factory(), domain)
        fitness: dict[str, float] = {}
        for _ in range(5):
            proposed = optimizer.propose(fitness)
            assert proposed
            fitness.update({domain.key(one): -math.inf for one in proposed})
            ranked = optimizer.ranked({domain.key(one): one for one in proposed}, fitness)
            assert sorted(ranked) == sorted({domain.key(one) for one in proposed})

    def test_ends_where_nothing_is_left(self, factory: Callable[..., Optimizer[Any]]) -> None:
        """In a domain of three it proposes known ones again, rather than nothing or forever."""
        space = self.space()
        generator = numpy_generator(0, "contract", "few")
        few: dict[str, str] = {}
        while len(few) < 3:
            drawn = space.sample(generator)
            few[space.hash(drawn)] = space.text(drawn)
        domain = self.domain(
            allows=lambda one: space.text(one) in few.values(),
            listed=list(few.values()),
            condition="a place in the list",
        )
        found = self.search(factory(), domain)
        assert set(found) <= set(few.values())

    def test_the_front_is_of_the_history(self, factory: Callable[..., Optimizer[Any]]) -> None:
        """The front, where there is one, is part of the history."""
        domain = self.domain()
        true = TrueFitness(domain, lambda one: float(domain.macs(one)))
        optimizer = self.begun(factory(), domain)
        search_by_value(optimizer, true, 10)
        assert all(query in true.queries for query in optimizer.front(true.queries))

    def test_settings_make_an_equal_optimizer(self, factory: Callable[..., Optimizer[Any]]) -> None:
        """They are plain data, the options with their defaults."""
        settings = dict(factory().settings())
        json.dumps(settings)
        assert dict(factory(**settings).settings()) == settings

    def test_refuses_an_unknown_option(self, factory: Callable[..., Optimizer[Any]]) -> None:
        """A misspelt option is an error, not ignored."""
        with pytest.raises((ConfigError, TypeError)):
            factory(no_such_option=1)


class WatchedDomain(Domain[Any]):
    """A domain that fails the test where it is asked for more than a search can need."""

    def __init__(self, space: SearchSpace[Any], *, most_draws: int, **options: Any) -> None:
        super().__init__(space, **options)
        self._left = most_draws

    def key(self, architecture: Any) -> str:
        """Return the key."""
        self._spend_one()
        return super().key(architecture)

    def sample(self, generator: np.random.Generator) -> Any:
        """Draw."""
        self._spend_one()
        return super().sample(generator)

    def mutate(self, architecture: Any, generator: np.random.Generator) -> Any:
        """Mutate."""
        self._spend_one()
        return super().mutate(architecture, generator)

    def _spend_one(self) -> None:
        self._left -= 1
        if self._left < 0:
            pytest.fail("the optimizer asks its domain without end where nothing is new")
