from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naslib_proxydata.errors import PruningError
from naslib_proxydata.pruning.statistics import ErrorStatistics, error_norms


def slow_error(probabilities: np.ndarray, label: int) -> float:
    one_hot = [1.0 if k == label else 0.0 for k in range(len(probabilities))]
    return sum((p - y) ** 2 for p, y in zip(probabilities, one_hot, strict=True)) ** 0.5


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_error_norms_against_the_sum_written_out(library: str) -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(7), size=11)
    targets = generator.integers(7, size=11)
    expected = [slow_error(p, y) for p, y in zip(probabilities, targets, strict=True)]
    if library == "torch":
        result = error_norms(torch.tensor(probabilities), torch.tensor(targets)).numpy()
    else:
        result = error_norms(probabilities, targets)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_error_norms_leaves_the_probabilities_alone() -> None:
    probabilities = torch.full((3, 4), 0.25)
    error_norms(probabilities, torch.tensor([0, 1, 2]))
    assert (probabilities == 0.25).all()


def test_a_confident_right_answer_is_not_lost_to_cancellation() -> None:
    probabilities = torch.tensor([[1 - 1e-5, 1e-5]], dtype=torch.float64)
    error = error_norms(probabilities, torch.tensor([0])).item()
    assert error == pytest.approx(1e-5 * 2**0.5, rel=1e-9)


sights = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1.5)), unique_by=lambda one: one[0]),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(sights, st.booleans())
def test_streaming_equals_keeping_every_error(
    batches: list[list[tuple[int, float]]], tensors: bool
) -> None:
    statistics = ErrorStatistics(6)
    seen: dict[int, list[float]] = {index: [] for index in range(6)}
    for batch in batches:
        indices = np.array([index for index, _ in batch], dtype=np.int64)
        errors = np.array([error for _, error in batch])
        statistics.update(indices, torch.tensor(errors) if tensors else errors)
        for index, error in batch:
            seen[index].append(error)
    for index, errors_of_one in seen.items():
        assert statistics.count()[index] == len(errors_of_one)
        mean, variance = statistics.mean()[index], statistics.variance()[index]
        if errors_of_one:
            assert mean == pytest.approx(np.mean(errors_of_one), abs=1e-12)
        else:
            assert np.isnan(mean)
        if len(errors_of_one) > 1:
            assert variance == pytest.approx(np.var(errors_of_one), abs=1e-12)
        else:
            assert np.isnan(variance)


def test_state_goes_round() -> None:
    one, other = ErrorStatistics(4), ErrorStatistics(4)
    one.update(np.array([0, 2]), torch.tensor([0.5, 1.0]))
    other.load_state_dict(one.state_dict(), torch.zeros(1))
    for statistics in (one, other):
        statistics.update(np.array([2, 0]), torch.tensor([0.25, 0.75]))
    np.testing.assert_array_equal(one.variance(), other.variance())


def test_an_empty_state_goes_round() -> None:
    statistics = ErrorStatistics(4)
    statistics.load_state_dict(statistics.state_dict())
    assert statistics.count().tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("indices", "errors", "message"),
    [
        ([0, 1], [0.5], "2 indices but probabilities for 1"),
        ([0, 9], [0.5, 0.5], "the dataset has 4 examples"),
        ([-1, 2], [0.5, 0.5], "indices from -1"),
        ([1, 1], [0.5, 0.5], "twice"),
    ],
)
def test_bad_batches_are_refused(indices: list[int], errors: list[float], message: str) -> None:
    with pytest.raises(PruningError, match=message):
        ErrorStatistics(4).update(np.array(indices), np.array(errors))


def test_nan_probabilities_are_an_error_not_a_score() -> None:
    statistics = ErrorStatistics(3)
    statistics.update(np.array([1]), np.array([np.nan]))
    with pytest.raises(PruningError, match="not finite"):
        statistics.variance()
