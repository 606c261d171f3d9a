"""Compare samplers of Optuna on a column of a table."""

import optuna

from naslib_proxydata.optuna_bridge import TableProblem

problem = TableProblem("nb201", "cifar100")  # any table, or "csv:FILE" with its space="nb201"
for sampler in (optuna.samplers.TPESampler(seed=0), problem.sampler(seed=0)):
    study = optuna.create_study(directions=problem.directions, sampler=sampler)
    study.optimize(problem, n_trials=30)
    print(f"{type(sampler).__name__}: {study.best_value:.2f} of {problem.best_value:.2f}")
