"""Our scores rank NAS-Bench-201 cells as the scores that NASLib measured do.

A fast version of ``benchmarks/checks/naslib_agreement.py``, which takes 100 cells for everything.
"""

from __future__ import annotations

import ast
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from naslib_proxydata.data.batch import ImageBatch
from naslib_proxydata.data.images import load_images
from naslib_proxydata.predictors.base import ScoringTask
from naslib_proxydata.spaces.nb201.codes import from_naslib_codes
from naslib_proxydata.spaces.nb201.space import NasBench201
from tests.predictors.test_baselines import make

BOUND = 0.95
BATCH_SIZE = 32  # NASLib's


@pytest.fixture(scope="module")
def records(shared_data: Path) -> list[tuple[str, dict[str, Any]]]:
    with gzip.open(shared_data / "naslib_zc" / "zc_nasbench201.json.gz", "rt") as file:
        scores = json.load(file)["cifar10"]
    texts = sorted(scores)
    order = np.random.default_rng(0).permutation(len(texts))
    return [(texts[i], scores[texts[i]]) for i in order]


@pytest.fixture(scope="module")
def images(shared_data: Path) -> ImageBatch:
    return load_images(f"npz:{shared_data / 'cifar10_batch64.npz'}", BATCH_SIZE, 0)


@pytest.mark.parametrize(
    ("name", "theirs", "cells", "options"),
    [
        ("params", "params", 725, {}),
        ("macs", "flops", 725, {}),
        ("synflow", "synflow", 60, {}),
        ("naswot", "nwot", 40, {"batch_size": BATCH_SIZE}),
        ("snip", "snip", 30, {"batch_size": BATCH_SIZE}),
        ("grad-norm", "grad_norm", 30, {"batch_size": BATCH_SIZE}),
        ("fisher", "fisher", 30, {"batch_size": BATCH_SIZE}),
    ],
)
def test_ranks_agree(
    records: list[tuple[str, dict[str, Any]]],
    images: ImageBatch,
    name: str,
    theirs: str,
    cells: int,
    options: dict[str, Any],
) -> None:
    predictor = make(name, **options)
    predictor.prepare(ScoringTask(NasBench201(), images))
    chosen = records[:cells]
    ours = predictor.score([from_naslib_codes(ast.literal_eval(text)) for text, _ in chosen])
    measured = np.array([record[theirs]["score"] for _, record in chosen], dtype=float)
    # Cells without signal: ours say -inf, theirs zero, nan or -inf. All of them are last.
    ranked = [np.where(np.isfinite(one), one, -1e300) for one in (ours, measured)]
    assert not np.isnan(ours).any()
    assert spearmanr(*ranked).statistic >= BOUND
