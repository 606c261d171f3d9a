"""Recorded steps. Without a GPU the record is a stand-in that computes the step anew."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch

from naslib_proxydata.data.loader import Batch
from naslib_proxydata.oneshot import loop
from naslib_proxydata.oneshot.captured import Outputs, Recording, ReplayedStep, replayable
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.records import SearchResult
from naslib_proxydata.plugins import load
from naslib_proxydata.pruning.bilevel import BilevelPruner
from tests.oneshot.fakes import acting, coloured, make_learner, random_batch

PLUGINS = load()


class Again:
    """Records nothing; a replay makes the step on the tensors that the record was made with."""

    def __init__(self, step: Callable[[], Outputs]) -> None:
        self.step = step
        self.replays = 0
        self.outputs: Outputs = (torch.empty(0), torch.empty(0))

    def replay(self) -> None:
        self.replays += 1
        self.outputs = self.step()


def doubled(batch: Batch) -> Outputs:
    return 2 * batch.images.sum(), 2 * batch.images


def weighted(batch: Batch) -> Outputs:
    assert batch.weights is not None
    return (batch.weights * batch.labels).sum(), batch.images


def test_the_first_batch_and_those_of_other_sizes_are_stepped_on_plainly() -> None:
    records: list[Again] = []

    def record(step: Callable[[], Outputs]) -> Recording:
        records.append(Again(step))
        return records[-1]  # type: ignore[return-value]

    step = ReplayedStep(doubled, record)
    batches = [random_batch(size, seed) for seed, size in enumerate((8, 8, 5, 8, 9))]
    for batch in batches:
        assert torch.equal(step(batch)[1], 2 * batch.images)
    assert [one.replays for one in records] == [2]


def test_weights_of_examples_are_replayed_too() -> None:
    step = ReplayedStep(weighted, lambda step: Again(step))  # type: ignore[arg-type, return-value]
    for seed in range(4):
        batch = random_batch(6, seed)._replace(weights=torch.rand(6))
        assert torch.equal(step(batch)[0], weighted(batch)[0])


def test_what_cannot_be_recorded_is_stepped_on_plainly_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def record(step: Callable[[], Outputs]) -> Recording:
        raise RuntimeError("operation not permitted when stream is capturing")

    step = ReplayedStep(doubled, record)
    with caplog.at_level(logging.WARNING):
        for seed in range(4):
            batch = random_batch(4, seed)
            assert torch.equal(step(batch)[1], 2 * batch.images)
    assert len(caplog.records) == 1
    assert "not permitted" in caplog.text


@pytest.mark.parametrize("name", ["darts", "beta-darts"])
def test_a_search_of_replayed_steps_is_the_search(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learning rate, the penalty's weight and pruned examples change with the epoch."""
    made: list[Again] = []

    def record(step: Callable[[], Outputs], generator: torch.Generator) -> Again:
        made.append(Again(step))
        return made[-1]

    def searched() -> tuple[SearchResult, list[torch.Tensor]]:
        learner = make_learner(PLUGINS.create("strategies", name), epochs=4, batch_size=8)
        pruner = BilevelPruner(period=2, ratios=(0.2, 0.2))
        search = Search(coloured(66), learner, acting(pruner), "nb201", cuda_graphs=True)
        return search.run(), [*learner.weights, *learner.architecture_parameters]

    plain, expected = searched()
    assert not made
    monkeypatch.setattr(loop, "replayable", lambda learner, moment: True)
    monkeypatch.setattr(loop, "cuda_graph", record)
    replayed, parameters = searched()
    assert sum(one.replays for one in made) > 10
    assert replayed.cell == plain.cell
    for one, other in zip(replayed.records, plain.records, strict=True):
        assert one.left == other.left
        assert one.strengths == other.strengths
        seconds = {"seconds": other.metrics["seconds"]}
        assert {**one.metrics, **seconds} == other.metrics
    assert all(torch.equal(*pair) for pair in zip(parameters, expected, strict=True))


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("darts", {}, True),
        ("beta-darts", {}, True),
        ("darts", {"precision": "bfloat16"}, True),
        ("darts", {"precision": "float16"}, False),
        ("gdas", {}, False),
        ("drnas", {}, False),
        ("enas", {}, False),
        ("random-sharing", {}, False),
        ("sdarts-rs", {}, False),
        ("darts-2nd", {}, False),
        ("sdarts-adv", {}, False),
    ],
)
def test_only_strategies_whose_decisions_hold_for_an_epoch_are_recorded(
    name: str, settings: dict[str, str], expected: bool
) -> None:
    learner = make_learner(PLUGINS.create("strategies", name), **settings)
    moment = Moment.of(learner.settings, 1)
    assert not replayable(learner, moment), "there is no GPU"
    learner.settings = learner.settings.model_copy(update={"device": "cuda"})
    assert replayable(learner, moment) is expected
