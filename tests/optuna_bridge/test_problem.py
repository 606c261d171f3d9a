"""TableProblem: what is looked up, in the form of OptunaHub."""

from __future__ import annotations

from pathlib import Path

import pytest

import naslib_proxydata
from naslib_proxydata.errors import ArchitectureError, ConfigError, TableError

optuna = pytest.importorskip("optuna", reason="Optuna is not installed: the extra 'optuna'")
optunahub = pytest.importorskip("optunahub", reason="OptunaHub is not installed: extra 'optuna'")

from naslib_proxydata.optuna_bridge import TableProblem  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)

FILE = """architecture,accuracy,error
64-41414-1_02_333,80.5,19.5
64-41414-3_12_103,91.25,8.75
64-41414-3_33_333,88,12
64-41414-2_22_222,,50
"""
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "optunahub"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.csv"
    path.write_text(FILE)
    return f"csv:{path}"


def test_a_file_is_searched_by_row(file: str) -> None:
    problem = TableProblem(file, "accuracy", space="transnas-micro")
    assert isinstance(problem, optunahub.benchmarks.BaseProblem)
    assert problem.directions == [optuna.study.StudyDirection.MAXIMIZE]
    assert list(problem.search_space) == ["row"]
    assert problem.search_space["row"].choices == (0, 1, 2)  # the fourth has no accuracy
    assert [problem.evaluate({"row": row}) for row in range(3)] == [80.5, 91.25, 88.0]
    assert problem.best_value == 91.25
    study = optuna.create_study(directions=problem.directions, sampler=problem.sampler(seed=0))
    study.optimize(problem, n_trials=3)
    assert study.best_trial.user_attrs["architecture"] == "64-41414-3_12_103"
    assert sorted(trial.value for trial in study.trials) == [80.5, 88.0, 91.25]


def test_the_lowest_may_be_the_best(file: str) -> None:
    problem = TableProblem(file, "error", space="transnas-micro", lower_is_better="error")
    assert problem.directions == [optuna.study.StudyDirection.MINIMIZE]
    assert problem.best_value == 8.75
    study = optuna.create_study(directions=problem.directions, sampler=problem.sampler(seed=0))
    study.optimize(problem, n_trials=4)
    assert study.best_value == 8.75


def test_what_was_not_measured_is_pruned_and_costs_no_label(file: str) -> None:
    problem = TableProblem(file, "accuracy", space="transnas-micro", by_row=False)
    random = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    random.optimize(problem, n_trials=5)
    assert {trial.state.name for trial in random.trials} == {"PRUNED"}
    guided = optuna.create_study(directions=problem.directions, sampler=problem.sampler(seed=0))
    guided.optimize(problem, n_trials=3)
    assert {trial.value for trial in guided.trials} == {80.5, 88.0, 91.25}
    cell = dict.fromkeys(problem.search_space, "conv1x1")  # is in the file, without a value
    with pytest.raises(TableError, match="holds no accuracy"):
        problem.evaluate(cell)
    with pytest.raises(ArchitectureError, match="Did you mean 'conv1x1'"):
        problem.evaluate({**cell, "edge_0_1": "conv_1x1"})


def test_what_there_is_not_is_named(file: str) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'nb201'"):
        TableProblem("nb20")
    with pytest.raises(TableError, match="Did you mean 'accuracy'"):
        TableProblem(file, "acuracy", space="transnas-micro")


@pytest.mark.parametrize(
    ("benchmark", "dataset", "parameters"),
    [
        ("nb201", "cifar100", 6),
        ("nb101", None, 26),
        ("transnas-micro", "jigsaw", 6),
        ("transnas-macro", "jigsaw", 6),
        ("nasbench-mr", "seg", 1),
    ],
)
def test_every_table_is_a_problem(
    benchmark: str, dataset: str | None, parameters: int, shared_data: Path
) -> None:
    problem = TableProblem(benchmark, dataset, root=shared_data)
    assert len(problem.search_space) == parameters
    table = naslib_proxydata.table(benchmark, shared_data)
    values = table.values(problem.measured.dataset, problem.measured.metric)
    study = optuna.create_study(
        directions=problem.directions,
        sampler=problem.sampler(seed=0, n_startup_trials=2, candidates=10),
    )
    study.optimize(problem, n_trials=3)
    for trial in study.trials:
        assert trial.value == values[table.position(trial.user_attrs["architecture"])]
    assert problem.best_value >= study.best_value


def test_the_registered_packages_load_as_optunahub_loads_them(shared_data: Path) -> None:
    sampler = optunahub.load_local_module("samplers/few_label_nas", registry_root=str(EXAMPLES))
    tables = optunahub.load_local_module("benchmarks/nas_tables", registry_root=str(EXAMPLES))
    problem = tables.Problem("nb201", "cifar10", root=shared_data)
    study = optuna.create_study(
        directions=problem.directions, sampler=sampler.FewLabelSampler("nb201", seed=0)
    )
    study.optimize(problem, n_trials=6)
    assert len(study.trials) == 6


@pytest.mark.parametrize("package", ["samplers/few_label_nas", "benchmarks/nas_tables"])
def test_the_registered_examples_run(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from the hub, which is this folder; the README's block but for its own training."""

    def local(name: str) -> object:
        return optunahub.load_local_module(name, registry_root=str(EXAMPLES))

    monkeypatch.setattr(optunahub, "load_module", local)
    readme = (EXAMPLES / package / "README.md").read_text(encoding="utf-8")
    block = readme.split("```python\n")[1].split("```")[0].replace("n_trials=30", "n_trials=6")
    namespace = {"train": len, "__name__": "example"}
    exec(compile(block, f"{package}/README.md", "exec"), namespace)
    assert len(namespace["study"].trials) == 6  # type: ignore[attr-defined]


@pytest.mark.parametrize("package", ["samplers/few_label_nas", "benchmarks/nas_tables"])
def test_the_registry_finds_what_it_asks_for(package: str) -> None:
    """The keys and sections of optunahub-registry's template."""
    readme = (EXAMPLES / package / "README.md").read_text(encoding="utf-8")
    for key in ("author", "title", "description", "tags", "optuna_versions", "license"):
        assert f"\n{key}: " in readme
    for section in ("Abstract", "APIs", "Installation", "Example"):
        assert f"\n## {section}\n" in readme
    assert (EXAMPLES / package / "requirements.txt").read_text(encoding="utf-8").strip()
    assert (EXAMPLES / package / "example.py").exists()
