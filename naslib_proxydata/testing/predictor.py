"""What every predictor must do, as tests."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import ConfigError, DatasetError
from naslib_proxydata.predictors.base import LearningPredictor, Predictor, Score, ScoringTask
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.testing.randomness import global_states


class PredictorContract:
    """Tests of a predictor; override :meth:`factory`.

    Attributes:
        architectures: Number of architectures that are scored.
        labelled: Number of labelled architectures that :meth:`LearningPredictor.fit` is given
            first.
    """

    architectures = 2
    labelled = 12

    @pytest.fixture
    def factory(self) -> Callable[..., Predictor[Any]]:
        """Return what makes the predictor under test, from its options if it has any."""
        raise NotImplementedError("override the fixture 'factory'")

    @pytest.fixture
    def task(self, factory: Callable[..., Predictor[Any]]) -> ScoringTask[Any]:
        """Return noise images and a narrow NAS-Bench-201, as many images as are needed."""
        from naslib_proxydata.data.images import load_images
        from naslib_proxydata.spaces.nb201.space import NasBench201

        space = NasBench201(channels=4, cells_per_stage=1)
        return ScoringTask(space, load_images("noise", max(1, factory().images_needed), seed=0))

    def sampled(self, task: ScoringTask[Any], count: int, seed: int = 0) -> list[Any]:
        """Return architectures that carry a signal."""
        generator = numpy_generator(seed, "contract", "predictor")
        drawn = (task.space.sample(generator) for _ in range(100 * count))
        alive = [one for one in drawn if task.space.carries_signal(one)]
        return alive[:count]

    def scores(
        self, predictor: Predictor[Any], task: ScoringTask[Any], architectures: Sequence[Any]
    ) -> list[Score]:
        """Prepare a predictor, fit it to made-up labels if it learns, and score."""
        predictor.prepare(task)
        if isinstance(predictor, LearningPredictor):
            known = self.sampled(task, self.labelled, seed=1)
            scores = [predictor.score_one(architecture) for architecture in known]
            predictor.fit(scores, np.linspace(60.0, 90.0, len(known)))
        return [predictor.score_one(architecture) for architecture in architectures]

    def test_scores_are_finite_or_have_a_reason(
        self, factory: Callable[..., Predictor[Any]], task: ScoringTask[Any]
    ) -> None:
        """A score is a number, or says why not; its details and time are plain data."""
        architectures = self.sampled(task, self.architectures)
        predictor = factory()
        scores = self.scores(predictor, task, architectures)
        for score in scores:
            assert isinstance(score.value, float)
            assert math.isfinite(score.value) or score.reason
            assert score.seconds >= 0
            json.dumps(dict(score.details))
        assert any(math.isfinite(score.value) for score in scores), [one.reason for one in scores]
        ranked = predictor.aggregate(scores)
        assert ranked.shape == (len(scores),)

    def test_scores_depend_on_seed_and_architecture_alone(
        self, factory: Callable[..., Predictor[Any]], task: ScoringTask[Any]
    ) -> None:
        """Neither a second predictor, nor another order, nor global generators change one."""
        architectures = self.sampled(task, self.architectures)
        pixels = task.images.pixels.clone()
        before = global_states()
        first = self.scores(factory(), task, architectures)
        assert before == global_states(), "a global random generator was used"
        assert bool((task.images.pixels == pixels).all()), "the images were written to"
        backwards = self.scores(factory(), task, architectures[::-1])[::-1]
        np.testing.assert_array_equal(
            [one.value for one in first], [one.value for one in backwards]
        )

    def test_another_seed_scores_as_well(
        self, factory: Callable[..., Predictor[Any]], task: ScoringTask[Any]
    ) -> None:
        """A score that is finite under one seed is finite under another."""
        architectures = self.sampled(task, 1)
        scores = self.scores(factory(), replace(task, seed=1), architectures)
        assert math.isfinite(scores[0].value), scores[0].reason

    def test_equal_functions_score_alike(
        self, factory: Callable[..., Predictor[Any]], task: ScoringTask[Any]
    ) -> None:
        """A predictor that sees the canonical network cannot tell its class apart."""
        predictor = factory()
        if predictor.sees != "canonical":
            pytest.skip("the predictor says that it sees dead edges")
        drawn = self.sampled(task, 100)
        other = next((one for one in drawn if task.space.canonical(one) != one), None)
        if other is None:
            pytest.skip("every architecture drawn is its own canonical form")
        scores = self.scores(predictor, task, [other, task.space.canonical(other)])
        np.testing.assert_equal(scores[0].value, scores[1].value)

    def test_no_signal_ranks_last(
        self, factory: Callable[..., Predictor[Any]], task: ScoringTask[Any]
    ) -> None:
        """A network whose output ignores its input scores -inf, with a reason."""
        generator = numpy_generator(0, "contract", "dead")
        drawn = (task.space.sample(generator) for _ in range(2000))
        dead = next((one for one in drawn if not task.space.carries_signal(one)), None)
        if dead is None or not factory().needs_network:
            pytest.skip("no architecture without signal was found, or no network is run")
        score = self.scores(factory(), task, [dead])[0]
        assert score.value == -math.inf
        assert score.reason

    def test_too_few_images_are_an_error(
        self, factory: Callable[..., Predictor[Any]], task: ScoringTask[Any]
    ) -> None:
        """With one image less than needed the user is told, and no score is made up."""
        images = task.images
        needed = factory().images_needed
        if needed == 0:
            pytest.skip("the predictor needs no images")
        fewer = replace(
            images, pixels=images.pixels[: needed - 1], labels=images.labels[: needed - 1]
        )
        with pytest.raises(DatasetError):
            self.scores(factory(), replace(task, images=fewer), self.sampled(task, 1))

    def test_learns_from_stored_scores(
        self, factory: Callable[..., Predictor[Any]], task: ScoringTask[Any]
    ) -> None:
        """Scores that a store gives back teach as much, and rank as well, as fresh ones."""
        fresh, stored = factory(), factory()
        if not isinstance(fresh, LearningPredictor) or not isinstance(stored, LearningPredictor):
            pytest.skip("the predictor does not learn")
        architectures = self.sampled(task, self.labelled + self.architectures, seed=1)
        labels = np.linspace(60.0, 90.0, self.labelled)
        fresh.prepare(task)
        stored.prepare(task)
        scores = [fresh.score_one(architecture) for architecture in architectures]
        again = [replace(one, details=json.loads(json.dumps(dict(one.details)))) for one in scores]
        fresh.fit(scores[: self.labelled], labels)
        stored.fit(again[: self.labelled], labels)
        np.testing.assert_array_equal(
            fresh.aggregate(scores[self.labelled :]), stored.aggregate(again[self.labelled :])
        )

    def test_settings_are_plain_data(self, factory: Callable[..., Predictor[Any]]) -> None:
        """They go into the key of stored scores, so equal predictors must have equal ones."""
        text = json.dumps(dict(factory().settings()), sort_keys=True)
        assert text == json.dumps(dict(factory().settings()), sort_keys=True)

    def test_refuses_an_unknown_option(self, factory: Callable[..., Predictor[Any]]) -> None:
        """A misspelt option is an error, not ignored."""
        with pytest.raises((ConfigError, TypeError)):
            factory(no_such_option=1)
