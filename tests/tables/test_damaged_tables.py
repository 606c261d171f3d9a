"""Every form of every table in damaged copies: refused in a sentence, or taken with sound values.

Bytes are damaged as disks and downloads do it. Where a format has a checksum, what is taken must be
what was written; and since no such damage gets past a checksum, values are changed as well, and
written as the publisher writes them.
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.nasbench_mr.space import NasBenchMr
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.nds.spaces import make_space
from naslib_proxydata.spaces.transnas.micro import TransNasMicro
from naslib_proxydata.tables import (
    darts,
    nasbench_mr,
    nb101,
    nb201_compact,
    nb201_official,
    nb201_package,
    nds,
    transnas_micro,
)
from naslib_proxydata.tables.base import BenchmarkTable
from naslib_proxydata.tables.label_file import read_labels
from naslib_proxydata.tables.own import read_own
from tests.damage import damaged, many_copies, refused
from tests.tables import small_tables as small
from tests.tables import tfrecord_writer as writer
from tests.tables.mutated import mutated

Reader = Callable[[Path], BenchmarkTable]
Written = Callable[[Any], bytes]


class Form(NamedTuple):
    """One form of a table.

    Attributes:
        name: What the file is called.
        content: What is in it.
        written: Its bytes.
        read: The reader.
        space: The space of its architectures.
        checked: Whether the bytes have a checksum.
    """

    name: str
    content: Any
    written: Written
    read: Reader
    space: Any
    checked: bool


def as_json(content: Any) -> bytes:
    return json.dumps(content).encode()


def as_json_gz(content: Any) -> bytes:
    return gzip.compress(as_json(content), mtime=0)


def as_records(rows: Any) -> bytes:
    return b"".join(writer.record(small.nb101_payload(row)) for row in rows)


def nb101_arrays() -> dict[str, NDArray[Any]]:
    from naslib_proxydata.tables.nb101_records import _run_of_row, gather

    runs = [_run_of_row(small.nb101_payload(row)) for row in small.nb101_rows()]
    return gather(runs, "here")


def nb201_arrays() -> dict[str, NDArray[Any]]:
    space = NasBench201()
    cells = [space.parse(text) for text in small.texts(space, 4)]
    trials = np.array([[80.0, 82.0], [70.0, np.nan], [60.0, 61.0], [90.0, 91.0]])
    from naslib_proxydata.spaces.nb201.codes import to_official_codes

    return {
        "arch_str": np.array([space.text(cell).encode() for cell in cells]),
        "op_codes": np.array([to_official_codes(cell) for cell in cells], np.uint8),
        "cifar10_valid_200": np.array([81.0, 70.0, 60.5, 90.5]),
        "cifar10_valid_200_trials": trials,
        "cifar100_test_12": np.array([50.0, np.nan, 20.0, 30.0]),
    }


def beside(path: Path, name: str, content: bytes) -> None:
    """Write the other file that a reader needs, where the folder is one."""
    if os.path.isdir(path.parent):
        path.with_name(name).write_bytes(content)


def package(path: Path) -> BenchmarkTable:
    """Read a copy as the first of the package's three files."""
    for name in ("cifar100.pkl", "imagenet.pkl"):
        beside(path, name, pickle.dumps(small.nb201_package()))
    return nb201_package.read_package(path.parent)


def nats_cell(path: Path) -> BenchmarkTable:
    """Read a copy as the record of a cell in a NATS-Bench-tss folder."""
    texts = small.nb201_nats()["meta_archs"]
    beside(path, "meta.pickle.pbz2", small.as_pbz2({"meta_archs": texts}))
    return nb201_official.read_nats_folder(path.parent)


def nats_list(path: Path) -> BenchmarkTable:
    """Read a copy as the list of cells in a NATS-Bench-tss folder."""
    infos = small.nb201_nats()["arch2infos"]
    beside(path, "000000.pickle.pbz2", small.as_pbz2(infos[0]))
    return nb201_official.read_nats_folder(path.parent)


def nds_table(path: Path) -> BenchmarkTable:
    return nds.read("nds-darts-in", path)


def mr_setting(path: Path) -> BenchmarkTable:
    return nasbench_mr.read_settings({"seg": path}, str(path))


MR_RECORDS = [{**one, "mIoU": 70.0 + row} for row, one in enumerate(small.mr_networks())]
MR_PAIRS = [[one, 70.0 + row] for row, one in enumerate(small.mr_networks())]
NATS = small.nb201_nats()
DARTS_IN = make_space("nds-darts-in")
READ_MICRO = transnas_micro.MICRO.open

FORMS = {
    "nb101.tfrecord": Form(
        "nasbench_full.tfrecord",
        small.nb101_rows(),
        as_records,
        lambda path: nb101.load(path.parent),
        NasBench101(),
        True,
    ),
    "nb101.npz": Form(
        "nb101.npz", nb101_arrays(), small.as_npz, nb101.read_compact, NasBench101(), True
    ),
    "nb201.npz": Form(
        "nb201.npz", nb201_arrays(), small.as_npz, nb201_compact.read_compact, NasBench201(), True
    ),
    "nb201.pth": Form(
        "a.pth", small.nb201_pth(), small.as_pth, nb201_official.read_pth, NasBench201(), True
    ),
    "nb201-legacy.pth": Form(
        "a.pth",
        small.nb201_pth(),
        lambda content: small.as_pth(content, legacy=True),
        nb201_official.read_pth,
        NasBench201(),
        False,
    ),
    "nats-file": Form(
        "a.pickle.pbz2", NATS, small.as_pbz2, nb201_official.read_nats_file, NasBench201(), True
    ),
    "nats-cell": Form(
        "000000.pickle.pbz2", NATS["arch2infos"][0], small.as_pbz2, nats_cell, NasBench201(), True
    ),
    "nats-list": Form(
        "meta.pickle.pbz2",
        {"meta_archs": NATS["meta_archs"], "total_archs": 3},
        small.as_pbz2,
        nats_list,
        NasBench201(),
        True,
    ),
    "nb201-package": Form(
        "cifar10.pkl", small.nb201_package(), pickle.dumps, package, NasBench201(), False
    ),
    "nds.json": Form("DARTS_in.json", small.nds_records(), as_json, nds_table, DARTS_IN, False),
    "nds.json.gz": Form(
        "DARTS_in.json.gz", small.nds_records(), as_json_gz, nds_table, DARTS_IN, True
    ),
    "transnas.json.gz": Form(
        "transnas_micro.json.gz",
        small.transnas_compact(),
        as_json_gz,
        READ_MICRO,
        TransNasMicro(),
        True,
    ),
    "transnas.json": Form(
        "transnas_micro.json",
        small.transnas_compact(),
        as_json,
        READ_MICRO,
        TransNasMicro(),
        False,
    ),
    "transnas.pth": Form(
        "a.pth", small.transnas_database(), small.as_pth, READ_MICRO, TransNasMicro(), True
    ),
    "nasbench-mr.json.gz": Form(
        "nasbench_mr.json.gz",
        small.mr_compact(),
        as_json_gz,
        nasbench_mr.read_compact,
        NasBenchMr(),
        True,
    ),
    "nasbench-mr.pkl": Form(
        "trainval.pkl", MR_RECORDS, pickle.dumps, mr_setting, NasBenchMr(), False
    ),
    "nasbench-mr.json": Form("seg.json", MR_PAIRS, as_json, mr_setting, NasBenchMr(), False),
    "darts.csv": Form("darts.csv", small.darts_csv(), bytes, darts.read, Darts(), False),
    "darts.csv.gz": Form(
        "darts.csv.gz", small.darts_csv(), gzip.compress, darts.read, Darts(), True
    ),
    "own.csv": Form(
        "mine.csv",
        small.own_csv("top1"),
        bytes,
        lambda path: read_own(path, NasBench201()),
        NasBench201(),
        False,
    ),
}
OF_VALUES = [
    kind for kind, form in FORMS.items() if "csv" not in kind and not kind.endswith(".npz")
]


def columns(table: BenchmarkTable) -> dict[tuple[str, str, str], float]:
    """Return every value by architecture, dataset and metric."""
    return {
        (text, dataset, metric): value
        for dataset, metrics in table.columns().items()
        for metric in metrics
        for text, value in zip(
            table.architectures(), table.values(dataset, metric).tolist(), strict=True
        )
    }


def check_sound(table: BenchmarkTable, space: Any) -> None:
    """Assert that a table is one: different architectures of its space, values that can be."""
    assert len(table) == len(set(table.architectures())) > 0
    for row, text in enumerate(table.architectures()):
        assert space.text(space.parse(text)) == text
        assert table.position(text) == row
    for (_, _, metric), value in columns(table).items():
        if not np.isnan(value) and not table.name.startswith("csv:"):
            assert (-1 if metric.endswith("ssim") else 0) <= value <= 100


def folder_for(tmp_path: Path) -> Path:
    """Return an empty folder: a copy of an earlier example must not be read."""
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    return folder


@pytest.fixture(scope="module", params=FORMS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def genuine(kind: str, tmp_path_factory: pytest.TempPathFactory) -> dict[Any, float]:
    form = FORMS[kind]
    path = small.put(tmp_path_factory.mktemp("genuine") / form.name, form.written(form.content))
    table = form.read(path)
    check_sound(table, form.space)
    return columns(table)


@many_copies
@given(data=st.data())
def test_damaged_bytes(
    data: st.DataObject, kind: str, genuine: dict[Any, float], tmp_path: Path
) -> None:
    form = FORMS[kind]
    copy = data.draw(damaged(form.written(form.content)))
    path = small.put(folder_for(tmp_path) / form.name, copy)
    table = refused(lambda: form.read(path), kind)
    if table is None:
        return
    check_sound(table, form.space)
    if form.checked:
        for place, value in columns(table).items():
            assert np.isnan(value) or value == genuine[place]


@pytest.mark.parametrize("form", [FORMS[kind] for kind in OF_VALUES], ids=OF_VALUES)
@many_copies
@given(data=st.data())
def test_changed_values(data: st.DataObject, form: Form, tmp_path: Path) -> None:
    try:
        content = form.written(data.draw(mutated(form.content)))
    except (TypeError, ValueError, UnicodeError):
        return  # no publisher writes that either
    path = small.put(folder_for(tmp_path) / form.name, content)
    table = refused(lambda: form.read(path), f"{form.name} with a changed value")
    if table is not None:
        check_sound(table, form.space)


@many_copies
@given(data=st.data())
def test_damaged_messages_of_nas_bench_101(data: st.DataObject, tmp_path: Path) -> None:
    rows = small.nb101_rows(2)
    rows[1][-1] = data.draw(damaged(rows[1][-1]))
    path = small.put(folder_for(tmp_path) / "nasbench_full.tfrecord", as_records(rows))
    table = refused(lambda: nb101.load(path.parent), "nb101 message")
    if table is not None:
        check_sound(table, NasBench101())


ARRAYS: tuple[Callable[[NDArray[Any]], NDArray[Any]], ...] = (
    lambda array: array[:-1],
    lambda array: array[..., None],
    lambda array: array.ravel()[0],
    lambda array: array[:0],
    lambda array: array[::-1],
    lambda array: np.concatenate([array, array[:1]]),
    lambda array: array.astype(np.float32) if array.dtype.kind != "S" else array.astype("U"),
    lambda array: array.astype(np.int64) if array.dtype.kind != "S" else array.astype("S3"),
    lambda array: np.full(array.shape, np.nan),
    lambda array: np.full(array.shape, -np.inf),
    lambda array: np.full(array.shape, 2**60),
    lambda array: np.zeros_like(array),
    lambda array: np.ones_like(array),
    lambda array: array.astype("S95"),
    lambda array: np.zeros(array.shape, complex),
    lambda array: np.zeros(array.shape, "M8[s]"),
    lambda array: np.zeros(array.shape, [("a", "f8"), ("b", "S3")]),
)
"""What may have become of an array."""


@pytest.mark.parametrize("kind", ["nb101.npz", "nb201.npz"])
@many_copies
@given(data=st.data())
def test_changed_arrays(data: st.DataObject, kind: str, tmp_path: Path) -> None:
    form = FORMS[kind]
    arrays = dict(form.content)
    name = data.draw(st.sampled_from(sorted(arrays)))
    arrays[name] = data.draw(st.sampled_from(ARRAYS))(arrays[name])
    path = small.put(folder_for(tmp_path) / form.name, small.as_npz(arrays))
    table = refused(lambda: form.read(path), f"{kind} with a changed array")
    if table is not None:
        check_sound(table, form.space)


@many_copies
@given(data=st.data())
def test_damaged_labels(data: st.DataObject, tmp_path: Path) -> None:
    copy = data.draw(damaged(small.own_csv("accuracy")))
    path = small.put(folder_for(tmp_path) / "labels.csv", copy)
    labels = refused(lambda: read_labels(path, NasBench201(), fewest=2), "labels.csv")
    if labels is not None:
        assert len(labels.architectures) == len(labels.accuracies) >= 2
        assert np.isfinite(labels.accuracies).all()
