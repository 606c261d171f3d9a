"""What all proxies of untrained networks share: compiled code gives what torch gives."""

from __future__ import annotations

import pytest

from naslib_proxydata.kernels.compiled import lanes
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.predictors.zero_cost.fisher import Fisher
from naslib_proxydata.predictors.zero_cost.grad_norm import GradNorm
from naslib_proxydata.predictors.zero_cost.jacob_cov import JacobCov
from naslib_proxydata.predictors.zero_cost.snip import Snip
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.zero_cost.references import random_images

compiled = pytest.mark.skipif(not lanes(), reason="there are no compiled kernels here")


@compiled
@pytest.mark.parametrize("space", [NasBench201(), Darts(width=8, depth=3)], ids=["nb201", "darts"])
@pytest.mark.parametrize("proxy", [Fisher, GradNorm, JacobCov, Snip])
def test_compiled_code_gives_what_double_precision_gives(proxy, space, monkeypatch):
    architecture = space.sample(numpy_generator("test_untrained", 3))
    predictor = proxy(batch_size=8)
    predictor.prepare(ScoringTask(space, random_images(8)))
    assert proxy.accelerated
    found = predictor.score_one(architecture).value
    monkeypatch.setattr(proxy, "accelerated", False)
    assert predictor.score_one(architecture).value != found  # else nothing was compiled
    build = proxy.network

    def in_double(self, architecture):
        return build(self, architecture).double()

    monkeypatch.setattr(proxy, "network", in_double)
    predictor.inputs = predictor.inputs.double()
    assert found == pytest.approx(
        predictor.score_one(architecture).value, rel=3e-3
    )  # a ReLU may flip
