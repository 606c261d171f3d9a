"""A selection whose architecture half stays whole."""

from __future__ import annotations

import numpy as np
import pytest

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.selection.random import RandomSelector
from naslib_proxydata.selection.ranked import EntropyTopSelector
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.selection.split import split_indices
from tests.oneshot.fakes import coloured

DATASET = coloured(40)
HALVES = split_indices(np.arange(40), numpy_generator(3, "split"))
"""What a search with seed 3 and no selection trains on."""


def test_the_architecture_has_the_half_that_it_has_without_a_selection() -> None:
    made = make_selection(DATASET, RandomSelector(), 5, seed=3, keep_architecture=True)
    assert made.architecture_indices.tolist() == HALVES[1].tolist()
    assert len(made.weight_indices) == 5
    assert np.isin(made.weight_indices, HALVES[0]).all()
    assert made.size == 25
    made.check_fits(DATASET)


def test_scores_of_the_whole_dataset_are_read_at_the_right_places() -> None:
    """The five highest scores among the weights' half, found by sorting."""
    scores = np.random.default_rng(0).random(40)
    made = make_selection(
        DATASET, EntropyTopSelector(), 5, seed=3, values=scores, keep_architecture=True
    )
    best = sorted(HALVES[0], key=lambda index: -scores[index])[:5]
    assert made.weight_indices.tolist() == sorted(best)


def test_no_more_than_the_weights_half_can_be_chosen() -> None:
    with pytest.raises(SelectionError, match="from 1 to 20"):
        make_selection(DATASET, RandomSelector(), 21, seed=3, keep_architecture=True)
