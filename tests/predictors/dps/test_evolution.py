"""Regularised evolution of proxies, on a fitness that costs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from naslib_proxydata.errors import ConfigError
from naslib_proxydata.predictors.dps.evolution import evolve
from naslib_proxydata.predictors.dps.race import Race
from naslib_proxydata.predictors.dps.settings import EvolutionSettings
from naslib_proxydata.predictors.dps.space import GENES, canonical, options, sample, within
from naslib_proxydata.seeding import derive_seed, numpy_generator

LABELS = np.random.default_rng(0).normal(size=20)
RANKS = stats.zscore(stats.rankdata(LABELS))
NAMES = [gene.name for gene in GENES]


def quality(genotype):
    """The smaller the learning rate and the more branches, the better."""
    found = options(genotype)
    return 0.2 * len(found["branches"]) + 0.3 * (1.5 - found["learning_rate"])


def evaluate(requests):
    values = []
    for one in requests:
        noise = np.random.default_rng(derive_seed(str(one.genotype), one.position)).normal()
        rho = quality(one.genotype)
        values.append(rho * RANKS[one.position] + np.sqrt(1 - rho**2) * noise)
    return values


def run(racing="none", seed=0, backwards=False, **settings):
    def ask(requests):
        """Score in another order, as several processes do."""
        if not backwards:
            return evaluate(requests)
        return evaluate(requests[::-1])[::-1]

    race = Race(ask, LABELS, racing)
    chosen = EvolutionSettings(**{"cycles": 80, "racing": racing, **settings})
    return race, *evolve(chosen, race, seed)


def test_the_defaults_are_those_of_the_authors_program():
    settings = EvolutionSettings()
    assert (settings.population, settings.tournament) == (40, 10)
    assert (settings.mutation_rate, settings.cycles) == (0.2, 200)


def test_the_first_are_random_and_the_rest_have_parents_among_the_youngest():
    race, found, best = run()
    assert len(found) == 80
    assert [one.parent for one in found[:40]] == [None] * 40
    assert found[3].genotype == sample(numpy_generator(0, "dps", "cycle", 3))
    for cycle, one in enumerate(found[40:], 40):
        assert cycle - 40 <= one.parent < cycle
        generator = numpy_generator(0, "dps", "cycle", cycle)
        drawn = generator.choice(range(cycle - 40, cycle), 10, replace=False)
        assert one.parent in drawn
        parent = race.fitness(found[one.parent].genotype)
        assert parent == max(race.fitness(found[other].genotype) for other in drawn)
    fitness = [race.fitness(one) for one in best]
    assert fitness == sorted(fitness, reverse=True)
    assert fitness[0] == max(race.fitness(one.genotype) for one in found)
    assert len(best) == 10
    assert best == [canonical(one) for one in best]


def test_children_differ_from_their_parents_in_a_fifth_of_the_genes():
    _, found, _ = run()
    shares = [
        np.mean([a != b for a, b in zip(one.genotype, found[one.parent].genotype, strict=True)])
        for one in found[40:]
    ]
    assert np.mean(shares) == pytest.approx(0.15, abs=0.05)  # some are drawn as they were


def test_evolution_improves_on_its_random_start():
    _, found, _ = run(cycles=150)
    means = [np.mean([quality(one.genotype) for one in part]) for part in (found[:40], found[-40:])]
    assert means[1] > means[0] + 0.05


def test_an_exact_race_takes_the_same_course_at_less_cost():
    plain, found, best = run()
    raced, same, same_best = run("exact")
    assert same == found
    assert same_best == best
    assert raced.evaluations() < plain.evaluations()


def test_a_statistical_race_needs_two_thirds_of_the_scores():
    plain, _, _ = run()
    raced, _, best = run("statistical")
    assert raced.evaluations() < 0.67 * plain.evaluations()
    assert all(np.isfinite(raced.fitness(one)) for one in best)


def test_the_order_in_which_scores_are_computed_changes_nothing():
    assert run("statistical", cycles=60)[1:] == run("statistical", backwards=True, cycles=60)[1:]
    assert run(cycles=3)[1] != run(cycles=3, seed=1)[1]


def test_a_shorter_search_is_the_beginning_of_a_longer_one():
    assert run(cycles=50)[1] == run(cycles=60)[1][:50]


def test_a_population_begins_with_what_is_given():
    given = [sample(numpy_generator(9, "test"), 3) for _ in range(2)]
    race = Race(evaluate, LABELS)
    settings = EvolutionSettings(cycles=6, population=4, tournament=2)
    found, _ = evolve(settings, race, 0, taps=1, first=given)
    assert [one.parent for one in found[:4]] == [None] * 4
    assert [one.genotype for one in found[:2]] == [within(one, 1) for one in given]
    plain, _ = evolve(settings, Race(evaluate, LABELS), 0, taps=1)
    assert found[2:4] == plain[2:4]  # the random numbers of a cycle are its own


def test_progress_is_told():
    told = []
    race = Race(evaluate, LABELS)
    settings = EvolutionSettings(cycles=3, population=2, tournament=1)
    evolve(settings, race, 0, progress=lambda *one: told.append(one))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("options_", "message"),
    [
        ({"tournament": 41}, "tournament of 41 needs a population"),
        ({"mutation_rate": 0}, "mutation_rate"),
        ({"cycle": 3}, "Did you mean 'cycles'"),
        ({"racing": "fast"}, "racing"),
    ],
)
def test_wrong_settings_are_told(options_, message):
    with pytest.raises(ConfigError, match=message):
        EvolutionSettings.parse(options_, "test")
