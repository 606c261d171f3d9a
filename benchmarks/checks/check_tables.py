"""Check our hashes, parameters and multiply-accumulates against every architecture of the tables.

    python benchmarks/checks/check_tables.py

All of it is counting; no network is built, trained or run.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from naslib_proxydata import plugins
from naslib_proxydata.errors import TableAbsentError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, write_csv

NASLIB_OPERATIONS = ("input", "output", "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")
NASLIB_CLASSES = {"class_scene": 63, "class_object": 100}


class Check(NamedTuple):
    """How many architectures agree with a published quantity."""

    benchmark: str
    quantity: str
    checked: int
    equal: int
    largest_difference: int


def main() -> None:
    options = arguments(__doc__, "check_tables").parse_args()
    checks = []
    for check in all_checks(data_root()):
        print(check, flush=True)
        checks.append(check._asdict())
    write_csv(options.results / "data" / "table_checks.csv", checks)


def all_checks(root: Path) -> Iterator[Check]:
    """Yield the checks of every table that is present."""
    registry = plugins.load()
    for name in sorted(registry.names("benchmarks")):
        if name not in ("nb101", "nasbench-mr") and not name.startswith("nds-"):
            continue
        try:
            table = registry.create("benchmarks", name, root=root)
        except TableAbsentError:
            continue
        if name == "nb101":
            yield from check_nb101(registry.create("spaces", name), table)
        elif name == "nasbench-mr":
            yield from check_mr(registry.create("spaces", name), table)
        else:
            yield from check_nds(name, registry.create("spaces", table.space), table)
    yield from check_naslib_nb101(registry.create("spaces", "nb101"), root)
    for kind in ("micro", "macro"):
        yield from check_transnas(registry.create("spaces", f"transnas-{kind}"), kind, root)


def check_nb101(space: Any, table: Any) -> Iterator[Check]:
    """Compare graph hashes and ``trainable_parameters``."""
    cells = [space.parse(text) for text in table.architectures()]
    same = [
        space.hash(cell).encode() == found for cell, found in zip(cells, table.hashes, strict=True)
    ]
    yield compared("nb101", "module_hash", [int(not one) for one in same])
    params = [space.params(cell) for cell in cells]
    yield compared("nb101", "trainable_parameters", params - table.params)


def check_mr(space: Any, table: Any) -> Iterator[Check]:
    """Compare ``params`` and ``flops``, published with 6 and 9 decimals in M and G."""
    nets = [space.parse(text) for text in table.architectures()]
    params = [space.params(net, num_classes=space.published_classes) for net in nets]
    yield compared("nasbench-mr", "params", params - np.rint(1e6 * table.published["params"]))
    flops = [space.published_flops(net) for net in nets]
    yield compared("nasbench-mr", "flops", flops - np.rint(1e9 * table.published["flops"]))


def check_nds(name: str, space: Any, table: Any) -> Iterator[Check]:
    """Compare ``params`` and ``flops``."""
    nets = [space.parse(text) for text in table.architectures()]
    params = [space.params(net, num_classes=space.published_classes) for net in nets]
    yield compared(name, "params", params - table.params)
    yield compared(name, "flops", [space.published_flops(net) for net in nets] - table.flops)


def check_naslib_nb101(space: Any, root: Path) -> Iterator[Check]:
    """Compare parameters with NASLib's."""
    path = root / "naslib_zc" / "zc_nasbench101.json.gz"
    if not path.is_file():
        return
    with gzip.open(path) as stream:
        cells = json.load(stream)["nasbench101"]["cifar10"]
    differences = []
    for code, scores in cells.items():
        numbers = [int(one) for one in code.strip("()").split(",")]
        ops = [NASLIB_OPERATIONS[op] for op in numbers[49:]]
        size = ops.index("output") + 1
        matrix = [numbers[7 * row : 7 * row + size] for row in range(size)]
        ours = space.params(space.from_matrix(matrix, ops[:size]))
        differences.append(ours - round(1e6 * scores["params"]))
    yield compared("nb101", "NASLib's params", differences)


def check_transnas(space: Any, kind: str, root: Path) -> Iterator[Check]:
    """Compare parameters with NASLib's, of the tasks whose head is one linear layer."""
    path = root / "naslib_zc" / f"zc_transbench101_{kind}.json.gz"
    if not path.is_file():
        return
    with gzip.open(path) as stream:
        tasks = json.load(stream)
    for task, classes in NASLIB_CLASSES.items():
        differences = []
        for code, scores in tasks[task].items():
            digits = "".join(one for one in code if one.isdigit())
            text = f"64-41414-{digits[0]}_{digits[1:3]}_{digits[3:]}"
            if kind == "macro":
                text = f"64-{digits.replace('0', '')}-basic"
            ours = space.params(space.parse(text), num_classes=classes)
            differences.append(ours - round(1e6 * scores["params"]["score"]))
        yield compared(f"transnas-{kind}", f"NASLib's params, {task}", differences)


def compared(benchmark: str, quantity: str, differences: Any) -> Check:
    """Count the differences that are zero."""
    found = np.abs(np.asarray(differences, dtype=np.int64))
    return Check(benchmark, quantity, len(found), int((found == 0).sum()), int(found.max()))


if __name__ == "__main__":
    main()
