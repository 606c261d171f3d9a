"""Which of NASLib's optimizers searches which space with the bridge, found by trying.

    python benchmarks/checks/naslib_matrix.py

Every optimizer searches every space for two epochs (one-shot: BDP on 24 noise images; Bananas and
Npenas: the predictor params). Needs NASLib and no download. What fails is recorded with its
message: as *told* where it is a sentence of this package, else as a failure of NASLib's.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

import naslib_proxydata
from naslib_proxydata.errors import ProxyDataError, TableError
from naslib_proxydata.naslib_bridge import (
    ProxyTrainer,
    dataset_api,
    make_predictor,
    predicted_api,
    proxied,
    space_graph,
    supernet_graph,
)
from naslib_proxydata.naslib_bridge.architectures import bridged, graph_text
from naslib_proxydata.naslib_bridge.importing import naslib
from naslib_proxydata.plugins import load

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, machine_line, write_csv, write_json

ONE_SHOT = ("DARTS", "GDAS", "DrNAS", "RandomNAS", "OneShot")
DISCRETE = ("RandomSearch", "RegularizedEvolution", "LocalSearch", "Bananas", "Npenas")
NASLIB_GRAPHS: Mapping[str, Mapping[str, Any]] = {
    "NasBench201SearchSpace": {"n_classes": 6},
    "NasBench101SearchSpace": {"n_classes": 6},
    "NasBench301SearchSpace": {"n_classes": 6},
    "TransBench101SearchSpaceMicro": {"dataset": "svhn", "create_graph": True, "n_classes": 6},
    "TransBench101SearchSpaceMacro": {"dataset": "svhn", "create_graph": True, "n_classes": 6},
    "HierarchicalSearchSpace": {},
    "SimpleCellSearchSpace": {},
}
TABLES = {"nb201": "cifar10", "nb101": "cifar10", "darts": "cifar10", "transnas-micro": "jigsaw"}
"""A dataset of a table, for spaces that are queried rather than predicted."""
OURS = ("nb101", "darts", "transnas-micro", "transnas-macro", "nds-resnet", "nasbench-mr", "s1")
SEARCH: Mapping[str, Any] = {
    "seed": 1,
    "epochs": 2,
    "batch_size": 6,
    "train_portion": 0.5,
    "learning_rate": 0.025,
    "learning_rate_min": 0.001,
    "checkpoint_freq": 1,
}
SETTINGS: Mapping[str, Any] = {
    "epochs": 6,
    "fidelity": 200,
    "sample_size": 2,
    "population_size": 4,
    "num_init": 4,
    "k": 2,
    "num_ensemble": 1,
    "predictor_type": "lgb",
    "acq_fn_type": "its",
    "acq_fn_optimization": "mutation",
    "encoding_type": "path",
    "num_arches_to_mutate": 2,
    "max_mutations": 1,
    "num_candidates": 4,
}


def noise_queues(config: Any) -> tuple[Any, Any, None]:
    """Return the queues of NASLib's Trainer, of noise."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(24) % 6
    data = TensorDataset(torch.rand(24, 3, 8, 8, generator=generator), labels)
    data.targets = labels.tolist()  # type: ignore[attr-defined]
    halves = range(12), range(12, 24)
    train, valid = (
        DataLoader(data, config.search.batch_size, sampler=SubsetRandomSampler(list(half)))
        for half in halves
    )
    return train, valid, None


def main() -> None:
    options = arguments(__doc__, "naslib_matrix").parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    rows, failures = [], []
    for space, make in spaces().items():
        row = {"space": space}
        for optimizer in (*ONE_SHOT, *DISCRETE):
            row[optimizer], message = tried(optimizer, make)
            if message:
                failures.append({"space": space, "optimizer": optimizer, "message": message})
            print(f"{space:40} {optimizer:22} {row[optimizer]:14} {message[:120]}", flush=True)
        rows.append(row)
    data = options.results / "data"
    write_csv(data / "naslib_matrix.csv", rows)
    write_csv(data / "naslib_matrix_messages.csv", merged(failures))
    write_json(data / "naslib_matrix.json", measured_on=machine_line())


def merged(failures: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put optimizers that got the same message for a space into one row."""
    by_message: dict[tuple[str, str], list[str]] = {}
    for one in failures:
        by_message.setdefault((one["space"], one["message"]), []).append(one["optimizer"])
    return [
        {"space": space, "optimizers": ", ".join(names), "message": message}
        for (space, message), names in by_message.items()
    ]


def spaces() -> dict[str, Callable[[], tuple[Any, Any, str]]]:
    """Return what makes a graph, its ``dataset_api`` and its dataset, by the row of the table."""
    made: dict[str, Callable[[], tuple[Any, Any, str]]] = {
        name: lambda name=name: theirs(name)  # type: ignore[misc]
        for name in NASLIB_GRAPHS
    }
    for name in OURS:
        made[f"space_graph, {name}"] = lambda name=name: ours(name)  # type: ignore[misc]
    for name in load().names("supernets"):
        made[f"supernet_graph, {name}"] = lambda name=name: supernet(name)  # type: ignore[misc]
    return made


def theirs(name: str) -> tuple[Any, Any, str]:
    """Return one of NASLib's graphs, with our table of its space where there is one."""
    graph = naslib(f"naslib.search_spaces:{name}")(**NASLIB_GRAPHS[name])
    try:
        space = bridged(graph.get_type(), load()).space
    except Exception:  # no conversion, or no type: the table is what a user would try
        return graph, dataset_api(naslib_proxydata.table("transnas-micro")), "jigsaw"
    return graph, *answers(space, graph.get_type())


def ours(name: str) -> tuple[Any, Any, str]:
    """Return a graph of one of our spaces."""
    return space_graph(naslib_proxydata.space(name), 1), *answers(name, f"proxydata:{name}")


def supernet(name: str) -> tuple[Any, Any, str]:
    """Return the graph of one of our supernets, small."""
    graph = supernet_graph(
        name, channels=4, cells=None if name == "mobilenet" else 3, num_classes=6
    )
    return graph, *answers(name, f"proxydata:{name}")


def answers(space: str, kind: str) -> tuple[Any, str]:
    """Return a table of the space and its dataset, or a predictor's scores in place of one."""
    if space in TABLES:
        try:
            return dataset_api(naslib_proxydata.table(space)), TABLES[space]
        except TableError:
            pass  # absent on this machine
    return predicted_api(make_predictor("params", kind)), "cifar10"


def tried(optimizer: str, make: Callable[[], tuple[Any, Any, str]]) -> tuple[str, str]:
    """Search once; return the cell of the table and the message of what failed."""
    try:
        return searched(optimizer, make), ""
    except ProxyDataError as error:
        return "told", shortened(error)
    except Exception as error:  # of any kind; is it NASLib's own?
        message = f"{type(error).__name__}: {shortened(error)}"
    try:
        searched(optimizer, make, stock=True)
    except Exception:
        return "fails in NASLib", message
    return "fails with the bridge alone", message


def shortened(error: Exception) -> str:
    """Return a message in one line, without places in memory or on the disk."""
    text = re.sub(r"(0x[0-9a-f]+|/\S+/)", "", " ".join(str(error).split()))
    return text if len(text) < 400 else f"{text[:400]} ..."


def searched(
    optimizer: str, make: Callable[[], tuple[Any, Any, str]], *, stock: bool = False
) -> str:
    """Search and return what came out; without the bridge where ``stock``."""
    torch.manual_seed(0)
    graph, api, dataset = make()
    one_shot = optimizer in ONE_SHOT
    name = {"DARTS": "DARTSOptimizer", "GDAS": "GDASOptimizer", "DrNAS": "DrNASOptimizer"}
    name |= {"RandomNAS": "RandomNASOptimizer", "OneShot": "OneShotNASOptimizer"}
    kind = naslib(f"naslib.optimizers:{name.get(optimizer, optimizer)}")
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(Path(folder), dataset, optimizer, stock)
        make_one = kind if stock else proxied(kind)
        if one_shot:
            one = make_one(**config.search)
            one.adapt_search_space(graph, dataset)
        else:
            graph.instantiate_model = False
            one = make_one(config)
            one.adapt_search_space(graph, dataset_api=api)
        bases = (noise_trainer(),) if stock else (ProxyTrainer, noise_trainer())
        type("Trainer", bases, {})(one, config).search()
        return outcome(one.get_final_architecture())


def outcome(best: Any) -> str:
    """Say whether there is an architecture, and whether NASLib knows its text."""
    if not hasattr(best, "get_hash"):
        return "derives nothing"
    try:
        graph_text(best, load())
    except NotImplementedError:  # TransBench101 micro, after a one-shot search
        return "yes, without a hash"
    return "yes"


def noise_trainer() -> Any:
    """Return NASLib's Trainer over noise."""

    class OverNoise(naslib("naslib.defaults.trainer:Trainer")):  # type: ignore[misc]
        def build_search_dataloaders(self, config: Any) -> tuple[Any, Any, None]:
            return noise_queues(config)

    return OverNoise


def configuration(folder: Path, dataset: str, optimizer: str, stock: bool) -> Any:
    """Return NASLib's configuration of a tiny search."""
    (folder / "search").mkdir()
    search = dict(SEARCH) if optimizer in ONE_SHOT else {**SEARCH, **SETTINGS}
    if optimizer in ONE_SHOT and not stock:
        search["proxy_data"] = {"bdp": {"fraction": 0.6, "class_balance": False}}
    if optimizer in ("Bananas", "Npenas") and not stock:
        search["proxy_data"] = {"predictor": {"name": "params"}}
    values = {"dataset": dataset, "seed": 1, "save": str(folder), "save_arch_weights": False}
    return naslib("fvcore.common.config:CfgNode")({**values, "search": search})


if __name__ == "__main__":
    main()
