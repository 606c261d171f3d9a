"""Live objects of the official packages, on the real records."""

from __future__ import annotations

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
