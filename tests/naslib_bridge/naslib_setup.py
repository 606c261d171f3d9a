"""NASLib for the tests: whether it imports here, its configuration, and 48 fake images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

CLASSES = 6
IMAGES = 48
DISCRETE = {
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
"""NASLib's settings of a tiny discrete search."""


def require_naslib() -> None:
    """Skip the calling module unless all that the tests need of NASLib imports."""
    from naslib_proxydata.naslib_bridge.importing import naslib

    _let_torchvision_import()
    try:
        for path in ("naslib.defaults.trainer:Trainer", "naslib.optimizers:DARTSOptimizer"):
            naslib(path)
    except Exception as error:
        pytest.skip(f"NASLib does not import here: {error}", allow_module_level=True)


def _let_torchvision_import() -> None:
    """Define the two operators whose absence stops a CUDA-linked torchvision on a CPU torch."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)
    except ImportError:
        return


_KEPT: list[Any] = []


class FakeImages(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    """Noise whose mean tells its class, with the random flip that NASLib's data have."""

    def __init__(self, size: int = IMAGES) -> None:
        generator = np.random.default_rng(0)
        self.targets = [index % CLASSES for index in range(size)]
        shift = np.array(self.targets)[:, None, None, None] / CLASSES
        noise = generator.random((size, 3, 8, 8))
        self.images = torch.from_numpy((noise + shift) / 2).float()
        self.transform: Any = lambda image: image.flip(-1) if torch.rand(()) < 0.5 else image

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self.images[index]
        return (self.transform(image) if self.transform else image), self.targets[index]


def queues(config: Any, data: FakeImages | None = None) -> tuple[Any, Any, Any]:
    """Return queues of the kind that NASLib's get_train_val_loaders makes."""
    data = data or FakeImages()
    split = int(config.search.train_portion * len(data))
    halves = list(range(split)), list(range(split, len(data)))
    sampler = torch.utils.data.SubsetRandomSampler
    train, valid = (
        torch.utils.data.DataLoader(data, config.search.batch_size, sampler=sampler(half))
        for half in halves
    )
    return train, valid, torch.utils.data.DataLoader(data, config.search.batch_size)


def fake_trainer(base: Any) -> Any:
    """Return a Trainer class that reads the fake images instead of downloading any."""

    class FakeData(base):  # type: ignore[misc]
        def build_search_dataloaders(self, config: Any) -> tuple[Any, Any, Any]:
            return queues(config)

        def build_eval_dataloaders(self, config: Any) -> tuple[Any, Any, Any]:
            return queues(config)

    return FakeData


def configuration(save: Path, block: dict[str, Any] | None = None, **search: Any) -> Any:
    """Return NASLib's configuration of a tiny search."""
    from fvcore.common.config import CfgNode

    (save / "search").mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {
        "dataset": "cifar10",
        "seed": 3,
        "save": str(save),
        "save_arch_weights": False,
        "search": {
            "seed": 3,
            "epochs": 2,
            "batch_size": 8,
            "train_portion": 0.5,
            "learning_rate": 0.025,
            "learning_rate_min": 0.001,
            "checkpoint_freq": 1,
            **search,
        },
        "evaluation": {"epochs": 1, "checkpoint_freq": 1},
    }
    if block is not None:
        values["search"]["proxy_data"] = block
    return CfgNode(values)
