"""What converting a file of NAS-Bench-101's full size costs: time, peak memory, loading.

    python benchmarks/checks/convert_nb101.py --folder /tmp

The official file need not be at hand: one of the same layout and size is written first, 423,624
cells with three trainings of 108 epochs each, around made-up accuracies, and removed afterwards.
"""

from __future__ import annotations

import argparse
import base64
import json
import resource
import struct
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from naslib_proxydata.tables import nb101
from naslib_proxydata.tables.tfrecord import MASK_DELTA, crc32c

CELLS = 423_624
REPEATS = 3
OPS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--cells", type=int, default=CELLS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source = Path(folder) / "nasbench_only108.tfrecord"
        write_file(source, options.cells)
        print(f"{source.name}: {source.stat().st_size / 2**20:.0f} MiB, {options.cells:,} cells")
        target = Path(folder) / "nb101.npz"
        before = peak_mib()
        started = time.process_time()
        nb101.convert(source, target)
        print(
            f"converting: {time.process_time() - started:.0f} CPU s, peak memory "
            f"{peak_mib():.0f} MiB (before: {before:.0f} MiB)"
        )
        started = time.process_time()
        table = nb101.load(Path(folder))
        loaded = time.process_time()
        for text in table.architectures():
            table.query(text, "cifar10", "test_accuracy")
        print(
            f"{target.name}: {target.stat().st_size / 2**20:.0f} MiB; loading "
            f"{loaded - started:.2f} CPU s, querying all {time.process_time() - loaded:.2f} CPU s"
        )


def write_file(path: Path, cells: int) -> None:
    """Write the file in batches, so that this process's memory stays small."""
    rows = payloads(cells)
    with path.open("wb") as stream:
        while batch := list(islice(rows, 10_000)):
            lengths = [struct.pack("<Q", len(one)) for one in batch]
            checks = [masked(lengths), masked(batch)]
            for length, payload, *marks in zip(lengths, batch, *checks, strict=True):
                stream.write(length + marks[0] + payload + marks[1])


def masked(payloads: list[bytes]) -> list[bytes]:
    """Return the checksums as the format stores them."""
    found = crc32c(payloads).astype(np.uint64)
    rotated = (found >> 15 | found << 17) & 0xFFFFFFFF
    return [struct.pack("<I", (int(one) + MASK_DELTA) & 0xFFFFFFFF) for one in rotated]


def payloads(cells: int) -> Iterator[bytes]:
    """Yield rows of three repeats, the cells being numbers written as edges."""
    for repeat in range(REPEATS):
        for number in range(cells):
            matrix = np.zeros((7, 7), dtype=int)
            matrix[np.triu_indices(7, k=1)] = number >> np.arange(21) & 1
            ops = ["input", *(OPS[number // 3**v % 3] for v in range(5)), "output"]
            metrics = base64.b64encode(message(number % 1000 / 1000, repeat)).decode()
            bits = "".join(map(str, matrix.ravel().tolist()))
            yield json.dumps([f"{number:032x}", 108, bits, ",".join(ops), metrics]).encode()


def message(accuracy: float, repeat: int) -> bytes:
    """Return a ModelMetrics message of three evaluations."""
    doubles = (54.0, 900.0 + repeat, 1.0, accuracy, accuracy)
    one = b"".join(
        bytes([field << 3 | 1]) + struct.pack("<d", value)
        for field, value in enumerate(doubles, start=1)
    )
    body = (bytes([0x0A, len(one)]) + one) * 3
    return body + b"\x10\x80\x01" + b"\x19" + struct.pack("<d", 2000.0)


def peak_mib() -> float:
    """Return the largest memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
