"""Guide a NePS run over the cells of NAS-Bench-201 by few labels."""

from functools import partial

import neps

import naslib_proxydata as proxydata
from naslib_proxydata.neps_bridge import FewLabelOptimizer, architecture_text, pipeline_space

table = proxydata.table("nb201")


def evaluate(**values: str) -> float:
    cell = architecture_text("nb201", values)
    return 100 - table.query(cell, "cifar10", "validation_accuracy")  # yours trains; NePS minimises


neps.run(
    evaluate,
    pipeline_space("nb201"),
    root_directory="runs/neps",
    total_evaluations_to_spend=20,
    optimizer=partial(FewLabelOptimizer, space="nb201", target="cifar10", seed=0),
)
_, best = neps.status("runs/neps")
print(f"{100 - best['best_objective_to_minimize']:.2f}")
