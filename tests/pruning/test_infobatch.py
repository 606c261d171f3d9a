from __future__ import annotations

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import PruningError
from naslib_proxydata.hookspecs import SearchInfo, WeightedExamples
from naslib_proxydata.pruning.infobatch import InfoBatchPruner, cross_entropies, infobatch_weights

COUNT = 200
EASY = np.arange(0, COUNT, 2)  # every second example is learnt well
EVERYONE = np.arange(COUNT)
INFO = SearchInfo("toy", "toy", 40, {"weights": COUNT}, np.arange(COUNT) % 3, seed=1)


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


def drawn(pruner: InfoBatchPruner, epoch: int = 5) -> WeightedExamples:
    answer = pruner.weigh_examples(epoch, {"weights": EVERYONE, "architecture": EVERYONE})
    assert answer is not None
    assert set(answer) == {"weights"}, "a level without losses is left alone"
    return answer["weights"]


def test_about_half_of_the_well_learnt_are_left_out_and_the_rest_of_them_weighs_twice() -> None:
    examples = drawn(started(InfoBatchPruner()))
    left_out = np.setdiff1d(EVERYONE, examples.indices)
    assert np.isin(left_out, EASY).all()
    assert 35 <= len(left_out) <= 65
    easy = np.isin(examples.indices, EASY)
    np.testing.assert_array_equal(examples.weights[easy], 2.0)
    np.testing.assert_array_equal(examples.weights[~easy], 1.0)
    again = drawn(started(InfoBatchPruner()))
    np.testing.assert_array_equal(examples.indices, again.indices)


def test_who_was_left_out_comes_back() -> None:
    pruner = started(InfoBatchPruner())
    first, second = drawn(pruner, 5).indices, drawn(pruner, 6).indices
    assert len(np.setdiff1d(second, first)) > 10


def test_the_expected_weight_of_every_example_is_one() -> None:
    """Unbiased: over many draws, sum of weights / draws is 1 (arXiv 2303.04947, eq. 4)."""
    losses = np.array([0.1, 0.2, 3.0, np.nan, 0.4])
    draws = [infobatch_weights(losses, 0.3, np.random.default_rng(seed)) for seed in range(20_000)]
    np.testing.assert_allclose(np.mean(draws, axis=0), 1.0, atol=0.02)
    np.testing.assert_array_equal(np.unique(np.array(draws)[:, 0]), [0.0, 1 / 0.7])


def test_the_first_epoch_and_the_end_use_every_example() -> None:
    pruner = InfoBatchPruner(untouched=0.125)
    pruner.search_started(INFO)
    active = {"weights": EVERYONE, "architecture": EVERYONE}
    assert pruner.weigh_examples(1, active) == {}, "nothing was seen yet"
    pruner = started(pruner)
    assert pruner.weigh_examples(35, active)
    assert pruner.weigh_examples(36, active) is None, "the last eighth of 40 epochs"


def test_an_example_that_was_not_seen_stays_with_weight_one() -> None:
    examples = drawn(started(InfoBatchPruner(), seen=100))
    unseen = examples.indices >= 100
    assert unseen.sum() == 100
    np.testing.assert_array_equal(examples.weights[unseen], 1.0)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_cross_entropies_are_those_of_torch(library: str) -> None:
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 1, 2, 3, 0, 1])
    expected = torch.nn.functional.cross_entropy(logits, targets, reduction="none").numpy()
    probabilities, labels = logits.softmax(1), targets
    given = (
        cross_entropies(probabilities.numpy(), labels.numpy())
        if library == "numpy"
        else cross_entropies(probabilities, labels).numpy()
    )
    np.testing.assert_allclose(given, expected, rtol=1e-6)


def test_a_probability_of_zero_has_a_finite_loss() -> None:
    losses = cross_entropies(torch.tensor([[1.0, 0.0]]), torch.tensor([1]))
    assert torch.isfinite(losses).all()


def test_it_goes_on_from_a_checkpoint() -> None:
    before = started(InfoBatchPruner())
    after = InfoBatchPruner()
    after.search_started(INFO)
    after.load_state_dict(before.state_dict(), torch.zeros(1))
    np.testing.assert_array_equal(drawn(before).indices, drawn(after).indices)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio": 1.0}, "option ratio must be"),
        ({"ratio": -0.1}, "option ratio must be"),
        ({"untouched": 2.0}, "option untouched must be"),
        ({"levels": ("weight",)}, "levels are weights and architecture"),
    ],
)
def test_wrong_numbers_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(PruningError, match=message):
        InfoBatchPruner(**options)  # type: ignore[arg-type]


def test_it_needs_labels() -> None:
    with pytest.raises(PruningError, match="needs labels"):
        InfoBatchPruner().search_started(SearchInfo("toy", "toy", 4, {}))
