"""The datasets that NASLib searches on, as its own classes read them, with made-up images."""

# ruff: noqa: E402  (NASLib is imported after it was found to import)
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.naslib_bridge.naslib_setup import require_naslib

require_naslib()

from fvcore.common.config import CfgNode
from naslib.utils import dataset as transforms
from naslib.utils.custom_dataset import CustomDataset
from naslib.utils.DownsampledImageNet import ImageNet16
from torchvision import datasets

from naslib_proxydata.naslib_bridge.run import ProxyRun
from naslib_proxydata.naslib_bridge.settings import ProxyData
from naslib_proxydata.plugins import load

COUNT, CLASSES, BATCH = 60, 5, 8
SETTINGS = CfgNode({"cutout": False, "cutout_length": 16, "cutout_prob": 1.0})


def pixels(*shape: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, (COUNT, *shape), dtype=np.uint8)


def unread(cls: Any, transform: Any, data: Any, **labels: Any) -> Any:
    """Return a dataset of a class that has its images without reading any file."""
    one = object.__new__(cls)
    one.data, one.transform, one.target_transform = data, transform, None
    for name, values in labels.items():
        setattr(one, name, values)
    return one


def cifar(cls: Any) -> Any:
    targets = [index % CLASSES for index in range(COUNT)]
    return unread(
        cls, transforms._data_transforms_cifar10(SETTINGS)[0], pixels(32, 32, 3), targets=targets
    )


def svhn() -> Any:
    labels = np.arange(COUNT) % CLASSES
    return unread(
        datasets.SVHN,
        transforms._data_transforms_svhn(SETTINGS)[0],
        pixels(3, 32, 32),
        labels=labels,
    )


def imagenet16() -> Any:
    targets = [index % CLASSES + 1 for index in range(COUNT)]  # listed from 1, given from 0
    transform = transforms._data_transforms_ImageNet_16_120(SETTINGS)[0]
    return unread(ImageNet16, transform, pixels(16, 16, 3), targets=targets)


class OwnData(CustomDataset):
    """Images of a user's own, by NASLib's recipe."""

    def get_transforms(self, config: Any) -> Any:
        return None, None

    def get_data(self, data: Any, train_transform: Any, valid_transform: Any) -> Any:
        images = torch.from_numpy(pixels(3, 20, 20)).float() / 255
        own = torch.utils.data.TensorDataset(images, torch.arange(COUNT) % CLASSES)
        return own, own


def queues(dataset: Any) -> tuple[Any, Any]:
    half, sampler = COUNT // 2, torch.utils.data.SubsetRandomSampler
    return tuple(
        torch.utils.data.DataLoader(dataset, BATCH, sampler=sampler(list(part)))
        for part in (range(half), range(half, COUNT))
    )  # type: ignore[return-value]


def own_queues() -> tuple[Any, Any]:
    search = {"seed": 0, "batch_size": BATCH, "train_portion": 0.5}
    config = CfgNode({"data": "", "dataset": "own", "search": search})
    train, valid, *_ = OwnData(config).get_loaders()
    return train, valid


MADE = {
    "cifar10": lambda: queues(cifar(datasets.CIFAR10)),
    "cifar100": lambda: queues(cifar(datasets.CIFAR100)),
    "svhn": lambda: queues(svhn()),
    "ImageNet16-120": lambda: queues(imagenet16()),
    "own": own_queues,
}


@pytest.mark.parametrize("name", MADE)
def test_selection_and_pruning_know_the_labels(name: str) -> None:
    block = {
        "selector": {"name": "class-random", "fraction": 0.5},
        "bdp": {"fraction": 0.5, "class_balance": True},
    }
    train, valid = MADE[name]()
    run = ProxyRun(
        block=ProxyData.parse(block, "a test"),
        plugins=load(),
        space="nb201",
        strategy="DARTSOptimizer",
        dataset=name,
        epochs=4,
        seed=0,
        portion=0.5,
        device="cpu",
        settings={},
    )
    run.begin(train, valid)
    generator = torch.Generator().manual_seed(0)
    for epoch in (1, 2):
        run.start_epoch(epoch)
        for level, loader in run.loaders.items():
            for images, labels in loader:
                assert images.shape[1:] == train.dataset[0][0].shape
                expected = [train.dataset[int(index)][1] for index in loader.last_indices]
                assert labels.tolist() == [int(label) for label in expected]
                assert [int(index) % CLASSES for index in loader.last_indices] == labels.tolist()
                run.batch(level, torch.randn(len(labels), CLASSES, generator=generator), labels)
        run.end_epoch({}, "")
    assert run.sizes[0] == {"weights": COUNT // 4, "architecture": COUNT // 4}
    assert sum(map(len, run.active.values())) < COUNT // 2
