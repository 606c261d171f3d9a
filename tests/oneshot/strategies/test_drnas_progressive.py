"""Progressive DrNAS: what happens in which epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import ConfigError, SearchError
from naslib_proxydata.hookspecs import hookimpl
from naslib_proxydata.oneshot.duration import check_epochs
from naslib_proxydata.oneshot.learner import Learner
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.settings import SearchSettings
from naslib_proxydata.oneshot.strategies.drnas_progressive import drnas_progressive
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import CLASSES, acting, coloured, make_learner, supernet_maker
from tests.oneshot.test_loop import StopAfter


def test_stages_of_the_published_searches() -> None:
    nb201 = drnas_progressive()
    assert (nb201.partial, nb201.published("nb201")) == (4, {"epochs": 100})
    assert [nb201.progress.partial(e, 100) for e in (1, 50, 51, 100)] == [4, 4, 2, 2]
    frozen = [nb201.progress.frozen(epoch, 100) for epoch in range(1, 101)]
    assert frozen == ([True] * 10 + [False] * 40) * 2
    darts = drnas_progressive(partials=(6, 4), kept=(4,))
    assert [darts.progress.partial(e, 50) for e in (1, 25, 26, 50)] == [6, 6, 4, 4]
    assert [darts.progress.frozen(e, 50) for e in range(1, 51)] == ([True] * 10 + [False] * 15) * 2
    assert darts.published("darts")["weights_lr"] == 0.1


def test_from_stage_to_stage() -> None:
    learner = make_learner(drnas_progressive(freeze=0), epochs=4)
    seen, alphas = [], []

    class Spy:
        @hookimpl
        def epoch_finished(self, epoch: int) -> None:
            allowed = learner.architecture.allowed("cell").sum(1).tolist()
            adam = learner.architecture_optimizer.state[learner.architecture.alpha["cell"]]
            seen.append((learner.partial, allowed, round(learner.weights_lr, 6), int(adam["step"])))
            alphas.append(learner.architecture.alpha["cell"].detach().clone())

    Search(coloured(32), learner, acting(Spy()), "nb201").run()
    rates = [0.001 + 0.012 * (1 + np.cos(np.pi * k / 4)) for k in range(4)]
    assert [one[2] for one in seen] == [round(rate, 6) for rate in rates]  # one cosine
    assert [one[0] for one in seen] == [None, None, 2, 2]
    assert [one[1] for one in seen] == [[5] * 6, [3] * 6, [3] * 6, [3] * 6]
    assert [one[3] for one in seen] == [1, 2, 3, 4]  # Adam goes on
    assert (alphas[2] - alphas[1]).abs().max() < 2e-3  # and so does alpha


def test_the_strongest_are_kept_and_none_is_not_where_no_cell_holds_it() -> None:
    strategy = drnas_progressive(partials=(2, 1), kept=(4,))
    builder = supernet_maker("darts", channels=4, cells=3, num_classes=CLASSES, partial=2)
    learner = Learner(builder, strategy, SearchSettings.parse({"epochs": 50}, "a test"))
    with torch.no_grad():
        learner.architecture.alpha["normal"][:] = torch.tensor([9.0, 1, 2, 3, 4, 5, 6, 7])
    strategy.progress.epoch_finished(learner, Moment(24, 50, torch_generator(0)))
    assert learner.architecture.allowed("normal").all()
    strategy.progress.epoch_finished(learner, Moment(25, 50, torch_generator(0)))
    allowed = learner.architecture.allowed("normal")
    assert allowed.tolist() == [[False] * 4 + [True] * 4] * 14


def test_interrupted_before_and_after_widening(tmp_path: Path) -> None:
    def search(folder: Path, *plugins: object) -> Search:
        learner = make_learner(drnas_progressive(freeze=0), epochs=4)
        return Search(coloured(32), learner, acting(*plugins), "nb201", folder=folder)

    whole = search(tmp_path / "whole")
    expected = whole.run()
    for after in (2, 3):
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / str(after), StopAfter(after)).run()
        resumed = search(tmp_path / str(after))
        assert resumed.run().cell == expected.cell
        for one, other in zip(resumed.learner.weights, whole.learner.weights, strict=True):
            assert torch.equal(one, other)


def test_numbers_that_do_not_fit_are_refused() -> None:
    builder = supernet_maker("darts", channels=4, cells=3, num_classes=CLASSES, partial=4)
    with pytest.raises(SearchError, match="--recipe drnas"):
        Learner(builder, drnas_progressive(), SearchSettings.parse({}, "a test"))
    with pytest.raises(ConfigError, match="for each stage"):
        drnas_progressive(partials=(4, 2), kept=(3, 2))
    with pytest.raises(ConfigError, match="partials must be whole numbers, each at least 1; got 4"):
        drnas_progressive(partials=4)  # type: ignore[arg-type]
    with pytest.raises(SearchError, match="6 channels cannot be split into 4"):  # before any epoch
        make_learner(drnas_progressive(partials=(6, 4), kept=(4,)), channels=6)
    with pytest.raises(ConfigError, match="must fall"):
        drnas_progressive(partials=(2, 4), kept=(3,))
    learner = make_learner(drnas_progressive(), epochs=20)
    with pytest.raises(ConfigError, match="at least 22 epochs"):
        check_epochs(learner.strategy, learner.settings)
