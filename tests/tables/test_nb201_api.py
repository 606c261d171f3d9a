"""Live objects of the official packages, on the real records."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import TableError
from naslib_proxydata.tables.nb201 import open_source
from naslib_proxydata.tables.nb201_api import from_api
from naslib_proxydata.tables.nb201_columns import MEASUREMENTS
from tests.tables.nb201_files import official_texts, pth_content, real_records, write_nats_folder

CELLS = (0, 11, 284)


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("api") / "nats"
    return write_nats_folder(root, real_records(shared_data), official_texts(shared_data)[:300])


@pytest.fixture(params=["nas_201_api", "nats_bench fast", "nats_bench whole"])
def api(request: pytest.FixtureRequest, folder: Path, shared_data: Path) -> Any:
    name = request.param.split()[0]
    package = pytest.importorskip(name, reason=f"needs the extra [apis]: {name} is not installed")
    records, texts = real_records(shared_data), official_texts(shared_data)[:300]
    if name == "nas_201_api":
        return package.NASBench201API(pth_content(records, texts), verbose=False)
    if request.param.endswith("fast"):
        return package.create(str(folder), "tss", fast_mode=True, verbose=False)
    content = {"meta_archs": texts, "arch2infos": records, "evaluated_indexes": set(records)}
    return package.create(content, "tss", fast_mode=False, verbose=False)


def test_values_are_those_of_the_files(api: Any, folder: Path) -> None:
    table, files = from_api(api), open_source(folder)
    assert table.columns() == files.columns()
    assert list(table.architectures()) == list(files.architectures())
    assert len(table) == 300
    for one in MEASUREMENTS:
        for index in CELLS:
            text = files.architectures()[index]
            assert table.query(text, *one.column) == files.query(text, *one.column)


def test_a_column_is_nan_where_the_api_has_nothing(api: Any, folder: Path) -> None:
    table = from_api(api)
    values = table.values("imagenet16", "validation_accuracy")
    np.testing.assert_array_equal(np.flatnonzero(~np.isnan(values)), CELLS)
    np.testing.assert_array_equal(
        values, open_source(folder).values("imagenet16", "validation_accuracy")
    )


def test_unknown_names(api: Any) -> None:
    table = from_api(api)
    text = table.architectures()[0]
    with pytest.raises(TableError, match="Did you mean 'imagenet16'"):
        table.query(text, "imagenet", "validation_accuracy")
    with pytest.raises(TableError, match="no cell"):
        table.query("|none~0|", "cifar10", "validation_accuracy")
    assert table.default_metric("cifar100") == "validation_accuracy"
    assert type(api).__name__ in table.source


def test_other_objects_are_refused() -> None:
    with pytest.raises(TableError, match="got dict"):
        from_api({})  # type: ignore[arg-type]


def test_the_size_space_is_refused(shared_data: Path) -> None:
    nats_bench = pytest.importorskip("nats_bench", reason="needs the extra [apis]")
    content = {"meta_archs": ["8:8:8:8:8"], "arch2infos": {}, "evaluated_indexes": set()}
    api = nats_bench.create(content, "sss", fast_mode=False, verbose=False)
    with pytest.raises(TableError, match="size search space"):
        from_api(api)


class Trained:
    """One cell and length of training, as both packages' ``ArchResults``."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def get_dataset_seeds(self, dataset: str) -> list[int]:
        return list(self.record["dataset_seed"][dataset])

    def info(self, dataset: str, is_random: bool | int) -> dict[str, float]:
        seeds = self.get_dataset_seeds(dataset) if is_random is False else [is_random]
        trials = [self.record["all_results"][dataset, seed] for seed in seeds]
        last = self.record["all_results"][dataset, seeds[0]]["epochs"] - 1
        test = "ori-test" if dataset == "cifar10" else "x-test"
        names = {"valid-accuracy": f"x-valid@{last}", "test-accuracy": f"{test}@{last}"}
        return {
            name: float(np.mean([trial["eval_acc1es"][key] for trial in trials]))
            for name, key in names.items()
            if key in trials[0]["eval_acc1es"]
        }


class NASBench201API:
    """``nas_201_api`` 1.3: the fourth argument is another one than in 2.0 and later."""

    def __init__(self, records: dict[int, Any], texts: list[str]) -> None:
        self.meta_archs = texts
        self.arch2infos_less = {index: Trained(one["12"]) for index, one in records.items()}
        self.arch2infos_full = {index: Trained(one["200"]) for index, one in records.items()}

    def get_more_info(
        self,
        index: int,
        dataset: str,
        iepoch: int | None = None,
        use_12epochs_result: bool = False,
        is_random: bool | int = True,
    ) -> dict[str, float]:
        held = self.arch2infos_less if use_12epochs_result else self.arch2infos_full
        return held[index].info(dataset, is_random)


class NATStopology:
    """``nats_bench`` 1.0 to 1.8."""

    def __init__(self, records: dict[int, Any], texts: list[str]) -> None:
        self.meta_archs = texts
        self.arch2infos_dict = {
            index: {hp: Trained(record) for hp, record in one.items()}
            for index, one in records.items()
        }

    def get_more_info(
        self,
        index: int,
        dataset: str,
        iepoch: int | None = None,
        hp: str = "12",
        is_random: bool | int = True,
    ) -> dict[str, float]:
        return self.arch2infos_dict[index][hp].info(dataset, is_random)


@pytest.mark.parametrize("kind", [NASBench201API, NATStopology])
def test_every_published_signature_gives_the_right_training(
    kind: Any, folder: Path, shared_data: Path
) -> None:
    """After 200 epochs, by the records: 81.983, 87.940 and 86.047; after 12 far less."""
    table = from_api(kind(real_records(shared_data), official_texts(shared_data)[:300]))
    files = open_source(folder)
    texts = table.architectures()
    got = [table.query(texts[cell], "cifar10", "validation_accuracy") for cell in CELLS]
    assert got == pytest.approx([81.983, 87.940, 86.047], abs=1e-3)
    less = [table.query(texts[cell], "cifar10", "validation_accuracy_12_epochs") for cell in CELLS]
    assert less == pytest.approx([63.364, 63.278, 72.876], abs=1e-3)
    for one in MEASUREMENTS:
        for cell in CELLS:
            assert table.query(texts[cell], *one.column) == files.query(texts[cell], *one.column)


def test_an_unknown_signature_is_refused(shared_data: Path) -> None:
    class Other(NATStopology):
        def get_more_info(self, index: int, dataset: str, budget: int) -> Any:  # type: ignore[override]
            raise AssertionError("never asked")

    with pytest.raises(TableError, match=r"takes \(budget, dataset, index\), expected"):
        from_api(Other({}, official_texts(shared_data)[:2]))


@pytest.mark.parametrize("wrong", [[81.0, 99.0], 8198.3, -1.0, "81", True])
def test_an_accuracy_that_is_none_is_refused(wrong: Any, shared_data: Path) -> None:
    class Wrong(NATStopology):
        def get_more_info(self, *_: Any, hp: str = "", **__: Any) -> Any:
            return {"valid-accuracy": wrong}

        get_more_info.__signature__ = inspect.signature(NATStopology.get_more_info)  # type: ignore[attr-defined]

    table = from_api(Wrong(real_records(shared_data), official_texts(shared_data)[:300]))
    with pytest.raises(TableError, match=r"cell 0, cifar10-valid.*expected one accuracy"):
        table.query(table.architectures()[0], "cifar10", "validation_accuracy")


def test_a_list_of_something_else_is_refused() -> None:
    for texts, said in (
        (["64:64:64:64:64"], "size search space.*'64:64:64:64:64'.*NATS-tss"),
        (["64-41414-1_02_333"], "not a NAS-Bench-201 cell"),
        ([7], "lists 7, expected the text"),
        ([], "lists no cell"),
    ):
        with pytest.raises(TableError, match=said):
            from_api(NATStopology({}, texts))  # type: ignore[arg-type]
