"""Guide a study over the cells of NAS-Bench-201."""

import optuna
import optunahub

module = optunahub.load_module("samplers/few_label_nas")


def objective(trial: optuna.Trial) -> float:
    cell = module.suggest_architecture(trial, "nb201")
    return float(cell.count("nor_conv_3x3"))  # stands for a training


study = optuna.create_study(direction="maximize", sampler=module.FewLabelSampler("nb201", seed=0))
study.optimize(objective, n_trials=30)
print(study.best_trial.user_attrs["architecture"])
