"""Count the trials of Optuna's studies until an architecture is near the best of its table.

    python benchmarks/experiments/optuna_trials.py

Near is: within ``--near`` of the best value of the column, in its own unit, accuracy points in
percent. What a run found is kept in ``--out``, and is not run again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna
import optunahub

from naslib_proxydata.evolution.plots import draw_shares
from naslib_proxydata.evolution.queries import TrueFitness
from naslib_proxydata.figures import save_figure
from naslib_proxydata.optuna_bridge import TableProblem

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import arguments, data_root, kept, machine_line, write_csv, write_json
from search_protocol import Protocol

NEAR = 0.1
MOST = 300
"""Trials after which a run counts as one that is not near."""
MOST_PRUNED = 20
"""So many trials in all for each that counts, after which a run ends as well."""
CHOSEN_ON = "nb201 cifar10"
"""What the sampler's settings were chosen on, with seeds from 100 on."""
COLUMNS = (
    CHOSEN_ON,
    "nb201 cifar100",
    "nb201 imagenet16",
    "nb101 cifar10",
)
FEW_LABEL, TPE, EVOLUTION = "FewLabelSampler", "TPE", "regularised evolution"
STARTED = "FewLabelSampler, zero-label start"
STARTED_ON = ("nb201 cifar100",)
"""Where the start by zero-label is counted, too: it scores networks, for 12 s a run."""
SAMPLERS: dict[str, Callable[[TableProblem, int], optuna.samplers.BaseSampler]] = {
    "random": lambda problem, seed: optuna.samplers.RandomSampler(seed=seed),
    TPE: lambda problem, seed: optuna.samplers.TPESampler(seed=seed),
    FEW_LABEL: lambda problem, seed: problem.sampler(seed=seed),
    STARTED: lambda problem, seed: problem.sampler(seed=seed, start="zero-label"),
}
METHODS = ("random", EVOLUTION, TPE, FEW_LABEL)


class Count(NamedTuple):
    """How long a run took.

    Attributes:
        trials: Completed trials until the first one near the best; None where there was none.
        functions: How many of these were of another function than all before.
        in_all: Completed trials, and pruned ones: no cell, or not among the measured.
    """

    trials: int | None
    functions: int
    in_all: int


def main() -> None:
    parser = arguments(__doc__, "optuna_trials")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--columns", default=",".join(COLUMNS), help="comma-separated")
    parser.add_argument("--near", type=float, default=NEAR)
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found: dict[tuple[str, str], list[Count]] = {}
    for column in options.columns.split(","):
        problem = TableProblem(*column.split(), root=data_root())
        for method in methods_on(column):
            path = options.out / f"{column}, {method}.jsonl".replace(" ", "_")
            make = partial(counted, method=method, near=options.near)
            runs = [kept(path, make, seed, given=problem) for seed in range(options.seeds)]
            found[column, method] = [Count(*run) for run in runs]
            write(found, options.results / "data")
    draw(found, options.columns.split(","), options.results / "figures")


def methods_on(column: str) -> tuple[str, ...]:
    """Return what is run on a column."""
    return (*METHODS, STARTED) if column in STARTED_ON else METHODS


def counted(problem: TableProblem, seed: int, *, method: str, near: float) -> Count:
    """Run one study until it is near the best, or has had its trials."""
    target = problem.best_value - near
    if method == EVOLUTION:
        return evolved(problem, seed, target)
    study = optuna.create_study(
        directions=problem.directions, sampler=SAMPLERS[method](problem, seed)
    )
    count = Counter(problem, target)
    study.optimize(problem, n_trials=MOST * MOST_PRUNED, callbacks=[count])
    return Count(count.near_after, len(count.functions), len(study.trials))


class Counter:
    """Counts completed trials, and stops the study when it is near the best or at its end."""

    def __init__(self, problem: TableProblem, target: float) -> None:
        self.problem, self.target = problem, target
        self.completed = 0
        self.functions: set[str] = set()
        self.near_after: int | None = None

    def __call__(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Count a trial that has ended."""
        if trial.value is None:
            return
        self.completed += 1
        space = self.problem.space
        self.functions.add(space.hash(space.parse(trial.user_attrs["architecture"])))
        if trial.value >= self.target:
            self.near_after = self.completed
        if self.near_after is not None or self.completed >= MOST:
            study.stop()


def evolved(problem: TableProblem, seed: int, target: float) -> Count:
    """Run our regularised evolution, each function once, as ``queries_nb201.py`` does."""
    measured = problem.measured
    protocol = Protocol(measured.table, (measured.dataset, measured.metric), "re", 1)

    def near(true: TrueFitness[Any]) -> bool:
        return bool(true.queries) and true.queries[-1].value >= target

    true = protocol.run("re", seed, MOST, near)
    number = len(true.queries)
    return Count(number if near(true) else None, number, number)


def write(found: dict[tuple[str, str], list[Count]], folder: Path) -> None:
    """Write the table and what it was made with."""
    rows = [line(column, method, found) for column, method in found]
    write_csv(folder / "optuna_trials.csv", rows)
    write_json(
        folder / "optuna_trials.json",
        machine=machine_line(),
        optuna=optuna.__version__,
        optunahub=optunahub.__version__,
        most=MOST,
        near=NEAR,
        chosen_on=CHOSEN_ON,
    )


def line(column: str, method: str, found: dict[tuple[str, str], list[Count]]) -> dict[str, Any]:
    """Return a row: how many runs came near, after how many trials, and TPE's beside them.

    A run that did not come near counts as :data:`MOST` trials in the mean, which is then a bound.
    """
    counts = found[column, method]
    near = sum(one.trials is not None for one in counts)
    low, middle, high = np.percentile(limited(counts), (25, 50, 75))
    tpe = found.get((column, TPE))
    return {
        "column": column,
        "sampler": method,
        "near": near,
        "runs": len(counts),
        "mean": float(np.mean(limited(counts))),
        "bound": "" if near == len(counts) else "at least ",
        "low": float(low),
        "median": float(middle),
        "high": float(high),
        "functions": float(np.mean([one.functions for one in counts])),
        "in_all": float(np.mean([one.in_all for one in counts])),
        "of_tpe": float(np.mean(limited(counts)) / np.mean(limited(tpe))) if tpe else float("nan"),
    }


def limited(counts: Sequence[Count]) -> list[int]:
    """Return the trials of each run, :data:`MOST` where it did not come near."""
    return [MOST if one.trials is None else one.trials for one in counts]


def draw(found: dict[tuple[str, str], list[Count]], columns: Sequence[str], folder: Path) -> None:
    """Draw the share of the runs that have come near on NAS-Bench-201, CIFAR-100."""
    column = columns[min(1, len(columns) - 1)]
    axes = draw_shares(
        {method: [one.trials for one in found[column, method]] for method in METHODS},
        f"{column}: runs within {NEAR} points of the best",
    )
    save_figure(axes, folder / "optuna_trials.png")


if __name__ == "__main__":
    main()
