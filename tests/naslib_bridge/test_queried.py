from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import pytest

from naslib_proxydata.errors import NaslibError, TableError
from naslib_proxydata.naslib_bridge.queried import dataset_api, predicted_api
from naslib_proxydata.tables import transnas_micro
from naslib_proxydata.tables.nb201_compact import read_compact


def test_a_table_answers_what_naslib_reads(shared_data: Path) -> None:
    table = read_compact(shared_data / "nb201.npz")
    text = table.architectures()[777]
    record = dataset_api(table)["nb201_data"][text]
    expected = table.query(text, "cifar10", "validation_accuracy")
    for epoch in (-1, 200):
        assert record["cifar10-valid"]["eval_acc1es"][epoch] == expected
    assert math.isnan(record["cifar10-valid"]["cost_info"]["train_time"])
    other = dataset_api(table, "test_accuracy")["nb201_data"][text]
    assert other["cifar100"]["eval_acc1es"][-1] == table.query(text, "cifar100", "test_accuracy")


def test_what_is_not_known_is_said(shared_data: Path) -> None:
    table = read_compact(shared_data / "nb201.npz")
    api = dataset_api(table)
    curve = api["nb201_data"][table.architectures()[0]]["cifar10-valid"]["eval_acc1es"]
    with pytest.raises(TableError, match="only the value after the last epoch"):
        curve[12]
    with pytest.raises(NaslibError, match=r"'nb101_data'.*space_graph\(.*'nb201'"):
        api["nb101_data"]
    with pytest.raises(TableError):
        api["nb201_data"]["|no~0|"]
    record = api["nb201_data"][table.architectures()[0]]
    with pytest.raises(NaslibError, match="holds nothing of 'svhn', only cifar10-valid"):
        record["svhn"]
    with pytest.raises(TableError, match="'valdation_accuracy'"):
        dataset_api(table, "valdation_accuracy")


def test_other_tables_serve_our_graphs(shared_data: Path) -> None:
    table = transnas_micro.load(shared_data)
    api = dataset_api(table)
    text = table.architectures()[5]
    expected = table.query(text, "jigsaw", table.default_metric("jigsaw"))
    assert api["values"](text, "jigsaw") == expected
    assert api["holds"](text)
    assert not api["holds"]("no architecture")
    with pytest.raises(NaslibError, match="'nb201_data'"):
        api["nb201_data"]


def test_scores_can_stand_for_accuracies() -> None:
    predictor = SimpleNamespace(
        value=lambda text: float(len(text)), method_type="length", space="nb201"
    )
    record = predicted_api(predictor)["nb201_data"]["abc"]
    assert record["ImageNet16-120"]["eval_acc1es"][-1] == 3
