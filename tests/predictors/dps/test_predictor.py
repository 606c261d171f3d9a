"""The predictor that searches proxies, and the scores that proxies share."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from naslib_proxydata.data.images import load_images
from naslib_proxydata.errors import ConfigError, LabelError
from naslib_proxydata.predictors.base import Score, ScoringTask
from naslib_proxydata.predictors.dps import announced
from naslib_proxydata.predictors.dps import scores as dps_scores
from naslib_proxydata.predictors.dps.predictor import Dps
from naslib_proxydata.predictors.dps.scores import ProxyScorer, training_key
from naslib_proxydata.predictors.dps.space import options, sample
from naslib_proxydata.predictors.eproxy.predictor import Eproxy
from naslib_proxydata.predictors.eproxy.presets import preset_names, write_preset
from naslib_proxydata.ranking import spearman
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.eproxy.test_presets import preset

DEAD = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"
LIGHT = 52
"""A seed whose first proxies have few channels."""
SHARED = {"batch": 2, "iterations": 3, "mac_reference": 1e6}
QUICK = {"cycles": 4, "population": 3, "tournament": 2, "keep": 2, "shared": SHARED}


@pytest.fixture(scope="module")
def task():
    space = NasBench201(channels=4, cells_per_stage=1)
    space.image_size = 8
    return ScoringTask(space, load_images("noise", 16, 0, 8), seed=LIGHT)


def cells(task, count, seed=0):
    generator = numpy_generator(seed, "test")
    drawn = (task.space.sample(generator) for _ in range(20 * count))
    return [one for one in drawn if task.space.carries_signal(one)][:count]


def proxy(number):
    return options(sample(numpy_generator(LIGHT, "dps", "cycle", number)))


def scored(predictor, architectures):
    return [predictor.score_one(one) for one in architectures]


@pytest.fixture(scope="module")
def fitted(task):
    predictor = Dps(**QUICK)
    predictor.prepare(task)
    known = cells(task, 6, seed=1)
    predictor.fit(
        scored(predictor, known), np.array([float(task.space.macs(one)) for one in known])
    )
    return predictor


def test_shared_work_changes_no_score(task):
    scorer = ProxyScorer(task)
    for cycle in range(3):
        generator = numpy_generator(LIGHT, "dps", "cycle", cycle)
        proxy = {**options(sample(generator)), **SHARED, "mac_alpha": 0.0}
        alone = Eproxy(**proxy)
        alone.prepare(task)
        for cell in cells(task, 2) * 2:
            shared = scorer.score(proxy, cell)
            assert shared.details == alone.score_one(cell).details or math.isnan(shared.value)


def test_trunks_are_let_go_when_they_would_take_too_much(task, monkeypatch):
    monkeypatch.setattr(dps_scores, "TRUNK_BYTES", 1)
    scorer = ProxyScorer(task)
    proxy = {**options(sample(numpy_generator(LIGHT, "dps", "cycle", 0))), **SHARED}
    found = [scorer.score(proxy, one).value for one in cells(task, 2) * 2]
    assert found[:2] == found[2:]
    assert len(scorer._shared._trunks) == 1


def test_the_mac_term_costs_no_training(task, monkeypatch):
    proxy = {**options(sample(numpy_generator(LIGHT, "dps", "cycle", 0))), **SHARED}
    other = {**proxy, "mac_alpha": 0.4}
    assert training_key(proxy) == training_key(other)
    predictor = Dps(shared=SHARED)
    predictor.prepare(task)
    predictor._proxies = [proxy]
    (cell,) = cells(task, 1)
    predictor.score_one(cell)
    monkeypatch.setattr(ProxyScorer, "score", None)
    predictor._proxies = [other]
    alone = Eproxy(**other)
    alone.prepare(task)
    assert predictor._values(task.space.text(cell)) == [alone.score_one(cell).value]


def test_the_fittest_proxies_rank_together(task, fitted):
    several = cells(task, 5, seed=2)
    ranks = fitted.score(several)
    single = []
    for proxy in fitted._proxies:
        alone = Eproxy(**proxy)
        alone.prepare(task)
        single.append(np.argsort(np.argsort(alone.score(several))) + 1)
    assert len(single) == 2
    np.testing.assert_allclose(ranks, np.mean(single, axis=0) / 5)


def test_the_proxies_are_the_fittest_of_the_search(task, fitted):
    known = cells(task, 6, seed=1)
    macs = [float(task.space.macs(one)) for one in known]
    fitness = []
    for cycle in range(3):  # the random ones, which every search looks at
        alone = Eproxy(**options(sample(numpy_generator(LIGHT, "dps", "cycle", cycle))), **SHARED)
        alone.prepare(task)
        fitness.append(spearman(alone.score(known), macs))
    best = Eproxy(**fitted._proxies[0])
    best.prepare(task)
    assert spearman(best.score(known), macs) >= np.nanmax(fitness)


def test_what_carries_no_signal_teaches_nothing(task, fitted):
    known = cells(task, 6, seed=1)
    other = Dps(**QUICK)
    other.prepare(task)
    scores = [other.score_one(one) for one in (task.space.parse(DEAD), *known)]
    assert scores[0] == Score(-math.inf, scores[0].reason, scores[0].seconds)
    json.dumps([dict(score.details) for score in scores])
    other.fit(scores, np.array([10.0, *(float(task.space.macs(one)) for one in known)]))
    assert other._proxies == fitted._proxies
    rest = cells(task, 3, seed=2)
    dead = task.space.parse(DEAD)
    found = fitted.score([dead, *rest])
    assert found[0] == -math.inf
    before = Dps(**QUICK)
    before.prepare(task)
    unfitted = [before.score_one(one) for one in (dead, *rest)]
    np.testing.assert_array_equal(other.aggregate(unfitted), found)


def test_without_labels_it_is_the_start_point(task):
    predictor, start = Dps(shared=SHARED), Eproxy(**SHARED)
    for one in (predictor, start):
        one.prepare(task)
    several = cells(task, 2)
    np.testing.assert_array_equal(predictor.score(several), start.score(several))


def test_a_preset_is_not_searched_again(task, tmp_path):
    write_preset(tmp_path / "best.yaml", preset())
    predictor = Dps(preset=str(tmp_path / "best.yaml"), shared=SHARED)
    predictor.prepare(task)
    several = cells(task, 3)
    scores = [predictor.score_one(one) for one in several]
    predictor.fit(scores, np.array([1.0, 2.0, 3.0]))
    alone = Eproxy(preset=str(tmp_path / "best.yaml"), **SHARED)
    alone.prepare(task)
    assert [score.value for score in scores] == list(alone.score(several))
    stored = json.loads(json.dumps([dict(score.details) for score in scores]))
    other = Dps(preset=str(tmp_path / "best.yaml"), shared=SHARED)
    other.prepare(task)
    other._scorer = None  # nothing is scored again
    again = [Score(one.value, details=kept) for one, kept in zip(scores, stored, strict=True)]
    np.testing.assert_array_equal(other.aggregate(again), predictor.aggregate(scores))
    assert "proxies" in predictor.settings()


def test_a_search_begins_with_the_proxies_of_a_preset(task, tmp_path):
    write_preset(tmp_path / "other.yaml", preset(**proxy(0)))
    options_ = {"cycles": 2, "population": 2, "tournament": 1, "keep": 2}
    predictor = Dps(warm_start=str(tmp_path / "other.yaml"), shared=SHARED, **options_)
    predictor.prepare(task)
    known = cells(task, 6, seed=1)
    scores = scored(predictor, known)
    alone = Eproxy(**{**proxy(0), **SHARED})
    alone.prepare(task)
    assert [score.value for score in scores] == list(alone.score(known))
    predictor.fit(scores, np.array([float(task.space.macs(one)) for one in known]))
    found = {one["learning_rate"] for one in predictor._proxies}
    assert found == {proxy(0)["learning_rate"], 1.1}  # those of the preset, and no random one
    assert "warm_start" in predictor.settings()


def test_a_search_begins_with_nothing_that_it_does_not_know(tmp_path):
    write_preset(tmp_path / "odd.yaml", preset(learning_rate=0.01))
    with pytest.raises(ConfigError, match=r"warm_start .*odd.yaml.* learning_rate is 0.01"):
        Dps(warm_start=str(tmp_path / "odd.yaml"))
    with pytest.raises(ConfigError, match="give one"):
        Dps(warm_start="nb201-cifar10", preset="nb201-cifar10")


def test_every_shipped_preset_can_begin_a_search():
    for name in preset_names():
        assert Dps(warm_start=name)._first


def test_a_long_search_is_announced(caplog, monkeypatch):
    monkeypatch.setattr(announced, "EARLIEST", 0.0)
    monkeypatch.setattr(announced, "BETWEEN", 0.0)
    told = announced.AnnouncedCycles("a search")
    with caplog.at_level("INFO"):
        told(1, 3)
        told(3, 3)
    assert [one.message[:27] for one in caplog.records] == ["a search: cycle 1 of 3, abo"]


def test_where_the_largest_macs_are_not_known_those_of_the_labels_count(task):
    class Unknown(NasBench201):
        name = "unknown"

    space = Unknown(channels=4, cells_per_stage=1)
    space.image_size = 8
    shared = {key: value for key, value in SHARED.items() if key != "mac_reference"}
    predictor = Dps(**{**QUICK, "shared": shared})
    predictor.prepare(ScoringTask(space, task.images))
    known = cells(task, 4)
    predictor.fit(scored(predictor, known), np.arange(4.0))
    largest = max(space.scored_macs(space.canonical(one)) for one in known)
    assert predictor._proxies[0]["mac_reference"] == largest


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1.0, 1.0, 1.0], "all equal"),
        ([1.0, 2.0], "one finite label for each of 3"),
        ([1.0, 2.0, math.nan], "2 finite"),
    ],
)
def test_wrong_labels_are_told(task, labels, message):
    predictor = Dps(**QUICK)
    predictor.prepare(task)
    with pytest.raises(LabelError, match=message):
        predictor.fit(scored(predictor, cells(task, 3)), np.array(labels))
    with pytest.raises(LabelError, match="at least 3 labelled"):
        predictor.fit(scored(predictor, cells(task, 2)), np.arange(2.0))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cycle": 3}, "Did you mean 'cycles'"),
        ({"shared": {"learning_rate": 1.0}}, "shared.learning_rate is what is searched"),
        ({"shared": {"bach": 2}}, "Did you mean 'batch'"),
        ({"preset": "nowhere"}, "no preset 'nowhere'"),
    ],
)
def test_wrong_options_are_told(given, message):
    with pytest.raises(ConfigError, match=message):
        Dps(**given)


def test_a_proxy_that_failed_transiently_leaves_no_gap_for_good(task, monkeypatch):
    proxies = [
        {**options(sample(numpy_generator(LIGHT, "dps", "cycle", cycle))), **SHARED}
        for cycle in range(2)
    ]
    predictor = Dps(shared=SHARED)
    predictor.prepare(task)
    predictor._proxies = predictor._preset_proxies = proxies
    (cell,) = cells(task, 1)
    score, calls = ProxyScorer.score, iter([None, MemoryError("no more")])

    def failing(self, options, architecture):
        if error := next(calls, None):
            return Score(math.nan, f"MemoryError: {error}", transient=True)
        return score(self, options, architecture)

    monkeypatch.setattr(ProxyScorer, "score", failing)
    failed = predictor.score_one(cell)
    assert (math.isnan(failed.value), failed.reason, failed.transient) == (
        True,
        "MemoryError: no more",
        True,
    )
    mended = predictor.score_one(cell)
    assert not mended.transient
    assert len(mended.details["scores"]) == 2
