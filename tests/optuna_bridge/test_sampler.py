"""FewLabelSampler in studies of the installed Optuna."""

from __future__ import annotations

import math
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import naslib_proxydata
from naslib_proxydata.errors import BridgeError, ConfigError

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: the extra 'optuna'")

from naslib_proxydata.optuna_bridge import FewLabelSampler, suggest_architecture  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)
SPACE = naslib_proxydata.space("transnas-micro")
QUICK: dict[str, Any] = {"n_startup_trials": 4, "candidates": 40}


def worth(text: str) -> float:
    """Return a smooth value that is known at once: more of later edges' convolutions."""
    codes = SPACE.parse(text).operations
    return float(sum((place + 1) * code for place, code in enumerate(codes)))


BEST = worth("64-41414-3_33_333")


def objective(trial: optuna.Trial) -> float:
    return worth(suggest_architecture(trial, "transnas-micro"))


def made(seed: int = 0, direction: str = "maximize", **given: Any) -> optuna.Study:
    sampler = FewLabelSampler("transnas-micro", seed=seed, **{**QUICK, **given})
    return optuna.create_study(direction=direction, sampler=sampler)


def stored(folder: Path) -> Any:
    """Return a storage that workers of several processes share, without a database's start."""
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "journal.log"))
    return optuna.storages.JournalStorage(backend)


def texts(study: optuna.Study) -> list[str]:
    return [trial.user_attrs["architecture"] for trial in study.trials]


def keys(study: optuna.Study) -> list[str]:
    return [SPACE.hash(SPACE.parse(text)) for text in texts(study)]


def test_it_finds_what_random_trials_do_not() -> None:
    guided, random = (
        made(),
        optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0)),
    )
    guided.optimize(objective, n_trials=20)
    random.optimize(objective, n_trials=20)
    assert guided.best_value > random.best_value
    assert guided.best_value >= 0.95 * BEST


def test_minimising_is_maximising_the_negative() -> None:
    up, down = made(direction="maximize"), made(direction="minimize")
    up.optimize(objective, n_trials=12)
    down.optimize(lambda trial: -objective(trial), n_trials=12)
    assert texts(up) == texts(down)
    assert up.best_value == -down.best_value


def test_one_seed_gives_one_study() -> None:
    studies = [made(seed) for seed in (3, 3, 4)]
    for study in studies:
        study.optimize(objective, n_trials=9)
    assert texts(studies[0]) == texts(studies[1]) != texts(studies[2])


def test_a_study_may_start_from_a_ranking_without_labels() -> None:
    """By parameters: the first are the largest of those that are drawn, and each study's own."""
    begun = made(start="params", start_candidates=60)
    begun.optimize(objective, n_trials=6)
    sizes = [SPACE.params(SPACE.parse(text)) for text in texts(begun)]
    random = made()
    random.optimize(objective, n_trials=4)
    assert sizes[:4] == sorted(sizes[:4], reverse=True)
    assert min(sizes[:4]) > max(SPACE.params(SPACE.parse(text)) for text in texts(random))
    assert len(set(keys(begun))) == 6
    again = made(start="params", start_candidates=60)
    again.optimize(objective, n_trials=6)
    assert texts(again) == texts(begun)
    with pytest.raises(BridgeError, match="'few-label-structure' learns from labels"):
        made(start="few-label-structure")


def test_no_function_is_tried_twice() -> None:
    study = made()
    study.optimize(objective, n_trials=30)
    assert len(set(keys(study))) == 30


def test_when_all_are_tried_one_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    listed = ["64-41414-1_02_333", "64-41414-3_12_103", "64-41414-3_33_333"]
    study = made(architectures=listed)
    study.optimize(objective, n_trials=4)
    assert set(texts(study)[:3]) == set(listed)
    assert texts(study)[3] in listed
    assert "every architecture that may be proposed was tried" in caplog.text


def test_a_resumed_study_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    whole = made(seed=5)
    whole.optimize(objective, n_trials=12)
    for n_trials in (3, 5, 4):  # each time as a new process would, with a new sampler
        part = optuna.create_study(
            study_name="one",
            storage=stored(tmp_path),
            load_if_exists=True,
            direction="maximize",
            sampler=FewLabelSampler("transnas-micro", seed=5, **QUICK),
        )
        part.optimize(objective, n_trials=n_trials)
    assert texts(part) == texts(whole)


def test_what_failed_or_was_pruned_is_not_tried_again() -> None:
    def faulty(trial: optuna.Trial) -> float:
        value = objective(trial)
        if trial.number % 4 == 1:
            raise RuntimeError("out of memory")
        if trial.number % 4 == 2:
            trial.report(value, 0)
            raise optuna.TrialPruned
        if trial.number % 4 == 3:
            return float("nan")
        return value

    study = made()
    study.optimize(faulty, n_trials=24, catch=(RuntimeError,))
    states = [trial.state.name for trial in study.trials]
    assert (states.count("COMPLETE"), states.count("PRUNED"), states.count("FAIL")) == (6, 6, 12)
    assert len(set(keys(study))) == 24


def test_a_pruned_trial_is_a_bad_one() -> None:
    """Where all with a convolution on the last edge are pruned, hardly more of them are tried."""

    def pruned(trial: optuna.Trial) -> float:
        value = objective(trial)
        if trial.params["edge_2_3"] == "conv3x3":
            trial.report(value, 0)
            raise optuna.TrialPruned
        return value

    counts = []
    for function in (objective, pruned):
        study = made(n_startup_trials=8)
        study.optimize(function, n_trials=24)
        later = study.trials[8:]
        counts.append(sum(trial.params["edge_2_3"] == "conv3x3" for trial in later))
    assert counts[1] < counts[0] / 2


def test_infinite_values_rank_first_or_last() -> None:
    study = made()
    ends = {0: -math.inf, 4: math.inf}
    study.optimize(lambda trial: objective(trial) + ends.get(trial.number, 0), n_trials=8)
    assert [trial.value for trial in study.trials if math.isinf(trial.value)] == [
        -math.inf,
        math.inf,
    ]


@pytest.mark.parametrize("shared", [False, True])
def test_workers_at_once_try_different_ones(shared: bool, tmp_path: Path) -> None:
    storage = stored(tmp_path) if shared else None
    sampler = FewLabelSampler("transnas-micro", seed=0, **QUICK)
    study = optuna.create_study(direction="maximize", sampler=sampler, storage=storage)
    barrier = threading.Barrier(3, timeout=60)

    def together(trial: optuna.Trial) -> float:
        value = objective(trial)
        barrier.wait()  # no trial ends before three have been given their architectures
        return value

    study.optimize(together, n_trials=12, n_jobs=3)
    assert len(set(keys(study))) == 12


def test_two_processes_know_of_each_other(tmp_path: Path) -> None:
    """Each has a sampler of its own; all they share is the storage."""
    name = optuna.create_study(direction="maximize", storage=stored(tmp_path)).study_name
    asked = []
    workers = [
        optuna.load_study(
            study_name=name,
            storage=stored(tmp_path),
            sampler=FewLabelSampler("transnas-micro", seed=0, **QUICK),
        )
        for _ in range(2)
    ]
    for _ in range(4):
        trials = [worker.ask() for worker in workers]
        chosen = [suggest_architecture(trial, "transnas-micro") for trial in trials]
        asked += chosen
        for worker, trial, text in zip(workers, trials, chosen, strict=True):
            worker.tell(trial, worth(text))
    assert len(set(asked)) == 8


def test_what_another_has_been_given_is_known_before_it_has_asked_for_its_parameters() -> None:
    study = made()
    study.optimize(objective, n_trials=6)
    waiting = study.ask()
    proposed = study.sampler.sample_relative(
        study, study._storage.get_trial(waiting._trial_id), study.sampler.distributions
    )
    other = study.ask()
    suggest_architecture(other, "transnas-micro")
    assert other.params != proposed


def test_enqueued_and_added_trials_count() -> None:
    study = made(n_startup_trials=3)
    parameters = SPACE.parameters()
    assert parameters is not None
    wanted = parameters.values(SPACE.parse("64-41414-3_33_333"))
    study.enqueue_trial(wanted)
    study.optimize(objective, n_trials=1)
    assert study.trials[0].params == wanted
    for text in ("64-41414-1_02_333", "64-41414-0_00_001"):
        study.add_trial(
            optuna.create_trial(
                params=parameters.values(SPACE.parse(text)),
                distributions=study.sampler.distributions,
                value=worth(text),
            )
        )
    study.optimize(objective, n_trials=3)
    assert len({trial.user_attrs.get("architecture") for trial in study.trials}) == 5


def test_a_limit_holds() -> None:
    study = made(allows=lambda text: SPACE.params(SPACE.parse(text)) < 1_000_000)
    study.optimize(objective, n_trials=8)
    assert all(SPACE.params(SPACE.parse(text)) < 1_000_000 for text in texts(study))


def test_other_parameters_have_their_own_sampler() -> None:
    def tuned(trial: optuna.Trial) -> float:
        return objective(trial) - abs(trial.suggest_float("rate", 0, 1) - 0.5)

    study = made()
    with pytest.raises(BridgeError, match=r"'rate' is none of .* independent_sampler="):
        study.optimize(tuned, n_trials=1)
    study = made(independent_sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(tuned, n_trials=8)
    assert len({trial.params["rate"] for trial in study.trials}) == 8


@pytest.mark.parametrize(
    ("suggest", "message"),
    [
        (lambda trial: trial.suggest_categorical("edge_01", [0, 1]), "Did you mean 'edge_0_1'"),
        (lambda trial: trial.suggest_int("edge_0_1", 0, 3), "different distribution kind"),
        (lambda trial: trial.suggest_float("x", 0, 1), "'x' is none of the architecture's"),
    ],
)
def test_a_study_of_something_else_is_refused_before_anything_is_spent(
    suggest: Callable[[optuna.Trial], Any], message: str
) -> None:
    spent = []

    def other(trial: optuna.Trial) -> float:
        suggest(trial)
        spent.append(trial)
        return 0.0

    with pytest.raises((BridgeError, ValueError), match=message):
        made().optimize(other, n_trials=1)
    assert not spent


def test_a_stored_study_of_something_else_is_refused(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'study.db'}", study_name="mine")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    study.sampler = FewLabelSampler("transnas-micro")
    with pytest.raises(BridgeError, match=r"trial 0 .* no architecture of 'transnas-micro'"):
        study.optimize(objective, n_trials=1)


def test_rows_that_have_changed_are_noticed() -> None:
    listed = ["64-41414-1_02_333", "64-41414-3_12_103", "64-41414-3_33_333"]

    def by_row(rows: list[str]) -> Callable[[optuna.Trial], float]:
        return lambda trial: worth(suggest_architecture(trial, SPACE, rows, by_row=True))

    study = made(architectures=listed, by_row=True)
    study.optimize(by_row(listed), n_trials=2)
    assert [set(trial.params) for trial in study.trials] == [{"row"}] * 2
    study.sampler = FewLabelSampler(SPACE, architectures=listed[::-1], by_row=True, **QUICK)
    with pytest.raises(BridgeError, match="or their order, have changed"):
        study.optimize(by_row(listed[::-1]), n_trials=1)


def test_a_space_without_parameters_says_what_it_needs() -> None:
    with pytest.raises(BridgeError, match=r"'nds-resnet' has no parameters .*architectures="):
        FewLabelSampler("nds-resnet")


def test_what_cannot_guide_is_refused() -> None:
    with pytest.raises(BridgeError, match="'synflow' does not learn"):
        FewLabelSampler("nb201", predictor="synflow")
    with pytest.raises(ConfigError, match="Did you mean 'expected_improvement'"):
        FewLabelSampler("nb201", acquisition="expected_improvment")
    several = optuna.create_study(directions=["maximize"] * 2, sampler=FewLabelSampler("nb201"))
    with pytest.raises(BridgeError, match="one objective"):
        several.optimize(lambda trial: suggest_architecture(trial, "nb201"), n_trials=1)


def test_combinations_that_are_no_cell_are_pruned_for_other_samplers() -> None:
    def edges(trial: optuna.Trial) -> float:
        return float(len(suggest_architecture(trial, "nb101")))

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(edges, n_trials=20)
    assert {"PRUNED", "COMPLETE"} == {trial.state.name for trial in study.trials}
    guided = optuna.create_study(sampler=FewLabelSampler("nb101", seed=0, **QUICK))
    guided.optimize(edges, n_trials=8)
    assert {trial.state.name for trial in guided.trials} == {"COMPLETE"}


def test_it_can_be_pickled() -> None:
    study = made(seed=2)
    study.optimize(objective, n_trials=5)
    again = optuna.create_study(
        direction="maximize", sampler=pickle.loads(pickle.dumps(study.sampler))
    )
    again.optimize(objective, n_trials=5)
    assert texts(again) == texts(study)
