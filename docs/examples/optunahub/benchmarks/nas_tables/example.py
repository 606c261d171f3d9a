"""Search NAS-Bench-201 by lookup."""

import optuna
import optunahub

problem = optunahub.load_module("benchmarks/nas_tables").Problem("nb201", "cifar10")
study = optuna.create_study(directions=problem.directions)
study.optimize(problem, n_trials=30)
print(study.best_value, "of", problem.best_value)
