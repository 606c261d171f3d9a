"""What a predictor is: something that scores an architecture without training it.

:class:`Predictor` is what every predictor is, :class:`LearningPredictor` one that labelled
architectures make better.
"""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple

import numpy as np

from naslib_proxydata.errors import ProxyDataError
from naslib_proxydata.predictors.returned import real_number
from naslib_proxydata.predictors.transient import is_transient, reason_of, tells_of_transient
from naslib_proxydata.spaces.base import Architecture, SearchSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from naslib_proxydata.data.batch import ImageBatch

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScoringTask(Generic[Architecture]):
    """Everything a score may depend on besides the architecture.

    Attributes:
        space: The search space of the architectures.
        images: Labelled images; a predictor takes the first ``images_needed`` of them.
        seed: Seed of the run; a score never depends on the order of architectures.
        device: A torch device string.
        num_classes: Number of classes of the networks' heads.
    """

    space: SearchSpace[Architecture]
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
        transient: Whether memory, a device, a file or a time limit failed, not the computation:
            it counts as it is in this run, and the next one tries it again.
    """

    value: float
    reason: str = ""
    seconds: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)
    transient: bool = False


def as_score(returned: Any) -> Score:
    """Return what a predictor returned as a score, a failed one where it holds no number.

    Args:
        returned: A :class:`Score` or one real number is expected; see
            :func:`~naslib_proxydata.predictors.returned.real_number`.
    """
    score = returned if isinstance(returned, Score) else Score(returned)
    try:
        return replace(score, value=real_number(score.value))
    except ValueError as error:
        what = "a Score whose value is " if score is returned else ""
        reasons = (score.reason, f"the predictor returned {what}{error}")
        return replace(score, value=math.nan, reason="; ".join(filter(None, reasons)))


def _finished(score: Score, seconds: float) -> Score:
    """Return a score with its time, and a reason where it has failed."""
    if not math.isnan(score.value):
        return replace(score, seconds=seconds)
    reason = score.reason or "the score is not a number"
    transient = score.transient or tells_of_transient(reason)
    return replace(score, reason=reason, seconds=seconds, transient=transient)


class Predictor(ABC, Generic[Architecture]):
    """Scores architectures; one object serves one :class:`ScoringTask` at a time.

    Generic in what its search spaces call an architecture; one that serves every space leaves
    the type open.

    Attributes:
        name: The name on the command line.
        images_needed: How many images of the task are used; 0 for none.
        needs_network: Whether a network is run. If so, an architecture whose output does not
            depend on its input scores ``-inf`` without being built.
        sees: ``"canonical"`` where functionally equal architectures share one score;
            ``"raw"`` where dead edges count, as they do in parameter counts.
        takes_sources: Whether it knows measured tables, by the options ``sources``, ``space``,
            ``data_root`` and ``lower_is_better``; those not given are the command's.
    """

    name: ClassVar[str]
    images_needed: int = 0
    needs_network: ClassVar[bool] = True
    sees: ClassVar[Literal["canonical", "raw"]] = "canonical"
    takes_sources: ClassVar[bool] = False
    task: ScoringTask[Architecture]

    def settings(self) -> Mapping[str, Any]:
        """Return every setting that changes scores, as plain data; part of the store's key."""
        return {}

    def images_for(self, space: str) -> int:
        """Return how many images are used in a search space; ``images_needed`` by default."""
        return self.images_needed

    def prepare(self, task: ScoringTask[Architecture]) -> None:
        """Bind to a task and compute once what all its architectures share."""
        self.task = task

    def set_target(self, dataset: str) -> None:
        """Say of which dataset the values are that it will learn from and be compared with.

        One that knows measured values leaves those of this dataset out; by default nothing is
        done. Told before :meth:`LearningPredictor.fit` and :meth:`aggregate`.
        """

    def knows(self, scores: Sequence[Score]) -> tuple[str, ...]:
        """Return which tables and datasets it knows values of, the target's left out.

        Args:
            scores: Of the architectures that are ranked; where not all were measured, the name
                says how many.
        """
        return ()

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
    def evaluate(self, architecture: Architecture) -> Score | float:
        """Score one architecture.

        Exceptions (``SystemExit`` among them), nan and what is no number are turned into failed
        scores by :meth:`score_one`.
        """

    def score_one(self, architecture: Architecture) -> Score:
        """Score one architecture, never raising for what a network did or its code returned.

        Raises:
            ProxyDataError: The settings or the images do not fit; the message says what to do.
        """
        space = self.task.space
        started = time.perf_counter()
        if self.needs_network and not space.carries_signal(architecture):
            return Score(-math.inf, "the output does not depend on the input")
        if self.sees == "canonical":
            architecture = space.canonical(architecture)
        try:
            score = as_score(self.evaluate(architecture))
        except ProxyDataError:
            raise
        except (Exception, SystemExit) as error:
            score = Score(math.nan, reason_of(error), transient=is_transient(error))
        return _finished(score, time.perf_counter() - started)

    def together(self, task: ScoringTask[Architecture]) -> int:
        """Return how many architectures :meth:`score_many` is best given at once: one, by default.

        More make sense where a device computes many small networks in the time of one.
        """
        return 1

    def evaluate_many(self, architectures: Sequence[Architecture]) -> list[Score | float]:
        """Score some architectures, one by one by default; see :meth:`evaluate`."""
        return [self.evaluate(architecture) for architecture in architectures]

    def score_many(self, architectures: Sequence[Architecture]) -> list[Score]:
        """Score architectures at once, with what :meth:`score_one` gives each up to rounding.

        Where that raises, each half is tried again, so that what one network did is not the
        others' and the memory of a device need not be known.

        Raises:
            ProxyDataError: The settings or the images do not fit; the message says what to do.
        """
        space = self.task.space
        alive = [
            index
            for index, architecture in enumerate(architectures)
            if not self.needs_network or space.carries_signal(architecture)
        ]
        if len(architectures) < 2 or len(alive) < len(architectures):
            if len(alive) < 2:
                return [self.score_one(architecture) for architecture in architectures]
            found = dict(
                zip(alive, self.score_many([architectures[index] for index in alive]), strict=True)
            )
            return [
                found[index] if index in found else self.score_one(architecture)
                for index, architecture in enumerate(architectures)
            ]
        started = time.perf_counter()
        seen = list(architectures)
        if self.sees == "canonical":
            seen = [space.canonical(architecture) for architecture in architectures]
        try:
            scores = [as_score(one) for one in self.evaluate_many(seen)]
        except ProxyDataError:
            raise
        except (Exception, SystemExit) as error:
            half = len(architectures) // 2
            _log.warning(
                "%s: scoring %d architectures at once failed (%s); each half is tried again",
                self.name,
                len(architectures),
                reason_of(error)[:200],
            )
            del error
        else:
            seconds = (time.perf_counter() - started) / len(architectures)
            return [_finished(score, seconds) for score in scores]
        return self.score_many(architectures[:half]) + self.score_many(architectures[half:])

    def score(self, architectures: Sequence[Architecture]) -> NDArray[np.float64]:
        """Score architectures one by one; shape (len(architectures),)."""
        scores = [self.score_one(architecture) for architecture in architectures]
        return np.array([score.value for score in scores], dtype=np.float64)

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


class Distribution(NamedTuple):
    """What a predictor that has learnt expects of n architectures, and how sure it is.

    The unit is that of the normal scores of the labels it has learnt from: 0 is their median, and
    the highest of m is Phi^-1((m - 1/2) / m).

    Attributes:
        mean: Shape (n,), nan where nothing is expected: a failed score, or no signal.
        deviation: Standard deviation, shape (n,), nan likewise.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


class LearningPredictor(Predictor[Architecture]):
    """A predictor that labelled architectures make better.

    It learns from their scores, which a leaderboard or a search has computed and stored before
    anything is labelled: whatever is to be learnt from (features, say, or the architecture's
    text) :meth:`evaluate` puts into :attr:`Score.details`, as plain data. Until it has learnt it
    scores and ranks as well, without labels.
    """

    @abstractmethod
    def fit(self, scores: Sequence[Score], accuracies: NDArray[np.float64]) -> None:
        """Learn from labelled architectures, and forget what was learnt before.

        :meth:`aggregate` then ranks scores of any time, of before the learning too.

        Args:
            scores: What :meth:`score_one` returned for them, in whatever state it was; those
                that failed or carry no signal among them.
            accuracies: Of the same architectures, higher is better, shape (len(scores),).

        Raises:
            LabelError: They are fewer than
                :data:`~naslib_proxydata.predictors.labels.FEWEST_LABELS`, all alike, or not one
                finite number for each.
        """

    @property
    def knows_uncertainty(self) -> bool:
        """Whether :meth:`distribution` says something once the predictor has learnt."""
        return type(self).distribution is not LearningPredictor.distribution

    def distribution(self, scores: Sequence[Score]) -> Distribution | None:
        """Return what is expected of architectures that are ranked together, and how surely.

        None where the predictor has learnt nothing or says nothing of its uncertainty, which is
        the default.
        """
        return None

    def draw(
        self, scores: Sequence[Score], count: int, generator: np.random.Generator
    ) -> NDArray[np.float64] | None:
        """Draw values of architectures that are ranked together, in the unit of a distribution.

        None where :meth:`distribution` is; by default each architecture is drawn by itself.

        Args:
            scores: Of n architectures.
            count: How many draws.
            generator: Source of all that is random.

        Returns:
            Shape (count, n), columns of nan where nothing is expected.
        """
        expected = self.distribution(scores)
        if expected is None:
            return None
        noise = generator.standard_normal((count, len(scores)))
        return np.asarray(expected.mean + expected.deviation * noise, dtype=np.float64)
