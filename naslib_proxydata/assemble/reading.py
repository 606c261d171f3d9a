"""How the images of a dataset are read, as a configuration asks for it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from naslib_proxydata.csv_text import csv_text
from naslib_proxydata.data.folder import FolderDataset
from naslib_proxydata.errors import DatasetError, printable

if TYPE_CHECKING:
    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.runs.executors import Progress

_log = logging.getLogger(__name__)

TOLD = 20
"""Most damaged images that are logged one by one; a file lists all of them."""


class Asked(Protocol):
    """How images are to be read; configurations of commands that read some say so.

    Attributes:
        image_size: Side in pixels to which a folder's images are resized and cropped.
        skip_damaged: Whether those of a folder that cannot be read are left out.
        workers: Threads that read a folder.
    """

    @property
    def image_size(self) -> int | None: ...  # noqa: D102
    @property
    def skip_damaged(self) -> bool: ...  # noqa: D102
    @property
    def workers(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class ReadDataset:
    """A dataset as it is asked for.

    Attributes:
        dataset: All of its examples.
        damaged: Those that cannot be read, by index: path and what is wrong with it.
    """

    dataset: Dataset
    damaged: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def damaged_csv(self) -> str:
        """Return the damaged files as CSV: index, file and what is wrong with it."""
        named = self.damaged.items()
        lines = ((index, *map(printable, found)) for index, found in named)  # not all are UTF-8
        return csv_text(("index", "file", "error"), lines)


def read_as_asked(dataset: Dataset, config: Asked, progress: Progress | None = None) -> ReadDataset:
    """Return the dataset with the image size, the readers and the gaps that are asked for.

    Args:
        dataset: As it was opened.
        config: ``image_size`` and ``skip_damaged`` are for folders of images; ``workers`` is the
            number of threads that read them.
        progress: Told how many images have been checked.

    Raises:
        DatasetError: Something is asked that only a folder of images can do, or no image can be
            read.
    """
    if not isinstance(dataset, FolderDataset):
        asked = {"image_size": config.image_size, "skip_damaged": config.skip_damaged}
        for name in [name for name, value in asked.items() if value]:
            raise DatasetError(
                f"{name} is for folders of images, dataset {dataset.name!r} is none; leave it "
                "out, or do the same in the dataset"
            )
        return ReadDataset(dataset)
    read = dataset.reading(image_size=config.image_size, readers=config.workers)
    if not config.skip_damaged:
        return ReadDataset(read)
    _log.info("decoding all %d images to find the damaged ones", len(dataset))
    found = read.find_unreadable(progress)
    damaged = {index: (read.files[index], why) for index, why in found.items()}
    if damaged:
        _log.warning("%d of %d images cannot be read and are left out:", len(damaged), len(dataset))
    for index, (path, why) in list(damaged.items())[:TOLD]:
        _log.warning("index %d, %s: %s", index, printable(path), why)
    if len(damaged) == len(dataset):
        raise DatasetError(f"none of the {len(dataset)} images of {dataset.name!r} can be read")
    return ReadDataset(
        dataset.reading(
            image_size=config.image_size, readers=config.workers, unreadable=tuple(damaged)
        ),
        damaged,
    )
