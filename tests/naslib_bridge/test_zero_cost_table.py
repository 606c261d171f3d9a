from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import NaslibError
from naslib_proxydata.naslib_bridge.nasbench201 import NasBench201
from naslib_proxydata.naslib_bridge.zero_cost_table import zero_cost_api
from naslib_proxydata.predictors.base import Score
from naslib_proxydata.tables.nb201_compact import read_compact


class Lengths:
    """Stands in for a predictor of the bridge: the length of a text."""

    method_type = "lengths"

    def __init__(self) -> None:
        self.scores: dict[str, Score] = {}

    def value(self, text: str) -> float:
        self.scores[text] = Score(float(len(text)), "", 0.25)
        return self.scores[text].value


def test_records_are_as_in_naslibs_files(shared_data: Path) -> None:
    table = read_compact(shared_data / "nb201.npz")
    texts = table.architectures()[100:104]
    predictor: Any = Lengths()
    api = zero_cost_api([predictor], table, "cifar10", architectures=texts)
    assert len(api) == 4
    assert not predictor.scores, "a score is made when it is asked for"
    found = NasBench201().hash(texts[2])
    record = api[str(found)]
    assert record["val_accuracy"] == table.query(texts[2], "cifar10", "validation_accuracy")
    assert record["lengths"] == {"score": float(len(texts[2])), "time": 0.25}
    assert [tuple(json.loads(f"[{key[1:-1]}]")) for key in api] == list(
        map(NasBench201().hash, texts)
    ), "NASLib evaluates the keys"


def test_a_hash_that_numpy_has_spelt_is_found(shared_data: Path) -> None:
    table = read_compact(shared_data / "nb201.npz")
    predictor: Any = Lengths()
    api = zero_cost_api([predictor], table, "cifar10")
    mutated = tuple(map(np.int64, NasBench201().hash(table.architectures()[5])))
    assert "np.int64" in str(mutated)
    assert str(mutated) in api
    assert api[str(mutated)]["val_accuracy"] > 0
    assert "(9, 9, 9, 9, 9, 9)" not in api
    assert 5 not in api


def test_what_it_lacks_is_said(shared_data: Path) -> None:
    table = read_compact(shared_data / "nb201.npz")
    predictor: Any = Lengths()
    api = zero_cost_api([predictor], table, "cifar10")
    with pytest.raises(NaslibError, match="no scores of 'jacov', it holds val_accuracy, lengths"):
        next(iter(api.values()))["jacov"]
