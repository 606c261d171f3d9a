"""Reading TFRecord files without TensorFlow, every checksum verified.

A record is its length (uint64, little endian), the masked CRC-32C of those 8 bytes (uint32), the
payload, and the masked CRC-32C of the payload. The mask of a checksum c is
rotate_right(c, 15) + 0xa282ead8 modulo 2^32 (TensorFlow's documented format).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import TableError
from naslib_proxydata.opening import open_file

POLYNOMIAL = 0x82F63B78
MASK_DELTA = 0xA282EAD8
HEADER = 12
TRAILER = 4
MAX_PAYLOAD = 1 << 16
"""Bytes of a record; those of NAS-Bench-101 have less than 4,096."""
BATCH = 8192
"""Records whose checksums are computed together."""
_AGAIN = "download the file again"


def read_records(path: Path, damaged: list[str] | None = None) -> Iterator[bytes]:
    """Yield the payloads of a TFRecord file, holding a few thousand of them at a time.

    Args:
        path: The file.
        damaged: If given, damage is described here instead of raised: a record whose payload
            fails its checksum is left out, and the reading ends where the file is truncated or
            a record's length cannot be trusted, since the next record cannot be found.

    Raises:
        TableError: A checksum is wrong or the file is truncated; file and record are named.
            Or it cannot be opened.
    """
    with open_file(path, TableError, _AGAIN) as stream, boundary(path, TableError, _AGAIN):
        first = 0
        end = ""
        while not end:
            batch, end = _read_batch(stream, first)
            if not batch:
                break
            _, payloads, stored = zip(*batch, strict=True)
            wrong = _masked(crc32c(payloads)) != np.array(stored, dtype=np.uint32)
            for offset, payload in enumerate(payloads):
                if wrong[offset]:
                    _report(path, f"record {first + offset} fails its checksum", damaged)
                else:
                    yield payload
            first += len(batch)
        if end:
            _report(path, end, damaged)


def _report(path: Path, problem: str, damaged: list[str] | None) -> None:
    """Raise the problem, or add it to the list."""
    if damaged is None:
        raise TableError(f"{path}: {problem}; {_AGAIN}, or skip what is damaged")
    damaged.append(f"{path}: {problem}")


Frame = tuple[bytes, bytes, int]
"""A record as its length with its checksum, its payload, and the payload's stored checksum."""


def _read_batch(stream: IO[bytes], first: int) -> tuple[list[Frame], str]:
    """Read up to BATCH records, and say why no more can be read where that is so."""
    batch: list[Frame] = []
    headers: list[bytes] = []
    end = ""
    while len(batch) < BATCH and not end and (header := stream.read(HEADER)):
        declared = ""
        if len(header) == HEADER:
            headers.append(header)
            length = struct.unpack_from("<Q", header)[0]
            declared = f", which declares {length:,} bytes"
            rest = stream.read(length + TRAILER) if length <= MAX_PAYLOAD else b""
            if len(rest) == length + TRAILER:
                stored = struct.unpack_from("<I", rest, length)[0]
                batch.append((header, rest[:length], stored))
                continue
        end = f"truncated in record {first + len(batch)}{declared}"
    expected = np.array([struct.unpack_from("<I", header, 8)[0] for header in headers], np.uint32)
    wrong = np.flatnonzero(_masked(crc32c([header[:8] for header in headers])) != expected)
    if len(wrong):
        end = f"the length of record {first + int(wrong[0])} fails its checksum"
        batch = batch[: int(wrong[0])]
    return batch, end


def crc32c(payloads: list[bytes] | tuple[bytes, ...]) -> NDArray[np.uint32]:
    """Return the CRC-32C of each payload, shape (len(payloads),).

    All payloads advance together by one byte a step; longest first, so that those still running
    are always the leading ones.
    """
    lengths = np.array([len(payload) for payload in payloads], dtype=np.int64)
    order = np.argsort(-lengths, kind="stable")
    data = np.frombuffer(b"".join(payloads), dtype=np.uint8)
    starts = (np.cumsum(lengths) - lengths)[order]
    running = np.searchsorted(-lengths[order], -np.arange(lengths.max(initial=0)), side="left")
    state = np.full(len(payloads), 0xFFFFFFFF, dtype=np.uint32)
    for step, count in enumerate(running.tolist()):
        active = state[:count]
        index = (active & 0xFF) ^ data[starts[:count] + step]
        state[:count] = _TABLE[index] ^ (active >> 8)
    checksums = np.empty_like(state)
    checksums[order] = state ^ np.uint32(0xFFFFFFFF)
    return checksums


def _masked(checksums: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the form in which TFRecord files store checksums."""
    rotated = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    return rotated + np.uint32(MASK_DELTA)


def _crc_table() -> NDArray[np.uint32]:
    """Return the checksum's step for each value of a byte, shape (256,)."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(POLYNOMIAL), table >> 1)
    return table.astype(np.uint32)


_TABLE = _crc_table()
