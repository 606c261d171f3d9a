"""Every built-in passes the contract that plugin authors are given."""

from __future__ import annotations

import functools
import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from torch import nn

from naslib_proxydata import plugins
from naslib_proxydata.data.base import Dataset
from naslib_proxydata.errors import TableAbsentError
from naslib_proxydata.evolution.base import Optimizer
from naslib_proxydata.oneshot.base import Strategy
from naslib_proxydata.oneshot.supernets.base import Supernet
from naslib_proxydata.predictors.base import Predictor
from naslib_proxydata.selection.base import Selector
from naslib_proxydata.selection.scorers.base import Scorer
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.tables.base import BenchmarkTable
from naslib_proxydata.testing import (
    BenchmarkContract,
    DatasetContract,
    ObserverContract,
    OptimizerContract,
    PredictorContract,
    PrunerContract,
    ScorerContract,
    SearchSpaceContract,
    SelectorContract,
    StrategyContract,
    SupernetContract,
)

FOUND = plugins.load()


class TestSpaces(SearchSpaceContract):
    @pytest.fixture(params=FOUND.names("spaces"))
    def space(self, request: pytest.FixtureRequest) -> SearchSpace[Any]:
        return FOUND.create("spaces", request.param)


SMALLER: dict[str, dict[str, Any]] = {
    "dps": {"cycles": 1, "shared": {"iterations": 2, "batch": 2}},
    "few-label": {"proxies": ("synflow", "naswot")},  # eproxy is held to the contract by itself
}
"""Options of predictors whose defaults would take too long."""


class TestPredictors(PredictorContract):
    @pytest.fixture(params=FOUND.names("predictors"))
    def factory(self, request: pytest.FixtureRequest) -> Callable[..., Predictor]:
        options = SMALLER.get(request.param, {})
        return functools.partial(FOUND.create, "predictors", request.param, **options)


class TestSelectors(SelectorContract):
    @pytest.fixture(params=FOUND.names("selectors"))
    def selector(self, request: pytest.FixtureRequest) -> Selector:
        return FOUND.create("selectors", request.param)


class TestScorers(ScorerContract):
    model = "tests.testing.test_builtins:SmallNetwork"

    @pytest.fixture(params=FOUND.names("scorers"))
    def scorer(self, request: pytest.FixtureRequest) -> Scorer:
        return FOUND.create("scorers", request.param)


class SmallNetwork(nn.Sequential):
    """A model that trains at once; without arguments it stands for a pretrained one."""

    def __init__(self, num_classes: int = 4) -> None:
        super().__init__(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(48, num_classes))


class TestDatasets(DatasetContract):
    @pytest.fixture(params=FOUND.names("datasets"))
    def dataset(self, request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
        return FOUND.create("datasets", request.param, path=WRITTEN[request.param](tmp_path))


def write_arrays(folder: Path) -> str:
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    np.savez(folder / "some.npz", images=images, labels=np.arange(20) % 3, index=np.arange(20) * 2)
    return str(folder / "some.npz")


def write_files(folder: Path) -> str:
    for number in range(20):
        path = folder / "images" / f"class{number % 3}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (number, 0, 0)).save(path)
    return str(folder / "images")


def write_idx(folder: Path) -> str:
    for stem, content in (
        ("train-images-idx3-ubyte", bytes([0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 4, 0, 0, 0, 4])),
        ("train-labels-idx1-ubyte", bytes([0, 0, 8, 1, 0, 0, 0, 20])),
    ):
        size = 320 if "images" in stem else 20
        (folder / stem).write_bytes(content + bytes(number % 10 for number in range(size)))
    return str(folder)


def write_svhn(folder: Path) -> str:
    images = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 20), dtype=np.uint8)
    np.savez(folder / "svhn.npz", X=images, y=np.arange(20) % 10 + 1)
    return str(folder / "svhn.npz")


def write_imagenet16(folder: Path) -> str:
    rows = np.random.default_rng(0).integers(0, 256, (30, 768), dtype=np.uint8)
    batch = {"data": rows, "labels": [5 * number + 1 for number in range(30)]}
    (folder / "val_data").write_bytes(pickle.dumps(batch))
    return str(folder / "val_data")


def write_mit67(folder: Path) -> str:
    write_files(folder)
    (folder / "images").rename(folder / "Images")
    names = [f"class{number % 3}/{number}.png" for number in range(20)]
    (folder / "TrainImages.txt").write_text("\n".join(names))
    return str(folder)


def write_flowers102(folder: Path) -> str:
    (folder / "jpg").mkdir()
    for number in range(1, 21):
        Image.new("RGB", (8, 6), (number, 0, 0)).save(folder / "jpg" / f"image_{number:05d}.jpg")
    savemat(folder / "imagelabels.mat", {"labels": np.arange(20)[None] % 7 + 1})
    return str(folder)


WRITTEN: dict[str, Callable[[Path], str]] = {
    "digits": lambda _: "",
    "fashion-mnist": write_idx,
    "cifar10": write_files,
    "cifar100": write_arrays,
    "svhn": write_svhn,
    "imagenet16-120": write_imagenet16,
    "mit67": write_mit67,
    "flowers102": write_flowers102,
    "npz": write_arrays,
    "folder": write_files,
}
"""How a small dataset of each format is made, and its path."""


QUICK = {"nao": {"hidden": 8, "epochs": 2}}
"""Options of optimizers whose defaults take long."""


class TestOptimizers(OptimizerContract):
    @pytest.fixture(params=FOUND.names("optimizers"))
    def factory(self, request: pytest.FixtureRequest) -> Callable[..., Optimizer[Any]]:
        options = QUICK.get(request.param, {})
        return functools.partial(FOUND.create, "optimizers", request.param, **options)


FEW_EXAMPLES = {"random": {"schedule": "20/10"}}
"""Options of pruners whose defaults would leave too few of the contract's examples."""


class TestPruners(PrunerContract):
    @pytest.fixture(params=FOUND.names("pruners"))
    def factory(self, request: pytest.FixtureRequest) -> Callable[..., object]:
        options = FEW_EXAMPLES.get(request.param, {})
        return functools.partial(FOUND.create, "pruners", request.param, **options)


class SilentWriter:
    """Takes the place of torch's SummaryWriter, which needs a package of its own."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


class TestObservers(ObserverContract):
    @pytest.fixture(params=FOUND.names("observers"))
    def factory(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., object]:
        fake = types.ModuleType("torch.utils.tensorboard")
        fake.SummaryWriter = SilentWriter  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
        return functools.partial(FOUND.create, "observers", request.param)


class TestSupernets(SupernetContract):
    @pytest.fixture(params=FOUND.names("supernets"))
    def name(self, request: pytest.FixtureRequest) -> str:
        name: str = request.param
        if name in ("darts", "s1", "s2", "s3", "s4"):
            self.sizes = {"channels": 4, "cells": 3}  # the fewest with both kinds of cell
        if name == "mobilenet":
            self.image_size = 32  # it halves the image four times
        return name

    @pytest.fixture
    def factory(self, name: str) -> Callable[..., Supernet]:
        return functools.partial(FOUND.create, "supernets", name)

    @pytest.fixture
    def space(self, name: str) -> SearchSpace[Any] | None:
        return FOUND.create("spaces", name)


SMALL_STRATEGIES: dict[str, dict[str, Any]] = {
    "enas": {"picks": 2, "steps": 2, "cells": 2},
    "random-sharing": {"picks": 2},
    "p-darts": {"depths": (1, 2), "kept": (3,), "dropouts": (0.0, 0.4)},
}
"""Options of strategies whose defaults would take too long."""


class TestStrategies(StrategyContract):
    @pytest.fixture(params=FOUND.names("strategies"))
    def factory(self, request: pytest.FixtureRequest) -> Callable[..., Strategy]:
        options = SMALL_STRATEGIES.get(request.param, {})
        return functools.partial(FOUND.create, "strategies", request.param, **options)


@functools.cache
def opened(name: str, root: Path) -> BenchmarkTable:
    return FOUND.create("benchmarks", name, root=root)


class TestBenchmarks(BenchmarkContract):
    @pytest.fixture(params=FOUND.names("benchmarks"))
    def table(self, request: pytest.FixtureRequest, shared_data: Path) -> BenchmarkTable:
        try:
            return opened(request.param, shared_data)
        except TableAbsentError as error:
            pytest.skip(str(error))


@pytest.mark.parametrize("kind", plugins.KINDS)
def test_registrations_are_described(kind: str) -> None:
    for name in FOUND.names(kind):
        registration = FOUND.registration(kind, name)
        assert registration.summary, (kind, name)
        assert "\n" not in registration.summary, (kind, name)


def test_benchmarks_say_their_space_and_where_to_get_them() -> None:
    for name in FOUND.names("benchmarks"):
        registration = FOUND.registration("benchmarks", name)
        assert registration.space in FOUND.names("spaces"), name
        assert registration.datasets, name
        assert registration.how_to_get, name
