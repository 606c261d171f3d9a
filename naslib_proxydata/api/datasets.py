"""Datasets as a caller has them: a source's name, one of ours, or any map-style one."""

from __future__ import annotations

from typing import Any

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.importable import WrappedDataset


def named_dataset(dataset: Any) -> tuple[str, Dataset | None]:
    """Return what a configuration calls a dataset, and the dataset where that is only its name.

    Args:
        dataset: A source, such as ``"digits"`` or ``"cifar10:PATH"``; a
            :class:`~naslib_proxydata.data.base.Dataset`; or a map-style dataset of images, of
            (image, label) pairs, such as torchvision's, or of dictionaries with both, such as
            Hugging Face's.

    Raises:
        DatasetError: It is none of these.
    """
    if isinstance(dataset, str):
        return dataset, None
    if not isinstance(dataset, Dataset):
        dataset = WrappedDataset(type(dataset).__name__, dataset)
    return dataset.name, dataset
