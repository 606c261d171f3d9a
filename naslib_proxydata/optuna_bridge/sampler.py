"""A sampler of Optuna that ranks architectures by what its study has measured so far."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from naslib_proxydata.errors import ArchitectureError, BridgeError, closest
from naslib_proxydata.evolution.advisor import Advisor, Known
from naslib_proxydata.evolution.proposable import proposable
from naslib_proxydata.optuna_bridge.history import FIXED, PROPOSAL, known_of
from naslib_proxydata.optuna_bridge.parameters import distributions_of
from naslib_proxydata.runs.learner import begun, prepared_learner
from naslib_proxydata.runs.parameters import parameters_of, space_of
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace
from naslib_proxydata.spaces.common.listed import ROW

MOST_CLASHES: Final = 10
"""How often a proposal is made anew because another worker has made the same one meanwhile."""
_TURN: Final = threading.Lock()
"""A study's threads share their sampler, and its predictor learns for one proposal at a time."""

_log = logging.getLogger(__name__)


class FewLabelSampler(BaseSampler):
    """Proposes the architectures that the labels of a study's own trials promise most of.

    The first trials are random, or those that a predictor without labels puts first. Then one
    learns from the ranks of all completed ones, and of many candidates the one is tried that is
    worth it most: see :class:`~naslib_proxydata.evolution.advisor.Advisor`. Architectures that
    compute the same are one, and none is proposed twice before all have been tried. A proposal
    follows from the seed, the trial's number and the trials before, so a study that is resumed
    goes on as if it had never stopped. Trials that run at the same time know of each other
    through the study's storage.

    It needs no parameter but those that :func:`suggest_architecture` suggests. What else an
    objective suggests is refused, but where ``independent_sampler`` says how to choose it.

    Args:
        space: The search space, or its name.
        architectures: Texts that random draws choose from; the whole space where None. Needed
            where the space has no parameters of its own.
        by_row: Whether an architecture is one parameter, its row among ``architectures``.
        allows: Whether an architecture may be proposed, by its text: within a limit of size, say.
            Where None, ``architectures`` may, and what computes the same.
        seed: Seed of all that is random; another one each time where None.
        n_startup_trials: How many trials come before the first that is guided by others.
        start: Name, or name and options, of a predictor that needs no labels, such as
            ``"zero-label"``: the first trials are the best by it of ``start_candidates`` random
            architectures, which it scores when the first trial begins. Random ones where None.
        start_candidates: How many architectures it ranks.
        predictor: Name of a predictor that learns from labels, or name and options.
        target: Dataset that is measured, for a predictor that knows other tasks: it leaves this
            one out.
        acquisition: What a trial is worth; see :mod:`naslib_proxydata.evolution.acquisition`.
        candidates: How many random architectures the predictor ranks for a trial, beside the
            neighbours of the best.
        independent_sampler: Samples all parameters that are not the architecture's.

    Raises:
        ConfigError: A name or an option is unknown.
        BridgeError: The predictor does not learn, or the space has no parameters.
    """

    def __init__(
        self,
        space: str | SearchSpace[Any],
        *,
        architectures: Sequence[str] | None = None,
        by_row: bool = False,
        allows: Callable[[str], bool] | None = None,
        seed: int | None = None,
        n_startup_trials: int = 5,
        start: str | Mapping[str, Any] | None = None,
        start_candidates: int = 50,
        predictor: str | Mapping[str, Any] = "few-label-structure",
        target: str | None = None,
        acquisition: str = "expected_improvement",
        candidates: int = 500,
        independent_sampler: BaseSampler | None = None,
    ) -> None:
        self._given: dict[str, Any] = {
            "architectures": architectures,
            "by_row": by_row,
            "allows": allows,
            "n_startup_trials": n_startup_trials,
            "start": start,
            "start_candidates": start_candidates,
            "predictor": predictor,
            "target": target,
            "acquisition": acquisition,
            "candidates": candidates,
            "independent_sampler": independent_sampler,
        }
        self.space = space_of(space)
        self.parameters = parameters_of(self.space, architectures, by_row=by_row)
        self.distributions = distributions_of(self.parameters)
        self.seed = secrets.randbits(63) if seed is None else seed
        self.independent_sampler = independent_sampler
        domain = proposable(self.space, architectures, allows, exact=ROW in self.distributions)
        self._advisor = Advisor(
            domain,
            prepared_learner(predictor, self.space, seed=seed or 0, target=target),
            acquisition=acquisition,
            startup=n_startup_trials,
            candidates=candidates,
            start=begun(domain, start, start_candidates, self.seed),
        )

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that name an architecture, which are chosen together.

        Raises:
            BridgeError: The study has several objectives.
        """
        if len(study.directions) != 1:
            raise BridgeError(
                f"FewLabelSampler ranks by one objective, and study {study.study_name!r} has "
                f"{len(study.directions)}; take one of Optuna's samplers for several"
            )
        return self.distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of the architecture that is to be tried next.

        Raises:
            BridgeError: A completed trial is of something else than architectures of this space.
            SearchError: Nothing that is allowed can be found.
        """
        if self._is_given(trial.system_attrs.get(FIXED, {})):
            return {}  # the trial was enqueued with an architecture of its own
        generator = numpy_generator(self.seed, "optuna", trial.number)
        with _TURN:
            for _ in range(MOST_CLASHES):
                chosen = self._propose(self._known(study, trial), study, generator)
                self._tell(study, trial, chosen)
                if not self._clashes(study, trial, chosen):
                    break
        return self.parameters.values(chosen)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Sample another parameter than the architecture's, by the sampler for such.

        Raises:
            BridgeError: There is none for such.
        """
        if self.independent_sampler is None:
            names = self.distributions
            raise BridgeError(
                f"parameter {param_name!r} is none of the architecture's of space "
                f"{self.space.name!r}, which are {', '.join(names)}.{closest(param_name, names)} "
                "Where it is another one to be tuned, such as a learning rate, say by which "
                "sampler: independent_sampler=optuna.samplers.TPESampler()"
            )
        return self.independent_sampler.sample_independent(
            study, trial, param_name, param_distribution
        )

    def reseed_rng(self) -> None:
        """Do nothing for architectures: each trial's number has random numbers of its own."""
        if self.independent_sampler is not None:
            self.independent_sampler.reseed_rng()

    def __reduce__(self) -> tuple[Callable[[], FewLabelSampler], tuple[()]]:
        """Pickle what it was made of; nothing else is needed to go on."""
        return partial(FewLabelSampler, self.space, **{**self._given, "seed": self.seed}), ()

    def _is_given(self, values: Mapping[str, Any]) -> bool:
        """Return whether parameters name an architecture."""
        try:
            self.parameters.architecture(values)
        except ArchitectureError:
            return False
        return True

    def _propose(self, known: Known[Any], study: Study, generator: np.random.Generator) -> Any:
        found = self._advisor.propose(known, generator)
        if found is not None:
            return found
        _log.warning(
            "study %s: every architecture that may be proposed was tried; one is tried again",
            study.study_name,
        )
        return self._advisor.domain.sample(generator)

    def _known(self, study: Study, trial: FrozenTrial) -> Known[Any]:
        """Return what all other trials say."""
        others = [one for one in study.get_trials(deepcopy=False) if one.number != trial.number]
        maximise = study.direction == StudyDirection.MAXIMIZE
        return known_of(others, self.parameters, self._advisor.domain, maximise=maximise)

    def _tell(self, study: Study, trial: FrozenTrial, chosen: Any) -> None:
        """Let other workers know, before the objective has asked for its first parameter."""
        text = self.space.text(chosen)
        study._storage.set_trial_system_attr(trial._trial_id, PROPOSAL, text)

    def _clashes(self, study: Study, trial: FrozenTrial, chosen: Any) -> bool:
        """Return whether another worker has been given the same in the meantime.

        All write before they read, so that of two with the same at least one sees the other.
        """
        key = self._advisor.domain.key(chosen)
        return key in self._known(study, trial).taken
