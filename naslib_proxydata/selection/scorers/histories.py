"""Scores from the history of a training run, and features from its model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.numbers import check_whole
from naslib_proxydata.selection.scorers import dynamics, trajectories
from naslib_proxydata.selection.scorers.inference import penultimate_features
from naslib_proxydata.selection.scorers.models import last_linear
from naslib_proxydata.selection.scorers.trained import TrainedModelScorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from naslib_proxydata.selection.scorers.context import ScoringContext


class ForgettingScorer(TrainedModelScorer):
    """Forgetting events over the whole training run (arXiv 1812.05159)."""

    name = "forgetting"

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Train or reuse the model and read its history."""
        return context.trained(self.model(context)).forgetting.scores()


class TrajectoryScorer(TrainedModelScorer):
    """A formula on what the training batches gave of each example, epoch by epoch.

    Args:
        epochs: How many epochs it looks at, the first ones; all of the run where None.

    Raises:
        SelectionError: There are fewer than the formula needs.
    """

    fewest: ClassVar[int] = 1

    def __init__(self, epochs: int | None = None) -> None:
        self.epochs = epochs
        if epochs is not None:
            self._check_epochs(epochs)

    def settings(self) -> Mapping[str, Any]:
        """Return how many epochs are looked at, where that is not all."""
        return {} if self.epochs is None else {"epochs": self.epochs}

    def check(self, context: ScoringContext) -> None:
        """Refuse a training run that is too short, too."""
        super().check(context)
        self._check_epochs(context.recipe.epochs)
        if self.epochs is not None and self.epochs > context.recipe.epochs:
            raise SelectionError(
                f"scorer {self.name!r}: epochs must be at most {context.recipe.epochs}, those of "
                f"the training run, got {self.epochs}"
            )

    def compute(self, context: ScoringContext) -> NDArray[np.float64]:
        """Train or reuse the model and read what its epochs gave."""
        return self.formula(context.trained(self.model(context), outputs=True).dynamics)

    @abstractmethod
    def formula(self, run: dynamics.Dynamics) -> NDArray[np.float64]:
        """Return the scores, shape (n,)."""

    def _check_epochs(self, epochs: int) -> None:
        check_whole(f"scorer {self.name!r}", self.fewest, epochs=epochs)


class AumScorer(TrajectoryScorer):
    """Area under the margin, of logits, over the training run (arXiv 2001.10528)."""

    name = "aum"
    hardest = "lowest"

    def formula(self, run: dynamics.Dynamics) -> NDArray[np.float64]:
        """Return mean margins."""
        return trajectories.area_under_margin(run.read("margin", self.epochs))


class DynamicUncertaintyScorer(TrajectoryScorer):
    """How much the probability of its class varies within windows (arXiv 2306.05175).

    Args:
        window: Epochs in a window; 10 in the paper.
        epochs: How many epochs it looks at, the first ones; all of the run where None.

    Raises:
        SelectionError: Window or epochs are below 2.
    """

    name = "dyn-unc"
    fewest = 2

    def __init__(self, window: int = 10, epochs: int | None = None) -> None:
        super().__init__(epochs)
        check_whole("scorer 'dyn-unc'", self.fewest, window=window)
        self.window = window

    def settings(self) -> Mapping[str, Any]:
        """Return window and epochs."""
        return {"window": self.window, **super().settings()}

    def formula(self, run: dynamics.Dynamics) -> NDArray[np.float64]:
        """Return mean deviations."""
        probabilities = run.read("probability", self.epochs)
        return trajectories.dynamic_uncertainty(probabilities, self.window)


class TDDSScorer(TrajectoryScorer):
    """Temporal dual-depth score over the training run (arXiv 2311.13613).

    Args:
        window: Epochs in a window, J; 10 in the release.
        decay: Weight of the newest window; 0.9 in the release.
        epochs: Length T of the trajectory, the first epochs; all of the run where None. The
            release's example takes 30 of 200.

    Raises:
        SelectionError: Window or epochs are below 3, or the decay is not in (0, 1].
    """

    name = "tdds"
    fewest = 3

    def __init__(self, window: int = 10, decay: float = 0.9, epochs: int | None = None) -> None:
        super().__init__(epochs)
        check_whole("scorer 'tdds'", self.fewest, window=window)
        if not 0 < decay <= 1:
            raise SelectionError(f"scorer 'tdds': decay must be above 0 and at most 1, got {decay}")
        self.window = window
        self.decay = float(decay)

    def settings(self) -> Mapping[str, Any]:
        """Return window, decay and epochs."""
        return {"window": self.window, "decay": self.decay, **super().settings()}

    def check(self, context: ScoringContext) -> None:
        """Refuse a dataset whose probabilities of one epoch do not fit in memory, too."""
        super().check(context)
        count, classes = len(context.dataset), context.dataset.num_classes
        if not dynamics.fits(count, classes):
            raise SelectionError(
                f"scorer 'tdds' holds the probabilities of all examples, {count} x {classes}, "
                f"which is more than {dynamics.LARGEST >> 30} GiB; use 'dyn-unc' or 'aum', which "
                "do not"
            )

    def formula(self, run: dynamics.Dynamics) -> NDArray[np.float64]:
        """Return the weighted variations."""
        divergences = run.read("divergence", self.epochs)
        return trajectories.temporal_dual_depth(divergences, self.window, self.decay)


class FeatureScorer(TrainedModelScorer):
    """The input of the trained model's last linear layer."""

    name = "features"
    gives = "features"
    takes_pretrained = True

    def check(self, context: ScoringContext) -> None:
        """Refuse a given model without a linear layer, too."""
        super().check(context)
        if context.pretrained is not None:
            last_linear(context.pretrained.model)

    def compute(self, context: ScoringContext) -> NDArray[np.float32]:
        """Train, reuse or take the model; then one forward pass in eval mode."""
        model = context.classifier(self.model(context))
        return penultimate_features(model, context.dataset, context.device, context.scoring_pass)
