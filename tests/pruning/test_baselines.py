"""EL2N pruning by scores that are known beforehand (arXiv 2312.14200, table 2)."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import LEVELS, SearchInfo
from naslib_proxydata.pruning.baselines import EL2NPruner
from naslib_proxydata.testing import PrunerContract

COUNT = 120
SCORES = np.random.default_rng(5).permutation(COUNT) / 100


class TestEL2NByScores(PrunerContract):
    @pytest.fixture
    def factory(self) -> Any:
        return lambda **options: EL2NPruner(scores=SCORES, **options)


def started(count: int = COUNT, epochs: int = 1, **options: Any) -> EL2NPruner:
    pruner = EL2NPruner(**options)
    targets = np.arange(count) % 4
    pruner.search_started(SearchInfo("nb201", "darts", epochs, dict.fromkeys(LEVELS, 60), targets))
    return pruner


@pytest.mark.parametrize("sides", list(itertools.product(("low", "high"), repeat=2)))
def test_half_of_each_level_goes_before_the_first_epoch(sides: tuple[str, str]) -> None:
    pruner = started(scores=SCORES, weights_drops=sides[0], architecture_drops=sides[1])
    for level, side, active in zip(LEVELS, sides, np.arange(COUNT).reshape(2, 60), strict=True):
        middle = np.median(SCORES[active])
        by_hand = [i for i in active if (SCORES[i] > middle) == (side == "low")]
        kept = pruner.prune_at_start(level, active)
        assert kept is not None
        assert kept.tolist() == by_hand
        assert pruner.prune_examples(level, 1, kept) is None
        assert pruner.outcome()[level] == {
            "examples at first": 60,
            "dropped": 30,
            "examples left": 30,
        }
    assert pruner.settings()["epoch"] == 0


def test_without_scores_nothing_goes_before_the_first_epoch() -> None:
    assert started(epochs=2, epoch=1).prune_at_start("weights", np.arange(60)) is None


def test_the_search_may_be_of_one_epoch_with_scores_only() -> None:
    started(epochs=1, scores=SCORES)
    with pytest.raises(PruningError, match="the search has 1"):
        started(epochs=1, epoch=1)


def test_only_examples_in_use_need_a_score() -> None:
    scores = SCORES.copy()
    scores[[70, 80]] = np.nan
    pruner = started(scores=scores)
    assert pruner.prune_at_start("weights", np.arange(60)) is not None
    with pytest.raises(PruningError, match=r"2 of 60 architecture .* first is example 70"):
        pruner.prune_at_start("architecture", np.arange(60, 120))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": SCORES, "epoch": 10}, "leave out one of the two"),
        ({"scores": "scores.npz"}, "expects scores as numbers"),
        ({"scores": SCORES[:, None]}, r"float64 of shape \(120, 1\)"),
        ({"scores": SCORES[:100]}, "scores of 100 examples, the dataset has 120"),
        ({"scores": np.ones(COUNT)}, "all 60 weights examples in use have the score 1"),
        ({"scores": SCORES, "fraction": 0.99}, "would drop none of 60 weights examples"),
    ],
)
def test_what_would_never_prune_or_prune_blindly_is_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(PruningError, match=message):
        started(**options).prune_at_start("weights", np.arange(60))
