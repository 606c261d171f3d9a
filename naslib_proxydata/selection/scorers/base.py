"""What a scorer is: a dataset goes in, a number or a vector for each example comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.selection.origin import End
    from naslib_proxydata.selection.scorers.context import ScoringContext


class Scorer(ABC):
    """Gives each example of a dataset a number or a feature vector; it never chooses.

    Attributes:
        name: The name on the command line.
        gives: What its array is to a selector.
        own_model: Name of the model where the user names none; empty where none is used.
        hardest: The end of its scores at which the hard examples are.
        needs_labels: Whether an unlabelled dataset cannot be scored.
        cached: Whether the array is worth keeping on disk.
    """

    name: ClassVar[str]
    gives: ClassVar[Literal["scores", "features"]] = "scores"
    own_model: ClassVar[str] = ""
    hardest: ClassVar[End] = "highest"
    needs_labels: ClassVar[bool] = False
    cached: ClassVar[bool] = True

    def settings(self) -> Mapping[str, Any]:
        """Return every setting that changes the array, as plain data; part of the cache's key."""
        return {}

    @abstractmethod
    def compute(self, context: ScoringContext) -> NDArray[np.floating[Any]]:
        """Return scores, shape (n,), or features, shape (n, dimensions), in dataset order."""

    def training_accuracy(self, context: ScoringContext) -> float | None:
        """Return what its model reached on its training examples, in percent.

        Returns:
            None where it trains none. :meth:`compute` was called before.
        """
        return None

    def model(self, context: ScoringContext) -> str:
        """Return the name of the model that this scorer uses there."""
        return context.model or self.own_model

    def check(self, context: ScoringContext) -> None:
        """Refuse what cannot be scored, before anything is spent.

        Raises:
            DatasetError: The scorer needs labels and the dataset has none.
            SelectionError: The model is unknown, or cannot be imported or built.
        """
        if self.needs_labels:
            context.dataset.required_labels(f"scorer {self.name!r}")
        if self.own_model:
            context.check_model(self.model(context))
