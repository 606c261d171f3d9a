"""What a selector is, and what it leads to: arrays go in, a selection comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.pages.notebook import notebook_table
from naslib_proxydata.selection.large import row_chunks
from naslib_proxydata.selection.origin import End, ScoreOrigin, array_sha256

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Self

    from naslib_proxydata.data.base import Dataset

SELECTION_ARRAYS = ("indices", "weight_indices", "architecture_indices")
Need = Literal["labels", "scores", "features"]


@dataclass(frozen=True)
class SelectorInputs:
    """The arrays a selector may look at; a selector never sees a model or an image.

    Attributes:
        count: Number of examples of the dataset.
        labels: int64 classes counted from 0, shape (count,), or None where unlabelled.
        scores: One number for each example, shape (count,), or None.
        features: One vector for each example, shape (count, dimensions), or None.
        dataset: Name of the dataset, by which some settings are published; empty if unknown.
        hardest: The end of the scores at which the hard examples are; None if unknown.
    """

    count: int
    labels: NDArray[np.int64] | None = None
    scores: NDArray[np.float64] | None = None
    features: NDArray[np.floating[Any]] | None = None
    dataset: str = ""
    hardest: End | None = None

    def required(self, need: Need, method: str) -> NDArray[Any]:
        """Return one of the arrays after checking it.

        Args:
            need: Which array.
            method: Who needs it, for the message.

        Raises:
            SelectionError: The array is absent, has another length, or holds nan or infinity.
        """
        array: NDArray[Any] | None = getattr(self, need)
        if array is None:
            raise SelectionError(f"selector {method!r} needs {need}, got none; {_REMEDY[need]}")
        if len(array) != self.count or array.ndim != (2 if need == "features" else 1):
            raise SelectionError(
                f"selector {method!r}: {need} of shape {array.shape} do not fit a dataset of "
                f"{self.count} examples; they belong to another dataset"
            )
        if need == "labels":
            if array.min(initial=0) < 0:
                raise SelectionError(f"selector {method!r}: labels must not be negative")
            return array
        wrong = not_finite(array)
        if len(wrong):
            raise SelectionError(
                f"selector {method!r}: {len(wrong)} of {self.count} {need} are nan or infinite, "
                f"the first at index {wrong[0]}; score the dataset again with a model that has "
                "not diverged"
            )
        return array


def not_finite(array: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the rows that hold nan or infinity, int64, ascending; any shape (n, ...)."""
    row_bytes = int(np.prod(array.shape[1:]))
    found = [
        rows.start + np.flatnonzero(~np.isfinite(array[rows]).reshape(len(array[rows]), -1).all(1))
        for rows in row_chunks(len(array), row_bytes)
    ]
    return np.concatenate([np.empty(0, np.int64), *found])


_REMEDY: Mapping[Need, str] = {
    "labels": "use a labelled dataset or a selector that needs no labels",
    "scores": "give a scores file or name a scorer",
    "features": "name a scorer that gives features",
}


class Selector(ABC):
    """Chooses examples; every number it depends on is an argument or a parameter.

    Attributes:
        name: The name on the command line.
        needs: The arrays of :class:`SelectorInputs` it cannot do without.
        scorer: Name of the scorer that computes its scores or features where the user gives
            none; empty where it needs neither.
        promises_scorer: Whether its name says that it goes by that scorer, so that scores of
            another one must be named by the user.
        deterministic: Whether the choice is the same for every seed.
        takes_fraction: Whether it has an option ``fraction`` that is more than a size.
        splits_by_class: Whether every class must be in both halves of the selection.
    """

    name: ClassVar[str]
    needs: frozenset[Need] = frozenset()
    scorer: ClassVar[str] = ""
    promises_scorer: ClassVar[bool] = False
    deterministic: ClassVar[bool] = False
    takes_fraction: ClassVar[bool] = False
    splits_by_class: ClassVar[bool] = False

    def parameters(self) -> Mapping[str, Any]:
        """Return every setting that changes the choice, as plain data."""
        return {}

    def fitted(self, inputs: SelectorInputs) -> Self:
        """Return the selector with the settings that the inputs decide filled in."""
        return self

    def own_size(self, inputs: SelectorInputs, generator: np.random.Generator) -> int:
        """Return how many examples it chooses where nobody says.

        Args:
            inputs: The arrays that :attr:`needs` names.
            generator: In the state in which :meth:`select` gets it.

        Raises:
            SelectionError: It has no size of its own.
        """
        raise SelectionError(
            f"selector {self.name!r} has no size of its own; give either size or fraction"
        )

    def select(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Choose ``size`` examples.

        Args:
            inputs: The arrays that :attr:`needs` names; others are ignored.
            size: Number of examples to choose, from 1 to ``inputs.count``.
            generator: Where random choices come from.

        Returns:
            Dataset indices, unique and ascending, int64, shape (size,).

        Raises:
            SelectionError: An array is absent or wrong, or the size cannot be met.
        """
        if not 1 <= size <= inputs.count:
            raise SelectionError(
                f"selector {self.name!r}: cannot choose {size} of {inputs.count} examples; "
                f"the size must be from 1 to {inputs.count}"
            )
        for need in sorted(self.needs):
            inputs.required(need, self.name)
        chosen = np.sort(np.asarray(self.choose(inputs, size, generator), dtype=np.int64))
        if len(chosen) != size or (np.diff(chosen) == 0).any():
            raise SelectionError(
                f"selector {self.name!r} was to choose {size} different examples, it chose "
                f"{len(np.unique(chosen))}; this is an error of the selector"
            )
        return chosen

    @abstractmethod
    def choose(
        self, inputs: SelectorInputs, size: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Choose ``size`` unique indices in any order; inputs and size are already checked."""


@dataclass(frozen=True)
class Selection:
    """The examples a search trains on, split between its two levels.

    Attributes:
        indices: Chosen dataset indices, unique, int64, shape (size,).
        weight_indices: Those that update the network's weights, a part of ``indices``.
        architecture_indices: Those that update the architecture, another part of ``indices``,
            without overlap. Examples of neither half are left for testing.
        dataset_size: Number of examples of the dataset that was chosen from.
        method: Name of the selector.
        parameters: The selector's settings, as plain data.
        seed: Seed of the choice and of the split.
        dataset: Name of the dataset.
        fingerprint: Fingerprint of the dataset, empty where the choice was made without it.
        shares: Shares of the selection that were asked for, of the weights and of the
            architecture; None where the halves were given.
        version: Version of this package that made it; empty where nobody says.
        scores: How the scores or features it was chosen by were made; None without any.
        labels_sha256: Hash of the classes in dataset order, empty where they are not known.

    Raises:
        SelectionError: Indices are duplicated or out of range, or the halves do not fit.
    """

    indices: NDArray[np.int64]
    weight_indices: NDArray[np.int64]
    architecture_indices: NDArray[np.int64]
    dataset_size: int
    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    dataset: str = ""
    fingerprint: str = ""
    shares: tuple[float, float] | None = None
    version: str = ""
    scores: ScoreOrigin | None = None
    labels_sha256: str = ""

    def __post_init__(self) -> None:
        """Check the arrays, and keep them as int64."""
        for name in SELECTION_ARRAYS:
            object.__setattr__(self, name, _checked(name, getattr(self, name), self.dataset_size))
        for name in SELECTION_ARRAYS[1:]:
            if not np.isin(getattr(self, name), self.indices).all():
                raise SelectionError(f"{name} holds examples that are not among indices")
        both = np.intersect1d(self.weight_indices, self.architecture_indices)
        if len(both):
            raise SelectionError(
                f"{len(both)} examples are in both halves, {both[0]} among them; weight_indices "
                "and architecture_indices must not overlap"
            )

    @property
    def size(self) -> int:
        """The number of chosen examples."""
        return len(self.indices)

    def facts(self) -> dict[str, Any]:
        """Return how it was made, and how many examples it has, as plain data."""
        return {
            "method": self.method,
            "parameters": dict(self.parameters),
            "scores": None if self.scores is None else self.scores.label,
            "dataset": self.dataset,
            "dataset_size": self.dataset_size,
            "size": self.size,
            "weights": len(self.weight_indices),
            "architecture": len(self.architecture_indices),
            "seed": self.seed,
        }

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        facts = self.facts()
        caption = f"{self.size:,} of {self.dataset_size:,} examples of {self.dataset}"
        return notebook_table(caption, list(facts), [list(facts.values())])

    def check_fits(self, dataset: Dataset) -> None:
        """Make sure that the selection was made from this dataset.

        Raises:
            SelectionError: The number of examples, the fingerprint or the classes differ.
        """
        if len(dataset) != self.dataset_size:
            raise SelectionError(
                f"the selection was made from {self.dataset or 'a dataset'} of "
                f"{self.dataset_size} examples, {dataset.name!r} has {len(dataset)}; select again"
            )
        if self.fingerprint and self.fingerprint != dataset.fingerprint:
            raise SelectionError(
                f"the selection was made from dataset {self.dataset!r} with fingerprint "
                f"{self.fingerprint[:12]}, {dataset.name!r} has {dataset.fingerprint[:12]}: its "
                "images, labels or order differ; select again, or read a folder with the image "
                "size and the damaged images left out as they were then"
            )
        known = self.labels_sha256 and dataset.labels is not None
        if known and self.labels_sha256 != array_sha256(np.asarray(dataset.labels)):
            raise SelectionError(
                f"the selection was made from a list of scores whose classes are not those of "
                f"{dataset.name!r} in its order; its indices must not be used there. Score the "
                "dataset and select again"
            )


def _checked(name: str, indices: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return indices as int64 after checking range and uniqueness."""
    array = np.asarray(indices)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise SelectionError(f"{name} must be whole numbers in one row, got {array.dtype}")
    whole = array.astype(np.int64)
    if whole.size and not (whole.min() >= 0 and whole.max() < count):
        raise SelectionError(
            f"{name} must lie from 0 to {count - 1}, got {whole.min()} to {whole.max()}"
        )
    values, counts = np.unique(whole, return_counts=True)
    if (counts > 1).any():
        raise SelectionError(
            f"{name}: {int((counts > 1).sum())} indices are duplicated, {values[counts > 1][0]} "
            "among them; every example may be chosen once"
        )
    return whole
