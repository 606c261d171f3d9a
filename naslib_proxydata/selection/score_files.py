"""Score files: the published text lists, and ``.npz`` files, read for a certain dataset."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from naslib_proxydata.boundary import boundary
from naslib_proxydata.errors import SelectionError, printable
from naslib_proxydata.files import write_atomically
from naslib_proxydata.numpy_files import read_npz
from naslib_proxydata.opening import open_file
from naslib_proxydata.selection.numbers import whole_array
from naslib_proxydata.selection.origin import Scored, ScoreOrigin, array_sha256
from naslib_proxydata.text_table import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from naslib_proxydata.data.base import Dataset
    from naslib_proxydata.selection.base import Selector
    from naslib_proxydata.selection.scorers.base import Scorer

VALUES = ("scores", "features", "entropy")
_ADVICE: Final = "score the dataset again"


@dataclass(frozen=True)
class ScoreList:
    """Scores as a file holds them.

    Attributes:
        values: Scores, shape (n,), or features, shape (n, dimensions).
        index: Which example each row is, int64, shape (n,).
        labels: Class of each row, int64, shape (n,), or None where the file does not say.
        fingerprint: Fingerprint of the scored dataset; empty where the file does not say.
        path: Where it was read from.
        origin: How the scores were made, as far as the file says.
    """

    values: NDArray[np.float64]
    index: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    fingerprint: str
    path: Path
    origin: ScoreOrigin = field(default_factory=ScoreOrigin)

    def for_dataset(self, dataset: Dataset) -> NDArray[np.float64]:
        """Return the values in the dataset's order.

        A list of a larger dataset serves a part of it that knows its ``source_index``.

        Raises:
            SelectionError: The list belongs to another dataset: its fingerprint, its length or
                its classes differ. Of the lists that arXiv 2106.04784 published, only that of
                CIFAR-10 is in the order of the dataset.
        """
        if self.fingerprint and self.fingerprint != dataset.fingerprint:
            raise SelectionError(
                f"{self.path} scores a dataset with fingerprint {self.fingerprint[:12]}, "
                f"{dataset.name!r} has {dataset.fingerprint[:12]}; score it again"
            )
        rows = self._rows(dataset)
        if self.labels is not None and dataset.labels is not None:
            agreement = float(np.mean(self.labels[rows] == dataset.labels))
            if agreement < 1:
                raise SelectionError(
                    f"{self.path} does not follow the order of dataset {dataset.name!r}: only "
                    f"{100 * agreement:.2f} % of its classes are those of the dataset; its "
                    "indices must not be used to pick examples. Score the dataset again"
                )
        return self.values[rows]

    def serving(self, dataset: Dataset, selector: Selector, said: Scorer | None = None) -> Scored:
        """Return the values in the dataset's order, where they may serve the selector.

        Args:
            dataset: What is chosen from.
            selector: What chooses.
            said: The scorer that the user says these are scores of.

        Raises:
            SelectionError: They are those of another scorer than is expected, or see
                :meth:`for_dataset`.
        """
        origin = self.origin
        promised = selector.scorer if selector.promises_scorer else ""
        expected = promised if said is None else said.name
        if origin.scorer and expected and origin.scorer != expected:
            raise SelectionError(
                f"{self.path} holds scores of scorer {origin.scorer!r}, but "
                + (
                    f"selector {selector.name!r} goes by {expected!r}; take a selector that goes "
                    f"by {origin.scorer!r}, or name scorer {origin.scorer!r} beside the file to "
                    "choose by its scores all the same"
                    if said is None
                    else f"scorer {expected!r} was named beside it; name the one or the other"
                )
            )
        values = self.for_dataset(dataset)
        known: dict[str, Any] = {"values_sha256": array_sha256(values)}
        if said is not None and not origin.scorer:
            known |= {"said": said.name, "hardest": said.hardest}
        return Scored(values, origin.model_copy(update=known))

    def rows(self) -> NDArray[np.int64]:
        """Return the row of each example of the scored dataset, in its order.

        Raises:
            SelectionError: Indices are duplicated or missing.
        """
        order = np.argsort(self.index, kind="stable")
        if not np.array_equal(self.index[order], np.arange(len(order))):
            raise SelectionError(
                f"{self.path}: its indices must be 0 to {len(order) - 1}, each once; some are "
                "duplicated or missing"
            )
        return order

    def _rows(self, dataset: Dataset) -> NDArray[np.int64]:
        """Return the row of each example of the dataset."""
        order = self.rows()
        if len(order) == len(dataset):
            return order
        wanted = dataset.source_index
        if wanted is not None and wanted.max() < len(order):
            return order[wanted]
        raise SelectionError(
            f"{self.path} scores {len(order)} examples, dataset {dataset.name!r} has "
            f"{len(dataset)}; it belongs to another dataset"
        )


def read_scores(path: Path, name: str = "") -> ScoreList:
    """Read a score file.

    Args:
        path: A text file with the columns index, score and (if known) class, separated by tabs,
            as published by arXiv 2106.04784, or by spaces or commas; or an ``.npz`` file with
            ``scores``, ``features`` or ``entropy`` and, if known, ``index``, ``class`` and
            ``fingerprint``. Names in the ``.npz`` may begin with the dataset's name and ``_``.
            What :func:`write_scores` wrote says how the scores were made.
        name: Name of the dataset.

    Raises:
        SelectionError: The file is absent, damaged or has no scores.
    """
    if not os.path.isfile(path):  # unlike that of Path, it takes any path
        raise SelectionError(f"no score file {path}; check the path")
    return _read_npz(path, name) if path.suffix == ".npz" else _read_text(path)


def write_scores(
    path: Path,
    values: NDArray[np.floating[Any]],
    dataset: Dataset,
    origin: ScoreOrigin | None = None,
) -> None:
    """Write scores or features of a dataset, with its fingerprint and classes, as ``.npz``.

    Of a part of a dataset, ``source_index`` says which examples of the whole the rows are.

    Args:
        path: Ends in ``.npz``.
        values: Scores, shape (n,), or features, shape (n, dimensions).
        dataset: What was scored.
        origin: How they were made, kept as JSON in the array ``made_by``.

    Raises:
        SelectionError: The path does not end in ``.npz`` or cannot be written.
    """
    if path.suffix != ".npz":
        raise SelectionError(f"a score file must end in .npz, got {path}")
    arrays: dict[str, Any] = {
        "scores" if values.ndim == 1 else "features": values,
        "fingerprint": np.array(dataset.fingerprint),
    }
    if dataset.labels is not None:
        arrays["class"] = dataset.labels
    if dataset.source_index is not None:
        arrays["source_index"] = dataset.source_index
    if origin is not None:
        arrays["made_by"] = np.array(json.dumps(origin.facts(), sort_keys=True))
    write_atomically(path, lambda file: np.savez_compressed(file, **arrays), error=SelectionError)


def _read_text(path: Path) -> ScoreList:
    lines = [line for line in read_text(path, error=SelectionError).splitlines() if line.strip()]
    comma = "," if lines and "," in lines[0] else None  # None: tabs or spaces, any number of them
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an empty file is only worth a warning to numpy
            table = np.loadtxt(lines, dtype=np.float64, delimiter=comma, ndmin=2)
    except (ValueError, UserWarning) as error:
        said = printable(" ".join(str(error).split()))[:200]
        raise SelectionError(
            f"{path} is no score list: {said}; expected index, score and class in each line, "
            "separated by tabs, spaces or commas, without a header"
        ) from None
    if table.shape[1] not in (2, 3):
        raise SelectionError(
            f"{path} is no score list: it has {table.shape[1]} columns, expected index, score "
            "and, if known, class"
        )
    labels = whole_array(table[:, 2], "classes", path) if table.shape[1] == 3 else None
    index = whole_array(table[:, 0], "indices", path)
    return ScoreList(table[:, 1], index, labels, "", path, _read_from(path, {}))


def _read_npz(path: Path, name: str) -> ScoreList:
    known = ("index", "class", "fingerprint", "made_by", *VALUES)
    wanted = {*known, *(f"{name}_{key}" for key in known)}
    found = read_npz(path, SelectionError, _ADVICE, wanted)
    arrays = {key.removeprefix(f"{name}_"): array for key, array in found.items()}
    if len(arrays) < len(found):
        raise SelectionError(
            f"{path} holds arrays both with and without {name + '_'!r} before their names: "
            f"{', '.join(sorted(found))}; keep one of each"
        )
    values = _values(arrays, path, name)
    if not len(values):
        raise SelectionError(
            f"{path} holds no scores: its arrays are empty; score the dataset again"
        )
    index = whole_array(arrays.get("index", np.arange(len(values))), "indices", path)
    labels = arrays.get("class")
    for name, array in (("index", index), ("class", labels)):
        if array is not None and array.shape != values.shape[:1]:
            raise SelectionError(
                f"{path}: its arrays do not belong together: {name} has the shape {array.shape}, "
                f"expected {values.shape[:1]}, one for each example"
            )
    fingerprint = str(arrays.get("fingerprint", ""))
    whole = None if labels is None else whole_array(labels, "classes", path)
    with boundary(f"{path}: what it says of the making of its scores", SelectionError, _ADVICE):
        origin = _read_from(path, json.loads(str(arrays.get("made_by", "{}"))))
    return ScoreList(values.astype(np.float64), index, whole, fingerprint, path, origin)


def _read_from(path: Path, facts: Mapping[str, Any]) -> ScoreOrigin:
    """Return what a file says of its scores, and which file it is."""
    origin = ScoreOrigin.model_validate(facts)
    digest = hashlib.sha256()
    with open_file(path, SelectionError, _ADVICE) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return origin.model_copy(update={"file": path.name, "file_sha256": digest.hexdigest()})


def _values(arrays: Mapping[str, NDArray[Any]], path: Path, name: str) -> NDArray[Any]:
    found = next((arrays[key] for key in VALUES if key in arrays), None)
    if found is not None:
        if found.dtype.kind not in "biuf" or found.ndim not in (1, 2):
            raise SelectionError(
                f"{path}: scores must be real numbers, one or one vector for each example, got "
                f"{found.dtype} of shape {found.shape}"
            )
        if found.dtype.itemsize == 8 and found.dtype.kind in "iu" and _become_equal(found):
            raise SelectionError(
                f"{path}: scores that differ would become equal as numbers of 64 bits with a "
                f"point, got {found.dtype} up to {found.max()}; give their ranks instead"
            )
        return found
    prefixed = (
        f"or one of them after '{name}_'"
        if name
        else ("or name the dataset, whose name may stand before them")
    )
    raise SelectionError(
        f"{path} holds no scores: expected an array named {', '.join(VALUES)}, {prefixed}"
    )


def _become_equal(scores: NDArray[Any]) -> bool:
    """Return whether whole numbers that differ do not as floats, beyond 2^53."""
    if not scores.size or max(int(scores.max()), -int(scores.min())) <= 2**53:
        return False
    return len(np.unique(scores)) > len(np.unique(scores.astype(np.float64)))
