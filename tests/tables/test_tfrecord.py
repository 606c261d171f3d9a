from __future__ import annotations

import struct
from pathlib import Path

import pytest

from naslib_proxydata.errors import TableError
from naslib_proxydata.tables import tfrecord
from naslib_proxydata.tables.tfrecord import crc32c, read_records
from tests.tables.tfrecord_writer import crc32c_bitwise, write

PAYLOADS = [b"first", b"", b"third " * 50, b"\0" * 7, b"last"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "some.tfrecord"
    write(path, PAYLOADS)
    return path


def starts() -> list[int]:
    """Return the offset of each record."""
    offsets = [0]
    for payload in PAYLOADS:
        offsets.append(offsets[-1] + 16 + len(payload))
    return offsets


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)


def test_checksum_of_the_standard_check_string() -> None:
    assert crc32c([b"123456789"]).tolist() == [0xE3069283]


def test_checksums_equal_the_bitwise_ones() -> None:
    assert crc32c(PAYLOADS).tolist() == [crc32c_bitwise(one) for one in PAYLOADS]


@pytest.mark.parametrize("batch", [1, 2, 8192])
def test_reads_what_was_written(path: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord, "BATCH", batch)
    assert list(read_records(path)) == PAYLOADS


@pytest.mark.parametrize("cut", [1, 10, 17])
def test_truncation_names_file_and_record(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(TableError, match=rf"{path.name}: truncated in record 4"):
        list(read_records(path))
    damaged: list[str] = []
    assert list(read_records(path, damaged)) == PAYLOADS[:4]
    assert len(damaged) == 1
    assert "record 4" in damaged[0]


@pytest.mark.parametrize("where", [12, 12 + len(PAYLOADS[2])])
def test_a_flipped_byte_in_payload_or_checksum(path: Path, where: int) -> None:
    flip(path, starts()[2] + where)
    with pytest.raises(TableError, match=r"some\.tfrecord: record 2 fails its checksum"):
        list(read_records(path))
    damaged: list[str] = []
    assert list(read_records(path, damaged)) == PAYLOADS[:2] + PAYLOADS[3:]
    assert len(damaged) == 1
    assert "record 2" in damaged[0]


@pytest.mark.parametrize("byte", [0, 6, 8, 11])
def test_a_flipped_byte_in_the_length_ends_the_reading(path: Path, byte: int) -> None:
    flip(path, starts()[3] + byte)
    with pytest.raises(TableError, match="the length of record 3 fails its checksum"):
        list(read_records(path))
    damaged: list[str] = []
    assert list(read_records(path, damaged)) == PAYLOADS[:3]
    assert "length of record 3" in damaged[0]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.tfrecord"
    path.write_bytes(b"this is not a TFRecord file at all" * 9)
    with pytest.raises(TableError, match="length of record 0"):
        list(read_records(path))


def test_an_impossible_length_with_a_right_checksum_is_truncation(tmp_path: Path) -> None:
    from tests.tables.tfrecord_writer import masked

    length = struct.pack("<Q", 1 << 60)
    path = tmp_path / "long.tfrecord"
    path.write_bytes(length + masked(length) + b"short")
    with pytest.raises(TableError, match="truncated in record 0"):
        list(read_records(path))
