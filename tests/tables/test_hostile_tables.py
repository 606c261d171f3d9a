"""What is no file, and files that were made to stall a reader or to fill its memory."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata import packed, plugins
from naslib_proxydata.errors import ProxyDataError, TableAbsentError, TableError
from naslib_proxydata.tables import nb101, nb201_official, transnas_micro
from naslib_proxydata.tables.nb101_records import parse_metrics
from naslib_proxydata.tables.tfrecord import read_records
from tests.damage import refused
from tests.tables import small_tables as small
from tests.tables import tfrecord_writer as writer
from tests.tables.test_damaged_tables import FORMS, Form


def fifo(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def empty(path: Path) -> None:
    path.touch()


def sparse(path: Path) -> None:
    """A terabyte of zeros that takes no room."""
    with path.open("wb") as file:
        file.truncate(2**40)


def deep(path: Path) -> None:
    path.write_bytes(b"[" * 100_000)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(100_000))


def gzipped_zeros(path: Path) -> None:
    path.write_bytes(gzip.compress(bytes(2**24)))


def bzipped_zeros(path: Path) -> None:
    path.write_bytes(bz2.compress(bytes(2**24)))


NO_TABLES = (Path.mkdir, fifo, endless, loop, dangling, empty, sparse, deep, zeros)


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("make", [*NO_TABLES, gzipped_zeros, bzipped_zeros])
def test_what_is_no_table_is_refused(
    kind: str, make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 2**16)
    form = FORMS[kind]
    make(tmp_path / form.name)
    assert refused(lambda: form.read(tmp_path / form.name), kind) is None


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", ["x" * 620, "a\0b", "\x1b[2J"])
def test_names_that_no_file_has(form: Form, name: str, tmp_path: Path) -> None:
    with pytest.raises(ProxyDataError) as caught:
        form.read(tmp_path / name / form.name)
    assert "space" not in str(caught.value).replace("whitespace", "")


@pytest.mark.parametrize("name", ["x" * 620, "a\0b"])
@pytest.mark.parametrize("benchmark", ["nb201", "nb101", "nasbench-mr", "nds-darts", "darts"])
def test_roots_that_no_folder_has(benchmark: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(TableAbsentError):
        plugins.load().create("benchmarks", benchmark, root=tmp_path / name)


# --------------------------------------------------------------------------------- packed files


@pytest.mark.parametrize("kind", ["nds.json.gz", "darts.csv.gz", "own.csv", "nasbench-mr.json.gz"])
def test_a_gzip_bomb_stops_early(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 2**16)
    form = FORMS[kind]
    path = small.put(tmp_path / form.name, gzip.compress(bytes(2**24)))
    with pytest.raises(TableError, match=r"UnpacksTooFarError: [\d,]+ bytes unpack to more than"):
        form.read(path)


def test_a_bz2_bomb_in_a_pickle_stops_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 2**16)
    path = small.put(tmp_path / "a.pickle.pbz2", small.as_pbz2({"meta_archs": bytes(2**24)}))
    with pytest.raises(TableError, match="unpack to more than"):
        nb201_official.read_nats_file(path)


def test_a_bomb_behind_the_pickle_stops_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 2**16)
    content = pickle.dumps(small.nb201_nats()) + bytes(2**24)
    path = small.put(tmp_path / "a.pickle.pbz2", bz2.compress(content))
    with pytest.raises(TableError, match="unpack to more than"):
        nb201_official.read_nats_file(path)


def archive(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        file.writestr("archive/data.pkl", content)
    return stream.getvalue()


def patched(content: bytes, field: int, value: int) -> bytes:
    """Change a 16-bit field of a zip's first member, in its header and in the directory."""
    changed = bytearray(content)
    struct.pack_into("<H", changed, field, value)
    struct.pack_into("<H", changed, content.index(b"PK\x01\x02") + field + 2, value)
    return bytes(changed)


FLAGS, METHOD = 6, 8
DATABASE = pickle.dumps(small.transnas_database(), protocol=2)


def test_a_zip_bomb_stops_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "ALWAYS", 2**16)
    hostile = archive(pickle.dumps({"data": bytes(2**24)}, protocol=2))
    path = small.put(tmp_path / "a.pth", hostile)
    with pytest.raises(TableError, match="unpack to more than"):
        transnas_micro.MICRO.open(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (patched(archive(DATABASE), FLAGS, 1), "encrypted"),
        (patched(archive(DATABASE), METHOD, 99), "NotImplementedError"),
        (patched(archive(DATABASE), METHOD, 12), "damaged"),
        (patched(archive(DATABASE), METHOD, 14), "damaged"),
    ],
)
def test_archives_that_cannot_be_unpacked(content: bytes, said: str, tmp_path: Path) -> None:
    path = small.put(tmp_path / "a.pth", content)
    with pytest.raises(TableError, match=rf"a\.pth.*{said}"):
        transnas_micro.MICRO.open(path)


def test_an_archive_with_two_pickles(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in ("a/data.pkl", "../data.pkl"):
            file.writestr(name, DATABASE)
    path = small.put(tmp_path / "a.pth", stream.getvalue())
    with pytest.raises(TableError, match=r"not one written by torch\.save"):
        transnas_micro.MICRO.open(path)


def test_a_checksum_that_comes_after_the_pickle_is_compared(tmp_path: Path) -> None:
    """A value that was flipped in a member that is stored, not packed, as torch writes it."""
    whole = small.as_pth(small.transnas_database())
    place = whole.index(struct.pack(">d", 90.0))
    path = small.put(
        tmp_path / "a.pth", whole[:place] + struct.pack(">d", 91.0) + whole[place + 8 :]
    )
    with pytest.raises(TableError, match="BadZipFile: Bad CRC-32"):
        transnas_micro.MICRO.open(path)


@pytest.mark.parametrize("kind", ["nb101.npz", "nb201.npz"])
def test_an_array_that_declares_terabytes(kind: str, tmp_path: Path) -> None:
    form = FORMS[kind]
    name = min(form.content)
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (2**40,)}
    np.lib.format.write_array_header_1_0(header, shape)
    stream = io.BytesIO(
        form.written({key: one for key, one in form.content.items() if key != name})
    )
    with zipfile.ZipFile(stream, "a") as file:
        file.writestr(f"{name}.npy", header.getvalue())
    path = small.put(tmp_path / form.name, stream.getvalue())
    with pytest.raises(TableError, match="declares"):
        form.read(path)


# ------------------------------------------------------------------------------- NAS-Bench-101


def test_a_number_of_two_million_bytes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="more than 10 bytes"):
        parse_metrics(b"\x10" + b"\x80" * 2_000_000)
    row = small.nb101_rows(1)[0]
    row[-1] += b"\x10" + b"\x80" * 40_000
    path = small.put(tmp_path / "nasbench_full.tfrecord", writer.record(small.nb101_payload(row)))
    with pytest.raises(TableError, match=r"record 0 is not a row.*more than 10 bytes"):
        nb101.load(path.parent)


@pytest.mark.parametrize("declared", [2**16 + 1, 2**40, 2**63, 2**64 - 1])
def test_a_record_that_declares_more_than_any_has(declared: int, tmp_path: Path) -> None:
    """2 ** 16 + 1 bytes are there, and would take a second of checksums; exabytes are not."""
    length = struct.pack("<Q", declared)
    payload = bytes(min(declared, 2**17))
    path = small.put(tmp_path / "a.tfrecord", length + writer.masked(length) + payload)
    with pytest.raises(TableError, match=rf"record 0, which declares {declared:,} bytes"):
        list(read_records(path))


def test_a_field_of_another_type_is_no_accuracy() -> None:
    """``float(b"0.9")`` is .9: a text in place of a double was taken for one."""
    body = b"\x11" + struct.pack("<d", 9.0) + b"\x1a\x031.0" + b"\x22\x030.9" + b"\x2a\x030.8"
    message = b"\x0a" + writer.varint(len(body)) + body
    with pytest.raises(ValueError, match="field 3 of an evaluation is no double"):
        parse_metrics(message)


def test_a_text_of_errors_is_no_list_of_them(tmp_path: Path) -> None:
    """The last of ``"26.5"`` is 5: an error of 5 percent."""
    records = small.nds_records()
    records[1]["test_ep_top1"] = "26.5"
    form = FORMS["nds.json"]
    table = form.read(small.put(tmp_path / form.name, form.written(records)))
    assert len(table) == 2
    assert "record 1: test_ep_top1: expected a list, got the str" in table.problems[0]  # type: ignore[attr-defined]


def test_a_network_twice_in_one_setting_is_left_out(tmp_path: Path) -> None:
    form = FORMS["nasbench-mr.pkl"]
    again = {**form.content[0], "mIoU": 12.0}
    table = form.read(small.put(tmp_path / form.name, form.written([*form.content, again])))
    assert table.values("seg", "validation_miou")[0] == form.content[0]["mIoU"]
    assert "record 3: an earlier record is of the same network" in table.problems[0]  # type: ignore[attr-defined]


def test_a_file_cut_between_two_records_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    form = FORMS["nb101.tfrecord"]
    form.read(small.put(tmp_path / form.name, form.written(form.content[:2])))
    assert "holds 2 of the 423624 published cells" in caplog.text
