"""The official files of NAS-Bench-201, written anew from three real records.

The records are the benchmark's own, kept as JSON; tuple and integer keys are restored here. The
files are written as their packages write them: by ``pickle`` through ``bz2``, and by torch.save.
"""

from __future__ import annotations

import bz2
import gzip
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch


def real_records(shared_data: Path) -> dict[int, dict[str, Any]]:
    """Return ``{index: {"12": record, "200": record}}`` with the official types of keys."""
    raw = json.loads(
        gzip.decompress((shared_data / "nats_tss_official_3archs.json.gz").read_bytes())
    )
    return {
        int(index): OrderedDict((epochs, _record(record)) for epochs, record in records.items())
        for index, records in raw.items()
    }


def _record(raw: dict[str, Any]) -> dict[str, Any]:
    results = {}
    for key, trial in raw["all_results"].items():
        dataset, seed = key.split("|")
        for name in ("train_acc1es", "train_losses", "train_times"):
            trial[name] = {int(epoch): value for epoch, value in trial[name].items()}
        results[dataset, int(seed)] = trial
    return {**raw, "all_results": results}


def official_texts(shared_data: Path) -> list[str]:
    """Return the 15,625 texts in the official order."""
    return [text.decode() for text in np.load(shared_data / "nb201.npz")["arch_str"]]


def write_pbz2(path: Path, content: Any) -> None:
    with bz2.BZ2File(path, "wb") as file:
        pickle.dump(content, file)


def write_nats_folder(folder: Path, records: dict[int, Any], texts: list[str]) -> Path:
    folder.mkdir()
    meta = {
        "meta_archs": texts,
        "total_archs": len(texts),
        "arch2infos": None,
        "evaluated_indexes": set(),
    }
    write_pbz2(folder / "meta.pickle.pbz2", meta)
    for index, record in records.items():
        write_pbz2(folder / f"{index:06d}.pickle.pbz2", record)
    return folder


def pth_content(records: dict[int, Any], texts: list[str]) -> dict[str, Any]:
    return {
        "meta_archs": texts,
        "total_archs": len(texts),
        "arch2infos": {
            index: {"less": record["12"], "full": record["200"]}
            for index, record in records.items()
        },
        "evaluated_indexes": set(records),
    }


def write_pth(path: Path, content: Any, legacy: bool) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


class RunsCode:
    """A pickle of this makes a file when it is loaded by the plain unpickler."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)
