"""An independent writer of NAS-Bench-101's official bytes: TFRecord, JSON row, ModelMetrics.

Checksums bit by bit and messages field by field, from the formats' documentation.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path


def crc32c_bitwise(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    checksum = crc32c_bitwise(data)
    rotated = (checksum >> 15 | checksum << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)


def record(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def evaluation(
    epoch: float, seconds: float, train: float, valid: float, test: float, checkpoint: str = ""
) -> bytes:
    doubles = (epoch, seconds, train, valid, test)
    body = b"".join(
        bytes([number << 3 | 1]) + struct.pack("<d", value)
        for number, value in enumerate(doubles, start=1)
    )
    if checkpoint:
        body += b"\x32" + varint(len(checkpoint)) + checkpoint.encode()
    return body


def model_metrics(evaluations: Iterable[bytes], params: int, total_time: float) -> bytes:
    body = b"".join(b"\x0a" + varint(len(one)) + one for one in evaluations)
    return body + b"\x10" + varint(params) + b"\x19" + struct.pack("<d", total_time)


def row(
    module_hash: str,
    epochs: int,
    matrix: Sequence[Sequence[int]],
    ops: Sequence[str],
    metrics: bytes,
) -> bytes:
    bits = "".join(str(int(entry)) for line in matrix for entry in line)
    packed = base64.encodebytes(metrics).decode()  # a newline every 76 characters, as published
    return json.dumps([module_hash, epochs, bits, ",".join(ops), packed]).encode()


def write(path: Path, payloads: Iterable[bytes]) -> None:
    path.write_bytes(b"".join(map(record, payloads)))
