"""Labels as people write them, turned into classes counted from 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from naslib_proxydata.errors import DatasetError, shown

MOST_CLASSES = 10_000_000
"""With more classes than these, labels are taken for names of classes, such as hashes."""


def class_labels(
    name: str, labels: NDArray[Any], count: int, class_names: Sequence[str] = ()
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the class of each example and the names of the classes.

    Whole numbers are classes counted from 0. Texts are names of classes: they are counted in the
    order of ``class_names``, or of the alphabet where there are none. Rows of ``classes`` numbers
    with a single 1 and else 0 are one-hot, and (count, 1) is (count,).

    Args:
        name: What errors call the dataset.
        labels: Shape (count,), (count, 1) or (count, classes).
        count: Number of examples.
        class_names: Names of the classes, if known.

    Raises:
        DatasetError: There are more or fewer, or they are none of these, or a class has no name.
    """
    flat = _one_per_example(name, labels, count)
    _check_count(name, flat, count)
    if flat.dtype.kind in "USO":
        return _from_texts(name, flat, tuple(class_names))
    whole = check_labels(name, flat, count)
    if class_names and whole.max() >= len(class_names):
        raise DatasetError(
            f"dataset {name!r}: there is a label {whole.max()}, and {len(class_names)} names of "
            "classes, which are counted from 0"
        )
    return whole, tuple(class_names)


def text_of(value: object) -> str:
    """Return a name that may be spelt in bytes; those that are no UTF-8 stay different ones."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def check_labels(name: str, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return labels as int64 after checking that they are classes of ``count`` examples.

    Raises:
        DatasetError: There are more or fewer, or they are not integers counted from 0, or one is
            :data:`MOST_CLASSES` or above.
    """
    _check_count(name, labels, count)
    numeric = labels.dtype.kind in "biuf" and bool(np.isfinite(labels).all())
    if not numeric or not np.array_equal(labels.astype(np.int64), labels) or labels.min() < 0:
        got = f" from {labels.min()} to {labels.max()}" if labels.dtype.kind in "biuf" else ""
        raise DatasetError(
            f"dataset {name!r}: labels must be whole numbers counted from 0, got "
            f"{labels.dtype}{got}"
        )
    if labels.max() >= MOST_CLASSES:
        raise DatasetError(
            f"dataset {name!r}: there is a label {labels.max()}, so there would be more than "
            f"{MOST_CLASSES:,} classes; number them from 0 without gaps"
        )
    return labels.astype(np.int64)


def _check_count(name: str, labels: NDArray[Any], count: int) -> None:
    if labels.shape != (count,):
        raise DatasetError(
            f"dataset {name!r}: {count} images need labels of shape ({count},), got {labels.shape}"
        )


def _one_per_example(name: str, labels: NDArray[Any], count: int) -> NDArray[Any]:
    """Return one label for each example, where rows are one-hot or hold a single label."""
    if labels.ndim != 2 or len(labels) != count:
        return labels
    if labels.shape[1] == 1:
        return labels[:, 0]
    if labels.dtype.kind not in "biuf" or not (
        bool(np.isin(labels, (0, 1)).all()) and bool((labels.sum(1) == 1).all())
    ):
        raise DatasetError(
            f"dataset {name!r}: labels of shape {labels.shape} must be one-hot, a single 1 and "
            "else 0 in each row; give the class of each example as one whole number"
        )
    classes: NDArray[Any] = labels.argmax(1)
    return classes


def _from_texts(
    name: str, texts: NDArray[Any], class_names: tuple[str, ...]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    values = [_text(name, value) for value in texts]
    names = class_names or tuple(sorted(set(values)))
    twice = [one for one, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(
            f"dataset {name!r}: two classes are called {shown(twice[0])}, so that its texts do not "
            "tell which is meant; give the labels as whole numbers, or each class its own name"
        )
    place = {one: number for number, one in enumerate(names)}
    absent = sorted(set(values) - set(place))
    if absent:
        raise DatasetError(
            f"dataset {name!r}: there is a label {absent[0]!r}, which is none of the "
            f"{len(names)} names of classes, such as {names[0]!r}"
        )
    return np.array([place[value] for value in values], np.int64), names


def _text(name: str, value: object) -> str:
    if isinstance(value, bytes | str):
        return text_of(value)
    raise DatasetError(
        f"dataset {name!r}: labels must be whole numbers or texts, got a {type(value).__name__}; "
        "give one class for each example"
    )
