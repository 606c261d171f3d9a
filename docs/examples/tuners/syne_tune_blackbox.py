"""Tune on NAS-Bench-201 in Syne Tune's simulator."""

from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
from syne_tune.blackbox_repository import UserBlackboxBackend
from syne_tune.optimizer.baselines import REA

from naslib_proxydata.syne_tune_bridge import ELAPSED_TIME, table_blackbox

blackbox = table_blackbox("nb201", "cifar10", seconds=3600)
tuner = Tuner(
    trial_backend=UserBlackboxBackend(blackbox=blackbox, elapsed_time_attr=ELAPSED_TIME),
    scheduler=REA(
        config_space=blackbox.configuration_space,
        metric="validation_accuracy",
        do_minimize=False,
        random_seed=0,
    ),
    stop_criterion=StoppingCriterion(max_wallclock_time=50 * 3600),  # of the simulated clock
    n_workers=4,
    sleep_time=0,
    callbacks=[SimulatorCallback()],
    save_tuner=False,
)
tuner.run()
status = tuner.tuning_status
print(f"{status.num_trials_finished} trials")
print(f"{status.overall_metric_statistics.max_metrics['validation_accuracy']:.2f}")
