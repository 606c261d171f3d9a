"""What a scorer is: a dataset goes in, a number or a vector for each example comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from naslib_proxydata.errors import SelectionError

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
        takes_pretrained: Whether a given, trained model can take the place of its own.
        uses_labels: Whether the array depends on the labels even so.
        trains_anyway: Whether it trains something beside a given model, by recipe and seed.
    """

    name: ClassVar[str]
    gives: ClassVar[Literal["scores", "features"]] = "scores"
    own_model: ClassVar[str] = ""
    hardest: ClassVar[End] = "highest"
    needs_labels: ClassVar[bool] = False
    cached: ClassVar[bool] = True
    takes_pretrained: ClassVar[bool] = False
    uses_labels: ClassVar[bool] = False
    trains_anyway: ClassVar[bool] = False

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
        """Return the name of the model that this scorer uses there, with given weights if any."""
        if context.pretrained is not None:
            return context.pretrained.label
        return context.model or self.own_model

    def check(self, context: ScoringContext) -> None:
        """Refuse what cannot be scored, before anything is spent.

        Raises:
            DatasetError: The scorer needs labels and the dataset has none.
            SelectionError: The model is unknown, or cannot be imported or built; or one is given
                that the scorer cannot use, or that knows other classes.
        """
        if context.pretrained is not None:
            self._check_pretrained(context)
            return
        if self.needs_labels:
            context.dataset.required_labels(f"scorer {self.name!r}")
        if self.own_model:
            context.check_model(self.model(context))

    def _check_pretrained(self, context: ScoringContext) -> None:
        """Refuse a given model that this scorer has no use for, or whose classes are others."""
        if not self.takes_pretrained:
            does = "looks at the training itself" if self.own_model else "uses no such model"
            raise SelectionError(
                f"scorer {self.name!r} {does}; leave out weights and pretrained, or name a scorer "
                "such as 'entropy' that looks at what a trained model gives"
            )
        if self.uses_labels:
            context.dataset.required_labels(f"scorer {self.name!r}")
        classes, known = context.pretrained_classes(), context.dataset.num_classes
        if self.uses_labels and classes != known:
            raise SelectionError(
                f"scorer {self.name!r} compares what the model gives with the labels: it knows "
                f"{classes} classes, dataset {context.dataset.name!r} has {known}; use a model of "
                "these classes, or a scorer that needs no labels, such as 'entropy'"
            )
