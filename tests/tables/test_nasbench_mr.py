from __future__ import annotations

import gzip
import json
import logging
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.tables import nasbench_mr
from naslib_proxydata.testing import BenchmarkContract

N = 30


class TestContract(BenchmarkContract):
    @pytest.fixture
    def table(self, shared_data: Path) -> nasbench_mr.NasBenchMrTable:
        return nasbench_mr.load(shared_data)


def content(shared_data: Path) -> dict[str, Any]:
    with gzip.open(shared_data / "nasbench_mr.json.gz") as stream:
        found: dict[str, Any] = json.load(stream)
    return found


def official(shared_data: Path, setting: str) -> list[dict[str, Any]]:
    """Return the first records of a setting as the authors' pickles hold them."""
    whole = content(shared_data)
    metrics = whole["metrics"][setting]
    return [
        {**{name: values[row] for name, values in metrics.items()}, **whole["archs"][row]}
        for row in range(N)
    ]


def write_official(shared_data: Path, root: Path, settings: tuple[str, ...]) -> None:
    for place, setting in enumerate(settings):
        records = official(shared_data, setting)
        (root / setting).mkdir(parents=True)
        order = records[::-1] if place else records  # one setting's order may differ
        (root / setting / "trainval.pkl").write_bytes(pickle.dumps(order, protocol=3))


def check(table: nasbench_mr.NasBenchMrTable, whole: nasbench_mr.NasBenchMrTable) -> None:
    rows = [whole.position(text) for text in table.architectures()]
    assert sorted(rows) == list(range(N))
    for setting, metrics in table.columns().items():
        for metric in metrics:
            got, expected = table.values(setting, metric), whole.values(setting, metric)[rows]
            np.testing.assert_array_equal(got, expected)
    for key, values in table.published.items():
        np.testing.assert_array_equal(values, whole.published[key][rows])


def test_official_files_and_conversion(shared_data: Path, tmp_path: Path) -> None:
    whole = nasbench_mr.load(shared_data)
    write_official(shared_data, tmp_path / "data", ("seg", "cls-10c"))
    table = nasbench_mr.load(tmp_path / "data")
    assert set(table.columns()) == {"seg", "cls-10c"}
    check(table, whole)
    nasbench_mr.convert(tmp_path / "data", tmp_path / "nasbench_mr.json.gz")
    compact = nasbench_mr.load(tmp_path)
    assert compact.columns() == table.columns()
    check(compact, whole)


def test_json_of_pairs(shared_data: Path, tmp_path: Path) -> None:
    """The layout of Eproxy's release: pairs of network and main metric."""
    keys = ("input_channel", "inverted_residual_setting", "last_channel")
    pairs = [[{key: one[key] for key in keys}, one["mIoU"]] for one in official(shared_data, "seg")]
    (tmp_path / "seg.json").write_text(json.dumps(pairs))
    table = nasbench_mr.load(tmp_path)
    assert table.columns() == {"seg": ("validation_miou",)}
    expected = nasbench_mr.load(shared_data).values("seg", "validation_miou")[:N]
    np.testing.assert_array_equal(table.values("seg", "validation_miou"), expected)
    assert np.isnan(table.published["flops"]).all()


def test_damaged_records_are_named_and_left_out(shared_data: Path, tmp_path: Path) -> None:
    write_official(shared_data, tmp_path, ("seg",))
    path = tmp_path / "seg" / "trainval.pkl"
    records = official(shared_data, "seg")
    records[2]["inverted_residual_setting"][0][0] = 2
    records[4]["embedding"] = records[5]["embedding"]
    del records[6]["last_channel"]
    records[8]["mIoU"] = "good"
    path.write_bytes(pickle.dumps(records))
    table = nasbench_mr.load(tmp_path)
    assert len(table) == N - 4
    problems = "\n".join(table.problems)
    for number, reason in ((2, "2 branches"), (4, "embedding"), (6, "last_channel"), (8, "good")):
        assert f"seg/trainval.pkl: record {number}: " in problems
        assert reason in problems


def test_impossible_values_are_left_out_by_name(shared_data: Path, tmp_path: Path) -> None:
    records = official(shared_data, "seg")[:6]
    records[1]["mIoU"] = 3e300
    records[2]["params"] = "many"
    records[3]["flops"] = -1.0
    records[4]["params"] = None
    records[5]["mIoU"] = [70.0, 80.0]
    (tmp_path / "seg").mkdir()
    (tmp_path / "seg" / "trainval.pkl").write_bytes(pickle.dumps(records))
    table = nasbench_mr.load(tmp_path)
    assert len(table) == 2
    assert np.isnan(table.published["params"]).tolist() == [False, True]
    assert "validation_miou" in table.columns()["seg"]
    for number, said in ((1, "in percent"), (2, "many"), (3, "flops of -1.0"), (5, "list")):
        assert any(f"record {number}:" in one and said in one for one in table.problems)


def test_the_official_file_goes_before_the_json(
    shared_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_official(shared_data, tmp_path, ("seg",))
    (tmp_path / "seg.json").write_text("[]")
    with caplog.at_level(logging.INFO):
        table = nasbench_mr.load(tmp_path)
    assert len(table.columns()["seg"]) == 3
    assert "trainval.pkl is read, not" in caplog.text
    nasbench_mr.convert(tmp_path, tmp_path / "nasbench_mr.json.gz")
    with caplog.at_level(logging.INFO):
        assert nasbench_mr.load(tmp_path).source.endswith("nasbench_mr.json.gz")
    assert "nasbench_mr.json.gz is read, not" in caplog.text


def test_a_hostile_pickle_runs_nothing(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "seg").mkdir()
    (tmp_path / "seg" / "trainval.pkl").write_bytes(pickle.dumps([Hostile()]))
    with pytest.raises(TableError, match="nothing of it was run"):
        nasbench_mr.load(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_damaged_and_absent_files(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(TableAbsentError, match="NCP"):
        nasbench_mr.load(tmp_path)
    with pytest.raises(TableError, match="has no SETTING"):
        nasbench_mr.convert(tmp_path, tmp_path / "nasbench_mr.json.gz")
    whole = (shared_data / "nasbench_mr.json.gz").read_bytes()
    for data in (whole[:9000], gzip.compress(b"[]"), gzip.compress(b'{"archs": 3}')):
        (tmp_path / "nasbench_mr.json.gz").write_bytes(data)
        with pytest.raises(TableError, match=r"nasbench_mr\.json\.gz"):
            nasbench_mr.load(tmp_path)
    (tmp_path / "nasbench_mr.json.gz").unlink()
    write_official(shared_data, tmp_path, ("seg",))
    path = tmp_path / "seg" / "trainval.pkl"
    for data in (path.read_bytes()[:900], pickle.dumps({"a": 1})):
        path.write_bytes(data)
        with pytest.raises(TableError, match=r"trainval\.pkl"):
            nasbench_mr.load(tmp_path)


def test_an_absent_setting_is_named(shared_data: Path) -> None:
    with pytest.raises(TableError, match=r"holds no 3ddet; it holds cls-50-1000"):
        nasbench_mr.load(shared_data).values("3ddet", "validation_ap")
