"""What a predictor is: something that scores an architecture without training it."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from naslib_proxydata.errors import ProxyDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.images import ImageBatch
    from naslib_proxydata.spaces.base import SearchSpace


@dataclass(frozen=True)
class ScoringTask:
    """Everything a score may depend on besides the architecture.

    Attributes:
        space: The search space of the architectures.
        images: Labelled images; a predictor takes the first ``images_needed`` of them.
        seed: Seed of the run; a score never depends on the order of architectures.
        device: A torch device string.
        num_classes: Number of classes of the networks' heads.
    """

    space: SearchSpace[Any]
    images: ImageBatch
    seed: int = 0
    device: str = "cpu"
    num_classes: int = 10


@dataclass(frozen=True)
class Score:
    """What one predictor says of one architecture.

    Attributes:
        value: Higher is better. ``nan`` where scoring failed, ``-inf`` where the architecture
            carries no signal, which ranks it last by construction.
        reason: Why the value is not finite; empty otherwise.
        seconds: Wall-clock time of the scoring.
        details: Further numbers worth keeping, such as Eproxy's losses by iteration.
    """

    value: float
    reason: str = ""
    seconds: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)


class Predictor(ABC):
    """Scores architectures; one object serves one :class:`ScoringTask` at a time.

    Attributes:
        name: The name on the command line.
        images_needed: How many images of the task are used; 0 for none.
        needs_network: Whether a network is run. If so, an architecture whose output does not
            depend on its input scores ``-inf`` without being built.
        sees: ``"canonical"`` where functionally equal architectures share one score;
            ``"raw"`` where dead edges count, as they do in parameter counts.
    """

    name: ClassVar[str]
    images_needed: int = 0
    needs_network: ClassVar[bool] = True
    sees: ClassVar[Literal["canonical", "raw"]] = "canonical"
    task: ScoringTask

    def settings(self) -> Mapping[str, Any]:
        """Return every setting that changes scores, as plain data; part of the store's key."""
        return {}

    def prepare(self, task: ScoringTask) -> None:
        """Bind to a task and compute once what all its architectures share."""
        self.task = task

    def fit(self, architectures: Sequence[Any], accuracies: NDArray[np.float64]) -> None:  # noqa: B027
        """Learn from labelled architectures; predictors without labels ignore it."""

    def learn(self, scores: Sequence[Score], accuracies: NDArray[np.float64]) -> None:  # noqa: B027
        """Learn from the scores of labelled architectures; predictors without labels ignore it.

        What :meth:`fit` does when the architectures have been scored already, as a leaderboard
        has done for all of them once. :meth:`aggregate` then uses what was learnt.
        """

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the predictors whose scores this one combines: options by registered name.

        Where there are any, the scores of the parts may come from a store: :meth:`combine` makes
        this predictor's score of them, and :meth:`evaluate` computes both.
        """
        return {}

    def combine(self, parts: Mapping[str, Score]) -> Score:
        """Make the score of one architecture of the scores that its :meth:`parts` give it."""
        raise NotImplementedError(f"predictor {self.name!r} has no parts")

    @abstractmethod
    def evaluate(self, architecture: Any) -> Score | float:
        """Score one architecture; exceptions and nan are turned into failed scores."""

    def score_one(self, architecture: Any) -> Score:
        """Score one architecture, never raising for what a network did.

        Raises:
            ProxyDataError: The user must put something right (the settings, the images).
        """
        space = self.task.space
        started = time.perf_counter()
        if self.needs_network and not space.carries_signal(architecture):
            return Score(-math.inf, "the output does not depend on the input")
        if self.sees == "canonical":
            architecture = space.canonical(architecture)
        try:
            result = self.evaluate(architecture)
        except ProxyDataError:
            raise
        except Exception as error:
            result = Score(math.nan, f"{type(error).__name__}: {error}")
        if not isinstance(result, Score):
            result = Score(float(result))
        reason = result.reason
        if math.isnan(result.value) and not reason:
            reason = "the score is not a number"
        return Score(result.value, reason, time.perf_counter() - started, result.details)

    def score(self, architectures: Sequence[Any]) -> NDArray[np.float64]:
        """Score architectures one by one; shape (len(architectures),)."""
        return np.array([self.score_one(one).value for one in architectures], dtype=np.float64)

    def aggregate(self, scores: Sequence[Score]) -> NDArray[np.float64]:
        """Turn the scores of one evaluation into the values that are ranked.

        A score belongs to one architecture and never depends on which others are scored. A
        predictor whose published value is an aggregate over all evaluated architectures (a sum
        of ranks, say) computes it here, from :attr:`Score.details`.

        Args:
            scores: The scores of all evaluated architectures.

        Returns:
            Shape (len(scores),), higher is better. What failed stays nan, what carries no
            signal stays -inf. By default the scores' own values.
        """
        return np.array([score.value for score in scores], dtype=np.float64)
