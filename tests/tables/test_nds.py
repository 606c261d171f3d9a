from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata import plugins
from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.spaces.nds import spaces
from naslib_proxydata.tables import nds
from naslib_proxydata.tables.plugin import register_benchmarks
from naslib_proxydata.testing import BenchmarkContract

PRESENT = [
    "nds-amoeba-in",
    "nds-darts-in",
    "nds-darts-fix-w-d-in",
    "nds-darts-lr-wd-in",
    "nds-enas-in",
    "nds-nasnet-in",
    "nds-resnext-a-in",
    "nds-resnet-lr-wd-in",
    "nds-vanilla-lr-wd-in",
]


@pytest.mark.parametrize("name", PRESENT)
class TestContract(BenchmarkContract):
    @pytest.fixture
    def table(self, shared_data: Path, name: str) -> nds.NdsTable:
        return nds.load(name, shared_data)


def content(shared_data: Path, file: str) -> Any:
    with gzip.open(shared_data / "nds" / f"{file}.json.gz") as stream:
        return json.load(stream)


def test_accuracies_are_100_minus_the_errors(shared_data: Path) -> None:
    table = nds.load("nds-darts-in", shared_data)
    records = content(shared_data, "DARTS_in")
    assert len(table) == len(records)
    assert table.problems == ()
    np.testing.assert_allclose(
        table.values("imagenet", "test_accuracy"),
        [100 - one["test_ep_top1"][-1] for one in records],
    )
    np.testing.assert_allclose(
        table.values("imagenet", "best_test_accuracy"),
        [100 - one["min_test_top1"] for one in records],
    )
    assert table.params.tolist() == [one["params"] for one in records]
    assert table.flops.tolist() == [one["flops"] for one in records]
    assert table.default_metric("imagenet") == "test_accuracy"


def test_reruns_are_averaged(shared_data: Path) -> None:
    table = nds.load("nds-resnet-reruns", shared_data)
    groups = content(shared_data, "ResNet_reruns")
    assert table.trainings.tolist() == [100, 100]
    expected = [100 - np.mean([one["test_ep_top1"][-1] for one in groups[g]]) for g in groups]
    np.testing.assert_allclose(table.values("cifar10", "test_accuracy"), expected)


def test_every_table_is_registered_with_its_space() -> None:
    registered = {one.name: one.space for one in register_benchmarks() if one.name[:4] == "nds-"}
    assert registered == {name: table.space for name, table in spaces.tables().items()}
    loaded = plugins.load()
    for name in spaces.spaces():
        assert loaded.create("spaces", name).name == name


def test_damaged_records_are_named_and_left_out(
    shared_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = content(shared_data, "DARTS_in")
    records[3]["net"]["genotype"]["normal"][0][0] = "sep_conv_9x9"
    del records[5]["test_ep_top1"]
    records[7]["test_ep_top1"] = []
    records[9]["min_test_top1"] = 170.0
    records[11] = None
    (tmp_path / "DARTS_in.json").write_text(json.dumps(records))
    table = nds.load("nds-darts-in", tmp_path)
    assert len(table) == len(records) - 5
    problems = "\n".join(table.problems)
    for number, reason in ((3, "sep_conv_9x9"), (5, "test_ep_top1"), (9, "170.0")):
        assert f"DARTS_in.json: record {number}: " in problems
        assert reason in problems
    assert problems.count("\n") == 4
    assert len(caplog.records) == 5


def test_a_size_that_is_no_number_is_nan(shared_data: Path, tmp_path: Path) -> None:
    """``NaN`` is what Python writes; cast to an integer it was -9223372036854775808."""
    records = content(shared_data, "DARTS_in")[:4]
    params = [one["params"] for one in records]
    records[1]["params"] = float("nan")
    records[2]["flops"] = None
    records[3]["params"] = -5
    (tmp_path / "DARTS_in.json").write_text(json.dumps(records))
    table = nds.load("nds-darts-in", tmp_path)
    np.testing.assert_array_equal(table.params, [params[0], np.nan, params[2]])
    np.testing.assert_array_equal(np.isnan(table.flops), [False, False, True])
    assert np.isfinite(table.values("imagenet", "test_accuracy")).all()
    assert "record 3: params of -5.0" in table.problems[0]


def test_the_whole_file_is_read_and_what_it_hides_is_logged(
    shared_data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = content(shared_data, "DARTS_in")[:2]
    (tmp_path / "DARTS_in.json").write_text(json.dumps(records))
    (tmp_path / "DARTS_in.json.gz").write_bytes(gzip.compress(json.dumps(records[:1]).encode()))
    with caplog.at_level(logging.INFO):
        assert len(nds.load("nds-darts-in", tmp_path)) == 2
    assert "DARTS_in.json is read, not" in caplog.text
    (tmp_path / "nds").mkdir()
    (tmp_path / "nds" / "DARTS_in.json").write_text(json.dumps(records))
    with pytest.raises(TableError, match=r"DARTS_in\.json and \S+nds/DARTS_in\.json are of one"):
        nds.load("nds-darts-in", tmp_path)


def test_an_unknown_block_is_named(shared_data: Path, tmp_path: Path) -> None:
    records = content(shared_data, "ResNeXt-A_in")[:3]
    records[1]["net"]["block_type"] = "dense_block"
    (tmp_path / "ResNeXt-A_in.json").write_text(json.dumps(records))
    table = nds.load("nds-resnext-a-in", tmp_path)
    assert len(table) == 2
    assert "record 1" in table.problems[0]
    assert "dense_block" in table.problems[0]
    (tmp_path / "ResNeXt-A_in.json").write_text(json.dumps(records[1:2]))
    with pytest.raises(TableError, match=r"no record can be read.*dense_block"):
        nds.load("nds-resnext-a-in", tmp_path)


def test_conversion_keeps_what_is_read(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "nds" / "Amoeba_in.json.gz"
    target = tmp_path / "Amoeba_in.json.gz"
    nds.convert(source, target)
    whole, small = nds.load("nds-amoeba-in", shared_data), nds.load("nds-amoeba-in", tmp_path)
    assert target.stat().st_size < source.stat().st_size / 2
    assert list(small.architectures()) == list(whole.architectures())
    for metric in nds.METRICS:
        np.testing.assert_array_equal(
            small.values("imagenet", metric), whole.values("imagenet", metric)
        )


def test_damaged_and_absent_files(tmp_path: Path) -> None:
    with pytest.raises(TableAbsentError, match=r"PNAS_in\.json"):
        nds.load("nds-pnas-in", tmp_path)
    for data in (b"[{", b'{"top": 3}', b"3"):
        (tmp_path / "PNAS_in.json").write_bytes(data)
        with pytest.raises(TableError, match=r"PNAS_in\.json"):
            nds.load("nds-pnas-in", tmp_path)
    (tmp_path / "PNAS_in.json").unlink()
    (tmp_path / "PNAS_in.json.gz").write_bytes(gzip.compress(b"[]" * 9)[:-9])
    with pytest.raises(TableError, match=r"PNAS_in\.json\.gz"):
        nds.load("nds-pnas-in", tmp_path)


def test_a_released_file_keeps_its_name(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "nds" / "DARTS_in.json.gz"
    with pytest.raises(TableError, match=r"is DARTS_in of NDS and would be read as DARTS under"):
        nds.convert(source, tmp_path / "DARTS.json.gz")
    assert not list(tmp_path.iterdir())
    nds.convert(source, tmp_path / "DARTS_in.json.gz")
