"""Measure how many queries NASLib's Bananas needs with its own ensembles and with our predictors.

    python benchmarks/experiments/naslib_queries.py nb201 nb101 tables

Counted are queries until the best accuracy so far is within .1 of the table's best. Settings are
those of NASLib's ``runners/nas/discrete_config.yaml``. NASLib's own graphs take .4 s each to
make, so that graphs here hold the architecture alone; NASLib's ensembles get NASLib's encoding
of it. Needs NASLib. What is finished is kept in ``--out``.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import naslib_proxydata
from naslib_proxydata.leaderboard.labels import mean_interval
from naslib_proxydata.naslib_bridge import dataset_api, proxied, space_graph
from naslib_proxydata.naslib_bridge.architectures import bridged
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.naslib_bridge.nasbench101 import OPERATIONS
from naslib_proxydata.plugins import load
from naslib_proxydata.seeding import derive_seed

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, write_csv, write_json
from naslib_rows import Rows, provenance

WITHIN = 0.1
BUDGET = 150
SETTINGS: Mapping[str, Any] = {
    "epochs": BUDGET,
    "fidelity": -1,
    "checkpoint_freq": 10**6,
    "num_init": 10,
    "k": 10,
    "num_ensemble": 3,
    "predictor_type": "var_sparse_gp",
    "acq_fn_type": "its",
    "acq_fn_optimization": "mutation",
    "encoding_type": "adjacency_one_hot",
    "num_arches_to_mutate": 5,
    "max_mutations": 1,
    "num_candidates": 200,
    "batch_size": 8,
    "train_portion": 0.7,
}
BY_TABLE: Mapping[str, Mapping[str, Any]] = {
    "nb201": {},
    "nb101": {"acq_fn_optimization": "random_sampling", "num_candidates": 1000},
}
"""Of 423,624 cells the shared table holds 30,001: two neighbours of a cell, too few to mutate."""
LEARNS = {"predictor": {"name": "few-label-structure"}}
FIRST = {"nb201": {"name": "zero-label", "candidates": 100}}
FIRST["nb101"] = {"name": "zero-label", "candidates": 30}  # ten times as long a score


def methods(table: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return settings and block of each row."""
    first = {"initial": FIRST[table]}
    return {
        "var_sparse_gp": ({}, {}),
        "bananas": ({"predictor_type": "bananas"}, {}),
        "lgb": ({"predictor_type": "lgb"}, {}),
        "few-label-structure": ({}, LEARNS),
        "few-label-structure, zero-label first": ({}, {**LEARNS, **first}),
    }


def main() -> None:
    parser = arguments(__doc__, "naslib_queries")
    parser.add_argument("parts", nargs="+", choices=("nb201", "nb101", "tables"))
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--methods", nargs="+", help="rows to run, in place of all")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    rows = Rows(options.out / "searches.jsonl")
    for name in ("nb201", "nb101"):
        if name in options.parts:
            run(name, options.methods or list(methods(name)), options.seeds, rows)
    if "tables" in options.parts:
        tables(rows, options.results / "data")


def run(name: str, wanted: list[str], seeds: int, rows: Rows) -> None:
    """Run what is missing of a table's searches."""
    table = naslib_proxydata.table(name, data_root())
    aim = float(np.max(table.values("cifar10", table.default_metric("cifar10")))) - WITHIN
    for method in wanted:
        settings, block = methods(name)[method]
        for seed in range(seeds):
            fields = {"table": name, "method": method, "seed": seed}
            if rows.having(**fields):
                continue
            started = time.process_time()
            found = searched(table, settings, block, seed, aim)
            seconds = time.process_time() - started
            reached = max(found) >= aim
            rows.add({**fields, "accuracies": found, "reached": reached, "seconds": seconds})
            print(name, method, seed, len(found), f"{max(found):.2f} {seconds:.0f} s", flush=True)


def searched(
    table: Any, settings: Mapping[str, Any], block: Mapping[str, Any], seed: int, aim: float
) -> list[float]:
    """Search until the aim is reached, and return the accuracies in the order of the queries."""
    naslib("naslib.utils:set_seed")(seed)
    space = naslib_proxydata.space(table.space)
    graph = space_graph(space, derive_seed(seed, "naslib queries"))
    if "predictor" not in block:
        graph = encoded(graph)
    search = {**SETTINGS, **BY_TABLE[table.space], **settings, "seed": seed}
    if block:
        search["proxy_data"] = dict(block)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "search").mkdir()
        values = {"dataset": "cifar10", "seed": seed, "save": folder, "save_arch_weights": False}
        config = naslib("fvcore.common.config:CfgNode")({**values, "search": search})
        optimizer = proxied(naslib("naslib.optimizers:Bananas"))(config)
        optimizer.adapt_search_space(graph, dataset_api=dataset_api(table))
        for epoch in range(BUDGET):
            optimizer.new_epoch(epoch)
            if optimizer.train_data[-1].accuracy >= aim:
                break
        return [float(model.accuracy) for model in optimizer.train_data]


def encoded(graph: Any) -> Any:
    """Return a graph that NASLib's encoding takes for NASLib's own."""
    kind = f"nasbench{graph.space.name.removeprefix('nb')}"
    encode = naslib(f"naslib.search_spaces.{kind}.encodings:encode_{kind[-3:]}")
    hashed = bridged(kind, load()).hash
    members: dict[str, Any] = {
        "get_op_indices": lambda self: list(hashed(self.get_hash())),
        "get_spec": lambda self: specification(self.architecture),
        "encode": lambda self, encoding_type=None: np.array(encode(self, encoding_type), float),
    }
    return type("EncodedGraph", (type(graph),), members)()


def specification(cell: Any) -> dict[str, Any]:
    """Return matrix and operations of a NAS-Bench-101 cell with seven vertices.

    NASLib's encoding knows no fewer; the others are poolings without edges, before the output.
    """
    inner = len(cell.ops)
    matrix = np.zeros((7, 7), int)
    matrix[: inner + 1, : inner + 1] = np.array(cell.rows)[: inner + 1, : inner + 1]
    matrix[: inner + 1, 6] = np.array(cell.rows)[: inner + 1, inner + 1]
    spots = [OPERATIONS[one] for one in cell.ops] + ["maxpool3x3"] * (5 - inner)
    return {"matrix": matrix.tolist(), "ops": ["input", *spots, "output"]}


def tables(rows: Rows, data: Path) -> None:
    """Write the table of the page."""
    found = []
    for name in ("nb201", "nb101"):
        for method in methods(name):
            several = rows.having(table=name, method=method)
            if not several:
                continue
            counts = np.array([len(row["accuracies"]) for row in several], float)
            low, high = mean_interval(list(counts))
            found.append(
                {
                    "table": name,
                    "method": method,
                    "runs": len(several),
                    "reached": sum(row["reached"] for row in several),
                    "median": float(np.median(counts)),
                    "mean": float(np.mean(counts)),
                    "low": low,
                    "high": high,
                    "best": float(np.mean([max(row["accuracies"]) for row in several])),
                    "seconds": float(np.mean([row["seconds"] for row in several])),
                }
            )
    write_csv(data / "naslib_queries.csv", found)
    write_json(
        data / "naslib_queries.json",
        budget=BUDGET,
        within=WITHIN,
        measured_on=provenance(list(rows)),
    )


if __name__ == "__main__":
    main()
