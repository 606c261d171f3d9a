from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.tables import transnas_macro, transnas_micro
from naslib_proxydata.tables.transnas import METRICS, OFFICIAL, OFFICIAL_METRICS
from naslib_proxydata.testing import BenchmarkContract

MODULES = {"micro": transnas_micro, "macro": transnas_macro}


class TestMicroContract(BenchmarkContract):
    @pytest.fixture
    def table(self, shared_data: Path) -> Any:
        return transnas_micro.load(shared_data)


class TestMacroContract(BenchmarkContract):
    @pytest.fixture
    def table(self, shared_data: Path) -> Any:
        return transnas_macro.load(shared_data)


def compact(shared_data: Path, kind: str) -> dict[str, Any]:
    with gzip.open(shared_data / f"transnas_{kind}.json.gz") as stream:
        content: dict[str, Any] = json.load(stream)
    return content


def database(shared_data: Path, n: int = 20) -> dict[str, Any]:
    """Return the official file's content for a few networks, best epochs being real values."""
    data: dict[str, Any] = {}
    tasks: list[str] = []
    for kind in MODULES:
        content = compact(shared_data, kind)
        tasks = list(content["tasks"])
        data[kind] = {
            text: {
                task: {
                    "metrics": {
                        content["metric"][task]: [0.0, content["tasks"][task][row], 0.01],
                        "time_elapsed": [1.0, 1.0, 1.0],
                    },
                    "model_info": {"encoder_params": 1.5},
                    "total_epochs": 3,
                }
                for task in tasks
            }
            for row, text in enumerate(content["arch_str"][:n])
        }
    metrics = {task: [OFFICIAL_METRICS[task], "time_elapsed"] for task in tasks}
    names = ["inference_time", "encoder_params"]
    return {"metrics_dict": metrics, "info_names": names, "task_list": tasks, "data": data}


class StandIn:
    """The documented attributes and methods of ``TransNASBenchAPI``."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.database = content
        self.task_list: Sequence[str] = content["task_list"]
        self.metrics_dict = content["metrics_dict"]
        self.search_spaces = list(content["data"])
        self.all_arch_dict = {kind: list(found) for kind, found in content["data"].items()}

    def get_single_metric(self, arch: str, task: str, metric: str, mode: str = "best") -> float:
        kind = "macro" if arch.endswith("basic") else "micro"
        values = self.database["data"][kind][arch][task]["metrics"][metric]
        return float({"best": max(values), "final": values[-1]}[mode])


def check(table: Any, shared_data: Path, kind: str, n: int = 20) -> None:
    content = compact(shared_data, kind)
    assert list(table.architectures()) == content["arch_str"][:n]
    assert set(table.columns()) == set(content["tasks"])
    for task, values in content["tasks"].items():
        metric = METRICS[content["metric"][task]]
        np.testing.assert_array_equal(table.values(task, metric), values[:n])
        assert table.default_metric(task) == metric


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("zipped", [True, False])
def test_official_file_and_conversion(
    shared_data: Path, tmp_path: Path, kind: str, zipped: bool
) -> None:
    source = tmp_path / OFFICIAL
    torch.save(database(shared_data), source, _use_new_zipfile_serialization=zipped)
    check(MODULES[kind].load(tmp_path), shared_data, kind)
    target = tmp_path / f"transnas_{kind}.json.gz"
    MODULES[kind].convert(source, target)
    source.unlink()
    check(MODULES[kind].load(tmp_path), shared_data, kind)


@pytest.mark.parametrize("kind", MODULES)
def test_live_api_object(shared_data: Path, kind: str) -> None:
    check(MODULES[kind].from_api(StandIn(database(shared_data))), shared_data, kind)


@pytest.mark.parametrize("kind", MODULES)
def test_a_task_that_one_network_lacks_is_nan(shared_data: Path, tmp_path: Path, kind: str) -> None:
    content = database(shared_data)
    texts = list(content["data"][kind])
    del content["data"][kind][texts[3]]["jigsaw"]
    torch.save(content, tmp_path / OFFICIAL)
    for table in (MODULES[kind].load(tmp_path), MODULES[kind].from_api(StandIn(content))):
        values = table.values("jigsaw", "validation_accuracy")
        assert np.flatnonzero(np.isnan(values)).tolist() == [3]
        expected = compact(shared_data, kind)["tasks"]["jigsaw"][:20]
        np.testing.assert_array_equal(np.delete(values, 3), np.delete(expected, 3))
        assert np.isfinite(table.values("class_scene", "validation_accuracy")).all()


def test_an_epoch_without_a_value_is_not_the_best(shared_data: Path, tmp_path: Path) -> None:
    content = database(shared_data)
    first = next(iter(content["data"]["micro"].values()))
    expected = max(first["jigsaw"]["metrics"]["valid_top1"])
    first["jigsaw"]["metrics"]["valid_top1"].insert(0, float("nan"))
    torch.save(content, tmp_path / OFFICIAL)
    assert transnas_micro.load(tmp_path).values("jigsaw", "validation_accuracy")[0] == expected


def test_a_live_object_that_answers_otherwise_is_refused(shared_data: Path) -> None:
    content = database(shared_data)
    first = next(iter(content["data"]["micro"].values()))
    del first["jigsaw"]["metrics"]["valid_top1"]
    with pytest.raises(TableError, match=r"StandIn object does not answer.*KeyError: 'valid_top1'"):
        transnas_micro.from_api(StandIn(content))
    with pytest.raises(TableError, match=r"dict object does not answer.*all_arch_dict"):
        transnas_micro.from_api({})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("task", "value"),
    [("class_scene", 3e300), ("jigsaw", -1.0), ("segmentsemantic", 101.0), ("autoencoder", 1.5)],
)
def test_impossible_values_are_refused(
    shared_data: Path, tmp_path: Path, task: str, value: float
) -> None:
    content = compact(shared_data, "micro")
    content["tasks"][task][7] = value
    with gzip.open(tmp_path / "transnas_micro.json.gz", "wt") as stream:
        json.dump(content, stream)
    with pytest.raises(TableError, match=rf"transnas_micro\.json\.gz, {task}: valid_\w+ lies"):
        transnas_micro.load(tmp_path)


def test_another_release_is_read_and_two_are_refused(shared_data: Path, tmp_path: Path) -> None:
    other = tmp_path / "transnas-bench_v11011200.pth"
    torch.save(database(shared_data), other)
    assert transnas_micro.load(tmp_path).source == str(other)
    (tmp_path / OFFICIAL).touch()
    with pytest.raises(TableError, match=r"v10141024\.pth and \S+v11011200\.pth are of one"):
        transnas_micro.load(tmp_path)


def test_swapped_spaces_are_refused(shared_data: Path, tmp_path: Path) -> None:
    """A file whose name says micro and whose content is macro, as in Eproxy's release."""
    swapped = compact(shared_data, "macro")
    for space, reason in (("macro", "holds the space 'macro'"), ("micro", "architecture 0: not a")):
        with gzip.open(tmp_path / "transnas_micro.json.gz", "wt") as stream:
            json.dump({**swapped, "space": space}, stream)
        with pytest.raises(TableError, match=reason):
            transnas_micro.load(tmp_path)


def test_a_hostile_file_runs_nothing(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    for zipped in (True, False):
        torch.save({"data": Hostile()}, tmp_path / OFFICIAL, _use_new_zipfile_serialization=zipped)
        with pytest.raises(TableError, match="nothing of it was run"):
            transnas_micro.load(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", pickle.dumps({"a": 1})])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    for name in (OFFICIAL, "transnas_macro.json.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TableError, match=name):
            transnas_macro.load(tmp_path)


def test_truncated_compact_file(shared_data: Path, tmp_path: Path) -> None:
    whole = (shared_data / "transnas_macro.json.gz").read_bytes()
    (tmp_path / "transnas_macro.json.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TableError, match=r"transnas_macro\.json\.gz"):
        transnas_macro.load(tmp_path)


def test_absent_tasks_and_files(shared_data: Path, tmp_path: Path) -> None:
    said = r"101 micro publishes room_layout, but \S+micro\.json\.gz holds no room_layout; it"
    with pytest.raises(TableError, match=said):
        transnas_micro.load(shared_data).values("room_layout", "validation_negative_loss")
    for root in (tmp_path, None):
        with pytest.raises(TableAbsentError, match=OFFICIAL):
            transnas_micro.load(root)
    content = compact(shared_data, "micro")
    content["tasks"] = {"jigsaw": content["tasks"]["jigsaw"]}
    with gzip.open(tmp_path / "transnas_micro.json.gz", "wt") as stream:
        json.dump(content, stream)
    assert list(transnas_micro.load(tmp_path).columns()) == ["jigsaw"]
