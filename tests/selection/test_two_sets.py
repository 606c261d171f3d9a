"""Only the weight set shrinks where the architecture has a dataset of its own."""

from __future__ import annotations

import numpy as np
import pytest

from naslib_proxydata.data.joined import JoinedDataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.random import RandomSelector
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.selection.two_sets import two_set_selection
from tests.oneshot.fakes import coloured

FIRST, SECOND = coloured(24, seed=1), coloured(16, seed=2)
JOINED = JoinedDataset(FIRST, SECOND)


def test_all_of_the_first_train_the_weights() -> None:
    made = two_set_selection(JOINED, None, seed=0)
    assert made.weight_indices.tolist() == list(range(24))
    assert made.architecture_indices.tolist() == list(range(24, 40))
    made.check_fits(JOINED)


def test_both_halves_of_a_selection_train_the_weights() -> None:
    chosen = make_selection(FIRST, RandomSelector(), 6, seed=0)
    made = two_set_selection(JOINED, chosen, seed=0)
    assert made.weight_indices.tolist() == chosen.indices.tolist()
    assert len(made.architecture_indices) == 16
    assert made.method == "random"


def test_what_was_left_for_testing_stays_out() -> None:
    chosen = make_selection(FIRST, RandomSelector(), 20, seed=0, shares=(0.4, 0.4))
    made = two_set_selection(JOINED, chosen, seed=0)
    assert len(made.weight_indices) == 16
    assert np.isin(made.weight_indices, chosen.indices).all()


def test_a_selection_of_the_other_dataset_is_refused() -> None:
    chosen = make_selection(SECOND, RandomSelector(), 6, seed=0)
    with pytest.raises(SelectionError, match="select again"):
        two_set_selection(JOINED, chosen, seed=0)
