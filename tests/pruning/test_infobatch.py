from __future__ import annotations

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import SearchInfo
from naslib_proxydata.plugins import Plugins, Provider
from naslib_proxydata.pruning.infobatch import InfoBatchPruner

COUNT = 200
EASY = np.arange(0, COUNT, 2)  # every second example is learnt well
INFO = SearchInfo("toy", "toy", 40, {"weights": COUNT}, np.arange(COUNT) % 3)


def started(pruner: InfoBatchPruner, seen: int = COUNT) -> InfoBatchPruner:
    pruner.search_started(INFO)
    targets = torch.arange(COUNT) % 3
    sure = torch.full((COUNT,), 0.4)
    sure[EASY] = 0.95
    probabilities = ((1 - sure) / 2)[:, None].repeat(1, 3)
    probabilities[torch.arange(COUNT), targets] = sure
    for part in torch.arange(seen).split(64):
        pruner.batch_finished("weights", part.numpy(), probabilities[part], targets[part])
    return pruner


def test_about_half_of_the_well_learnt_go_and_no_others() -> None:
    active = np.arange(COUNT)
    kept = started(InfoBatchPruner(seed=1)).prune_examples("weights", 5, active)
    assert kept is not None
    dropped = np.setdiff1d(active, kept)
    assert np.isin(dropped, EASY).all()
    assert 35 <= len(dropped) <= 65
    again = started(InfoBatchPruner(seed=1)).prune_examples("weights", 5, active)
    np.testing.assert_array_equal(kept, again)


def test_it_prunes_by_its_period_and_leaves_the_end_alone() -> None:
    pruner = started(InfoBatchPruner(period=5))
    active = np.arange(COUNT)
    pruned = [e for e in range(1, 41) if pruner.prune_examples("weights", e, active) is not None]
    assert pruned == [5, 10, 15, 20, 25, 30, 35]  # 0.875 of 40
    assert pruner.prune_examples("architecture", 5, active) is None


def test_examples_that_were_not_seen_stay() -> None:
    kept = started(InfoBatchPruner(), seen=10).prune_examples("weights", 5, np.arange(COUNT))
    assert kept is not None
    assert set(range(10, COUNT)) <= set(kept.tolist())


def test_it_goes_on_from_a_checkpoint() -> None:
    first = started(InfoBatchPruner())
    second = InfoBatchPruner()
    second.search_started(INFO)
    second.load_state_dict(first.state_dict())
    active = np.arange(COUNT)
    np.testing.assert_array_equal(
        first.prune_examples("weights", 10, active), second.prune_examples("weights", 10, active)
    )


def test_the_hooks_are_those_of_the_contract() -> None:
    plugins = Plugins()
    plugins.add(InfoBatchPruner(), Provider("infobatch", "test", "0"))
    plugins.hook.search_started(info=INFO)
    with pytest.raises(PruningError, match="needs class labels"):
        plugins.hook.search_started(info=SearchInfo("toy", "toy", 4, {"weights": 3}))
    with pytest.raises(PruningError, match="ratio in"):
        InfoBatchPruner(ratio=1.0)
