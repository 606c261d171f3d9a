"""An optimizer of NePS that ranks architectures by what its run has measured so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neps import SampledConfig, Trial
from neps.optimizers.optimizer import ImportedConfig

from naslib_proxydata.errors import ArchitectureError, BridgeError, SearchError
from naslib_proxydata.evolution.advisor import Advisor, Known
from naslib_proxydata.evolution.proposable import proposable
from naslib_proxydata.neps_bridge.space import Configurations
from naslib_proxydata.runs.learner import begun, prepared_learner
from naslib_proxydata.runs.parameters import parameters_of, space_of
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.listed import ROW

_UNFINISHED = (Trial.State.PENDING, Trial.State.EVALUATING)


class FewLabelOptimizer:
    """Proposes the architectures that the results of a NePS run promise most of.

    Give it to ``neps.run`` with its space: ``optimizer=partial(FewLabelOptimizer, space="nb201",
    seed=0)``. The first trials are random, then a predictor ranks by what has been measured: see
    :class:`~naslib_proxydata.evolution.advisor.Advisor`. Architectures that compute the same are
    one, and none is tried twice. A proposal follows from the seed, its trial's number and the
    trials before, so a run that is resumed, and workers that share it, go on as one.

    Args:
        pipeline: What NePS hands over: the ``pipeline_space`` of the run.
        space: The search space, or its name.
        architectures: Those that :func:`~naslib_proxydata.neps_bridge.pipeline_space` was given,
            or those that a table measured.
        allows: Whether an architecture may be proposed, by its text.
        seed: Seed of all that is random.
        startup: How many trials come before the first that is guided by others.
        start: Name, or name and options, of a predictor that needs no labels, such as
            ``"zero-label"``: the first trials are the best by it of ``start_candidates`` random
            architectures, which it scores when the first trial begins. Random ones where None.
        start_candidates: How many architectures it ranks.
        predictor: Name of a predictor that learns from labels, or name and options.
        target: Dataset that is measured, for a predictor that knows other tasks.
        acquisition: What a trial is worth; see :mod:`naslib_proxydata.evolution.acquisition`.
        candidates: How many random architectures the predictor ranks for a trial.

    Raises:
        ConfigError: A name or an option is unknown.
        BridgeError: The predictor does not learn, or the run is over other parameters.
    """

    def __init__(
        self,
        pipeline: Any,
        *,
        space: str | SearchSpace[Any],
        architectures: Sequence[str] | None = None,
        allows: Callable[[str], bool] | None = None,
        seed: int = 0,
        startup: int = 5,
        start: str | Mapping[str, Any] | None = None,
        start_candidates: int = 50,
        predictor: str | Mapping[str, Any] = "few-label-structure",
        target: str | None = None,
        acquisition: str = "expected_improvement",
        candidates: int = 500,
    ) -> None:
        made = space_of(space)
        parameters = parameters_of(made, architectures)
        self.seed = seed
        self._configurations = Configurations(pipeline, parameters)
        domain = proposable(made, architectures, allows, exact=ROW in parameters.choices)
        self._advisor = Advisor(
            domain,
            prepared_learner(predictor, made, seed=seed, target=target),
            acquisition=acquisition,
            startup=startup,
            candidates=candidates,
            start=begun(domain, start, start_candidates, seed),
        )

    def __call__(
        self, trials: Mapping[str, Trial], budget_info: Any = None, n: int | None = None
    ) -> SampledConfig | list[SampledConfig]:
        """Return the next configuration, or ``n`` of them that are not alike.

        Raises:
            BridgeError: A trial has several objectives, or names no architecture.
            SearchError: Every architecture that may be proposed has been.
        """
        known = self._known(trials)
        first = 1 + max(map(_number, trials), default=0)
        sampled = []
        for number in range(first, first + (n or 1)):
            chosen = self._advisor.propose(known, numpy_generator(self.seed, "neps", number))
            if chosen is None:
                raise SearchError(
                    f"every architecture that may be proposed was tried, in {len(trials)} trials; "
                    "end the run, or allow others"
                )
            known = self._with(known, chosen)
            sampled.append(SampledConfig(str(number), self._configurations.written(chosen)))
        return sampled[0] if n is None else sampled

    def import_trials(
        self, external_evaluations: Sequence[tuple[Mapping[str, Any], Any]], trials: Any
    ) -> list[ImportedConfig]:
        """Number what was evaluated elsewhere; it is learnt from as the run's own trials."""
        first = 1 + max(map(_number, trials), default=0)
        return [
            ImportedConfig(str(number), configuration, result)
            for number, (configuration, result) in enumerate(external_evaluations, first)
        ]

    def get_trial_artifacts(self, trials: Any = None) -> None:
        """Return nothing: there is nothing to keep beside the trials."""

    def _known(self, trials: Mapping[str, Trial]) -> Known[Any]:
        """Return what trials say; what failed is not proposed again."""
        key_of = self._advisor.domain.key
        measured: dict[str, tuple[Any, float]] = {}
        pending: dict[str, Any] = {}
        taken: set[str] = set()
        for name, trial in trials.items():
            value = _value_of(name, trial)
            architecture = self._architecture_of(name, trial, needed=value is not None)
            if architecture is None:
                continue
            key = key_of(architecture)
            taken.add(key)
            if value is not None:
                measured.setdefault(key, (architecture, value))
            elif _is_unfinished(trial):
                pending[key] = architecture
        unmeasured = {key: one for key, one in pending.items() if key not in measured}
        return Known(measured, unmeasured, taken)

    def _architecture_of(self, name: str, trial: Trial, *, needed: bool) -> Any | None:
        try:
            return self._configurations.read(trial.config)
        except ArchitectureError as error:
            if not needed:
                return None
            raise BridgeError(
                f"trial {name} has a result, but names no architecture: {error}"
            ) from None

    def _with(self, known: Known[Any], chosen: Any) -> Known[Any]:
        key = self._advisor.domain.key(chosen)
        return Known(known.measured, {**known.pending, key: chosen}, {*known.taken, key})


def _number(trial: str) -> int:
    """Return a trial's number; 0 where a user has named it otherwise."""
    return int(trial) if trial.isdecimal() else 0


def _is_unfinished(trial: Any) -> bool:
    return trial.metadata.state in _UNFINISHED


def _value_of(name: str, trial: Trial) -> float | None:
    """Return what a trial has measured, higher is better: NePS minimises."""
    value = trial.report.objective_to_minimize if trial.report is not None else None
    if isinstance(value, list):
        raise BridgeError(
            f"FewLabelOptimizer ranks by one objective, and trial {name} has "
            f"{len(value)}; take one of NePS's optimizers for several"
        )
    return None if value is None or value != value else -float(value)
