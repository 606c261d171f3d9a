from __future__ import annotations

import numpy as np
import pytest
import torch

from naslib_proxydata.oneshot.hessian import HessianTracker, dominant_eigenvalue
from naslib_proxydata.oneshot.loop import Search
from naslib_proxydata.oneshot.moment import Moment
from naslib_proxydata.oneshot.strategies.darts import darts
from naslib_proxydata.oneshot.strategies.drnas import drnas
from naslib_proxydata.seeding import torch_generator
from tests.oneshot.fakes import acting, coloured, make_learner, random_batch


@pytest.mark.parametrize("sign", [1, -1])
def test_the_eigenvalue_of_a_quadratic(sign: int) -> None:
    generator = np.random.default_rng(0)
    basis = np.linalg.qr(generator.normal(size=(6, 6)))[0]
    matrix = torch.tensor(basis @ np.diag([sign * 5.0, 3, 2, 1, 0.5, -1]) @ basis.T)
    x, y = torch.zeros(4).double().requires_grad_(), torch.ones(2).double().requires_grad_()
    both = torch.cat([x, y])
    value = dominant_eigenvalue(
        0.5 * both @ matrix @ both, [x, y], torch_generator(1), iterations=200, tolerance=1e-9
    )
    assert value == pytest.approx(sign * 5.0, rel=1e-4)


def test_a_flat_loss_has_the_eigenvalue_zero() -> None:
    x = torch.ones(3).requires_grad_()
    assert dominant_eigenvalue((x * x * 0).sum(), [x], torch_generator(0)) == 0


def test_the_eigenvalue_of_a_supernet_is_that_of_its_full_hessian() -> None:
    learner = make_learner(darts())
    learner.supernet.double()
    learner.architecture.double()
    batch = random_batch(8, 0)
    batch = batch._replace(images=batch.images.double())
    moment = Moment(1, 3, torch_generator(0))
    alpha = learner.architecture.alpha["cell"]
    loss, _ = learner.loss(batch, learner.mixtures(moment))
    (gradient,) = torch.autograd.grad(loss, alpha, create_graph=True)
    rows = [torch.autograd.grad(g, alpha, retain_graph=True)[0] for g in gradient.flatten()]
    hessian = torch.stack([row.flatten() for row in rows])
    values = torch.linalg.eigvalsh((hessian + hessian.T) / 2)
    expected = values[values.abs().argmax()]
    loss, _ = learner.loss(batch, learner.mixtures(moment))
    ours = dominant_eigenvalue(loss, [alpha], torch_generator(1), iterations=500, tolerance=1e-10)
    assert ours == pytest.approx(float(expected), rel=1e-3)


@pytest.mark.parametrize("strategy", [darts, drnas])
def test_the_tracker_does_not_change_the_search(strategy) -> None:
    def run(*make) -> tuple[torch.Tensor, list[object]]:
        learner = make_learner(strategy(), epochs=4)
        hooks = [one(learner) for one in make]
        Search(coloured(32), learner, acting(*hooks), "nb201").run()
        return learner.architecture.alpha["cell"].detach(), hooks

    plain, _ = run()
    tracked, (tracker,) = run(lambda learner: HessianTracker(learner, every=2))
    assert torch.equal(plain, tracked)
    assert isinstance(tracker, HessianTracker)
    assert list(tracker.values) == [2, 4]
    assert np.isfinite(list(tracker.values.values())).all()
    again = HessianTracker(make_learner(strategy()))
    again.load_state_dict(tracker.state_dict())
    assert again.values == tracker.values
