from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from naslib_proxydata.errors import SearchError
from naslib_proxydata.naslib_bridge.loader import PassLoader


def loader(indices: Any, batch_size: int = 4, size: int = 40, **options: Any) -> PassLoader:
    data = TensorDataset(torch.arange(size).float(), torch.arange(size) % 3)
    return PassLoader(
        data,
        np.asarray(indices),
        batch_size=batch_size,
        seed=options.get("seed", 0),
        level=options.get("level", "weights"),
    )


@given(
    indices=st.sets(st.integers(0, 39), min_size=2, max_size=30),
    batch_size=st.integers(2, 9),
    rounds=st.integers(1, 3),
)
@settings(max_examples=25, deadline=None)
def test_each_round_shows_every_example_once(
    indices: set[int], batch_size: int, rounds: int
) -> None:
    one = loader(sorted(indices), batch_size)
    one.start(1, rounds * len(one))
    seen: list[int] = []
    for _ in range(rounds * len(one)):
        images, labels = next(iter(one))  # as NASLib's trainer asks its validation queue
        assert images.long().tolist() == one.last_indices.tolist()
        assert labels.tolist() == [index % 3 for index in one.last_indices]
        assert len(images) > 1
        seen += one.last_indices.tolist()
    for start in range(0, len(seen), len(indices)):
        assert sorted(seen[start : start + len(indices)]) == sorted(indices)


def test_a_for_loop_ends_with_the_pass() -> None:
    one = loader(range(10))
    one.start(1)
    first = [batch[1] for batch in one]
    assert len(first) == len(one) == 3
    again = list(one)  # a new pass, in another order
    assert len(again) == 3
    assert torch.cat([b[0] for b in again]).tolist() != list(range(10))


def test_order_depends_on_seed_level_and_epoch_alone() -> None:
    def order(**options: Any) -> list[float]:
        one = loader(range(30), **{k: v for k, v in options.items() if k != "epoch"})
        torch.rand(options.get("epoch", 1))  # the global generator must not matter
        one.start(options.get("epoch", 1))
        return torch.cat([batch[0] for batch in one]).tolist()

    assert order() == order()
    assert len({tuple(order(**one)) for one in ({}, {"epoch": 2}, {"seed": 1})}) == 3
    assert order() != order(level="architecture")


def test_new_indices_count_from_the_next_pass() -> None:
    one = loader(range(12))
    one.start(1)
    next(iter(one))
    one.set_indices(np.array([1, 3, 5]))
    assert len(list(one)) == 2  # the rest of the old pass
    one.start(2)
    assert sorted(torch.cat([batch[0] for batch in one]).tolist()) == [1, 3, 5]


def test_it_copies_as_itself() -> None:
    one = loader(range(4))
    assert copy.deepcopy(one) is one


@pytest.mark.parametrize(("indices", "message"), [([3], "at least 2"), ([0, 40], "do not fit")])
def test_mistakes_are_named(indices: list[int], message: str) -> None:
    with pytest.raises(SearchError, match=message):
        loader(indices)
