"""What every scorer must do, as tests."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.errors import ConfigError, DatasetError
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.selection.scorers.context import ScoringContext
from naslib_proxydata.selection.scorers.recipe import Recipe
from naslib_proxydata.selection.scorers.scoring import cache_key, score_dataset


class ScorerContract:
    """Tests of a scorer; override :meth:`scorer`.

    Attributes:
        classes: Number of classes of the examples.
        per_class: Number of examples of each class.
        channels: Channels of the images.
        size: Their height and width, in pixels.
        model: Name of the model that is trained; the scorer's own where empty.
    """

    classes = 3
    per_class = 8
    channels = 3
    size = 16
    model = ""

    @pytest.fixture
    def scorer(self) -> Scorer:
        """Return the scorer under test."""
        raise NotImplementedError("override the fixture 'scorer'")

    @pytest.fixture
    def context(self, tmp_path: Path) -> ScoringContext:
        """Return a small made-up dataset, an empty cache and a training of three epochs."""
        generator = numpy_generator(0, "contract", "scorer")
        count = self.classes * self.per_class
        shape = (count, self.channels, self.size, self.size)
        images = generator.integers(0, 256, shape, dtype=np.uint8)
        labels = generator.permutation(np.arange(count, dtype=np.int64) % self.classes)
        dataset = ArrayDataset("contract", images, labels)
        recipe = Recipe(epochs=3, batch_size=8, learning_rate=0.01, augment=False)
        return ScoringContext(dataset, tmp_path / "cache", self.model, recipe)

    def test_gives_what_it_says(self, scorer: Scorer, context: ScoringContext) -> None:
        """A finite number, or a vector, for each example."""
        assert scorer.gives in ("scores", "features")
        assert scorer.hardest in ("highest", "lowest")
        scorer.check(context)
        array = score_dataset(scorer, context)
        assert np.isfinite(array).all()

    def test_scores_depend_on_dataset_and_seed_alone(
        self, scorer: Scorer, context: ScoringContext
    ) -> None:
        """Neither a second run nor what was drawn from global generators changes a score."""
        first = np.array(scorer.compute(context))
        _draw_globally()
        elsewhere = replace(context, cache=context.cache / "elsewhere")
        np.testing.assert_array_equal(first, scorer.compute(elsewhere))

    def test_what_is_stored_is_what_was_computed(
        self, scorer: Scorer, context: ScoringContext
    ) -> None:
        """The cache gives the same array as a scorer that computes it anew."""
        stored = score_dataset(scorer, context)
        np.testing.assert_array_equal(stored, score_dataset(scorer, context))
        elsewhere = replace(context, cache=context.cache / "elsewhere")
        np.testing.assert_array_equal(stored, score_dataset(scorer, elsewhere))

    def test_leaves_the_dataset_alone(self, scorer: Scorer, context: ScoringContext) -> None:
        """Images and labels are not written to."""
        everything = np.arange(len(context.dataset))
        pixels = context.dataset.pixels(everything).clone()
        labels = np.array(context.dataset.labels)
        scorer.compute(context)
        assert bool((context.dataset.pixels(everything) == pixels).all()), "images were written to"
        np.testing.assert_array_equal(context.dataset.labels, labels, "labels were written to")

    def test_unlabelled_data_are_scored_or_refused(
        self, scorer: Scorer, context: ScoringContext
    ) -> None:
        """A scorer that needs labels says so before it spends anything; others do without."""
        pixels = context.dataset.pixels(np.arange(len(context.dataset))).numpy()
        unlabelled = replace(context, dataset=ArrayDataset("unlabelled", pixels))
        if scorer.needs_labels:
            with pytest.raises(DatasetError, match="label"):
                scorer.check(unlabelled)
            return
        scorer.check(unlabelled)
        score_dataset(scorer, unlabelled)

    def test_settings_are_plain_data(self, scorer: Scorer, context: ScoringContext) -> None:
        """They go into the key of stored scores, so they must be the same each time."""
        text = json.dumps(dict(scorer.settings()), sort_keys=True)
        assert text == json.dumps(dict(scorer.settings()), sort_keys=True)
        assert cache_key(scorer, context) == cache_key(scorer, context)

    def test_refuses_an_unknown_option(self, scorer: Scorer) -> None:
        """A misspelt option is an error, not ignored."""
        factory: Callable[..., Scorer] = type(scorer)
        with pytest.raises((ConfigError, TypeError)):
            factory(no_such_option=1)


def _draw_globally() -> None:
    """Move on the global generators, as any code around a scorer may."""
    import torch

    torch.rand(1)
    random.random()
    np.random.random()  # noqa: NPY002
