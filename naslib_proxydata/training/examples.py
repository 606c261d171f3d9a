"""The images of a training: those to train on, those to validate with, and those for the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from naslib_proxydata.errors import DatasetError
from naslib_proxydata.seeding import numpy_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset

FEWEST = 2
"""Batch normalisation cannot train on a single image."""


@dataclass(frozen=True)
class Part:
    """Some images of a labelled dataset.

    Attributes:
        dataset: The dataset.
        indices: Which of them, int64, shape (n,).
    """

    dataset: Dataset
    indices: NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """All images of a training.

    Attributes:
        training: What is trained on.
        validation: What is looked at after every epoch; None for none.
        test: What is looked at once, at the end; None for none.
    """

    training: Part
    validation: Part | None = None
    test: Part | None = None

    def __post_init__(self) -> None:
        training = self.training
        labels = training.dataset.required_labels("training a network")[training.indices]
        if len(training.indices) < FEWEST:
            raise DatasetError(
                f"dataset {training.dataset.name!r}: training needs at least {FEWEST} images, got "
                f"{len(training.indices)}"
            )
        if (labels == labels[0]).all():
            raise DatasetError(
                f"dataset {training.dataset.name!r}: training needs images of at least two classes "
                f"to tell apart, all {len(labels)} are of one; give others"
            )
        for name, part in (("validation", self.validation), ("test", self.test)):
            if part is not None:
                _check_alike(training.dataset, part, name)


def whole(dataset: Dataset) -> Part:
    """Return all images of a dataset that can be read."""
    return Part(dataset, dataset.readable)


def held_out(part: Part, share: float, seed: int) -> tuple[Part, Part]:
    """Split images into those to train on and those held out, the same share of every class.

    Args:
        part: The images.
        share: Share held out of each class, rounded down; of all of them at least one image.
        seed: Of the draw, which does not depend on that of the training: all seeds of a training
            are to be compared on the same images.

    Raises:
        DatasetError: Nothing would be left on one side.
    """
    labels = part.dataset.required_labels("validation")[part.indices]
    generator = numpy_generator(seed, "held out")
    out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        places = generator.permutation(np.flatnonzero(labels == label))
        out[places[: int(share * len(places))]] = True
    if not out.any():
        out[generator.integers(len(out))] = True
    if (~out).sum() < FEWEST:
        raise DatasetError(
            f"dataset {part.dataset.name!r} of {len(labels)} images: with {share:g} of them held "
            f"out for validation less than {FEWEST} are left to train on; give more images, or "
            "--validation none"
        )
    return Part(part.dataset, part.indices[~out]), Part(part.dataset, part.indices[out])


def _check_alike(training: Dataset, part: Part, name: str) -> None:
    """Refuse images of other classes or another shape than those that are trained on."""
    other = part.dataset
    labels = other.required_labels(f"{name} of a trained network")
    if len(part.indices) == 0:
        raise DatasetError(f"{name} dataset {other.name!r} has no images")
    named = other.class_names and training.class_names
    if named and other.class_names != training.class_names:
        raise DatasetError(
            f"{name} dataset {other.name!r} has other classes than {training.name!r}, or in "
            f"another order: {', '.join(other.class_names[:5])}, ... and "
            f"{', '.join(training.class_names[:5])}, ...; give images of the same classes"
        )
    if int(labels[part.indices].max()) >= training.num_classes:
        raise DatasetError(
            f"{name} dataset {other.name!r} has a class {int(labels[part.indices].max())}, "
            f"{training.name!r} only {training.num_classes}, counted from 0; give images of the "
            "same classes"
        )
    shapes = [tuple(one.pixels(np.array([0])).shape[1:]) for one in (training, other)]
    if shapes[0] != shapes[1]:
        raise DatasetError(
            f"{name} dataset {other.name!r} has images of shape {shapes[1]}, {training.name!r} of "
            f"{shapes[0]} (channels, height, width); give images of the same shape"
        )
