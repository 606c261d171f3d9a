"""Tables as blackboxes of the installed Syne Tune."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import naslib_proxydata
from naslib_proxydata.errors import BridgeError, ConfigError, TableError

_REASON = "Syne Tune is not installed: the extra 'syne-tune'"
pytest.importorskip("syne_tune", reason=_REASON)
pytest.importorskip("huggingface_hub", reason=_REASON)

from naslib_proxydata.syne_tune_bridge import ELAPSED_TIME, table_blackbox  # noqa: E402

FILE = """architecture,accuracy,error
64-41414-1_02_333,80.5,19.5
64-41414-3_12_103,91.25,8.75
64-41414-2_22_222,,50
64-41414-3_33_333,88,12
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.csv"
    path.write_text(FILE)
    return f"csv:{path}"


def looked_up(blackbox: Any, configuration: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = blackbox(configuration, fidelity={"training": 1})
    return found


def test_a_file_is_looked_up_by_row(file: str) -> None:
    blackbox = table_blackbox(file, "accuracy", space="transnas-micro", seconds=60)
    assert list(blackbox.configuration_space) == ["row"]
    found = [looked_up(blackbox, {"row": row}) for row in range(3)]  # one has no accuracy
    assert [list(one.values()) for one in found] == [[80.5, 60], [91.25, 60], [88, 60]]
    assert list(found[0])[1] == ELAPSED_TIME
    with pytest.raises(ValueError, match="not present"):
        looked_up(blackbox, {"row": 3})


def test_a_column_of_lowest_keeps_its_unit(file: str) -> None:
    blackbox = table_blackbox(file, "error", space="transnas-micro", lower_is_better="error")
    (first,) = {looked_up(blackbox, {"row": 0})[name] for name in blackbox.objectives_names[:1]}
    assert first == 19.5


@pytest.mark.parametrize(
    ("benchmark", "dataset"), [("transnas-micro", "jigsaw"), ("transnas-macro", "jigsaw")]
)
def test_every_configuration_has_the_value_of_the_table(
    benchmark: str, dataset: str, shared_data: Path
) -> None:
    blackbox = table_blackbox(benchmark, dataset, root=shared_data)
    table = naslib_proxydata.table(benchmark, shared_data)
    space = naslib_proxydata.space(table.space)
    parameters = space.parameters()
    assert parameters is not None
    complete = benchmark == "transnas-micro"
    assert (set(blackbox.configuration_space) == set(parameters.choices)) == complete
    for row in (0, 17, 3000):
        text = table.architectures()[row]
        configuration = parameters.values(space.parse(text)) if complete else {"row": row}
        values = looked_up(blackbox, configuration)
        metric = table.default_metric(dataset)
        assert values[metric] == table.query(text, dataset, metric)


def test_a_tuner_of_syne_tune_runs_on_it(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their simulator: 40 trials of a minute each, by two workers, take 20 minutes of its clock."""
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
    from syne_tune.blackbox_repository import UserBlackboxBackend
    from syne_tune.optimizer.baselines import RandomSearch

    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    blackbox = table_blackbox("transnas-micro", "jigsaw", root=shared_data, seconds=60)
    metric = blackbox.objectives_names[0]
    backend = UserBlackboxBackend(blackbox=blackbox, elapsed_time_attr=ELAPSED_TIME)
    tuner = Tuner(
        trial_backend=backend,
        scheduler=RandomSearch(
            config_space=blackbox.configuration_space,
            metrics=[metric],
            do_minimize=False,
            random_seed=0,
        ),
        stop_criterion=StoppingCriterion(max_num_trials_finished=40),
        n_workers=2,
        sleep_time=0,
        callbacks=[SimulatorCallback()],
        save_tuner=False,
    )
    tuner.run()
    finished = tuner.tuning_status.num_trials_finished
    assert finished >= 40
    values = tuner.tuning_status.overall_metric_statistics.max_metrics[metric]
    table = naslib_proxydata.table("transnas-micro", shared_data)
    assert values in table.values("jigsaw", metric)
    assert 20 * 60 <= backend.time_keeper.time() < 30 * 60


def test_what_there_is_not_is_named(file: str) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'nb201'"):
        table_blackbox("nb20")
    with pytest.raises(TableError, match="Did you mean 'accuracy'"):
        table_blackbox(file, "acuracy", space="transnas-micro")
    with pytest.raises(BridgeError, match="above 0"):
        table_blackbox(file, "accuracy", space="transnas-micro", seconds=0)
