"""Search NAS-Bench-201 by an Optuna study whose trials few labels guide."""

import optuna

from naslib_proxydata.optuna_bridge import FewLabelSampler, TableProblem, suggest_architecture

problem = TableProblem("nb201", "cifar10")


def train(cell: str) -> float:  # yours; here a table stands for the training
    return problem.measured.value(cell)


def objective(trial: optuna.Trial) -> float:
    return train(suggest_architecture(trial, "nb201"))


sampler = FewLabelSampler("nb201", target="cifar10", seed=0)
study = optuna.create_study(direction="maximize", sampler=sampler)
study.optimize(objective, n_trials=20)
print(study.best_trial.user_attrs["architecture"])
print(f"{study.best_value:.2f} of {problem.best_value:.2f}")
