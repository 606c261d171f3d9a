"""``naslib-proxydata experiment`` as a user runs it, on scikit-learn's digits."""

from __future__ import annotations

import csv
import itertools
import json
import pickle
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import yaml

from naslib_proxydata.assemble import experiment as room
from naslib_proxydata.assemble.experiment import run_experiment
from naslib_proxydata.assemble.search import run_search
from naslib_proxydata.assemble.select import run_select
from naslib_proxydata.cli.main import main
from naslib_proxydata.config import ExperimentConfig, SearchConfig, SelectConfig, resolve
from naslib_proxydata.errors import RunFolderError, SelectionError
from naslib_proxydata.runs.executors import SerialExecutor
from naslib_proxydata.runs.folder import RunFolder
from naslib_proxydata.selection.score_files import read_scores

TINY = {
    "title": "Tiny",
    "source": "arXiv 2312.14200, table 4",
    "reference": "DARTS",
    "search": {
        "dataset": "digits",
        "channels": 2,
        "cells": 1,
        "training": {"epochs": 2, "image_reduction": 2},
    },
    "select": {"selector": "class-random", "size": 40},
    "rows": {
        "DARTS": {},
        "DARTS with BDP": {"search": {"pruner": {"name": "bdp", "schedule": "20/10"}}},
    },
    "scales": {"quick": {"seeds": [0]}},
}


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata experiment ARGUMENTS``."""
    try:
        main(["experiment", *map(str, arguments)])
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


@pytest.fixture(autouse=True)
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Read no benchmark table unless a test names the folder, which takes seconds."""
    monkeypatch.setenv("NASLIB_PROXYDATA_DATA", str(tmp_path / "none"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY, sort_keys=False))
    return path


@pytest.fixture
def changed(file: Path):
    """Write the file anew with other keys."""

    def call(**keys):
        file.write_text(yaml.safe_dump({**TINY, **keys}, sort_keys=False))
        return file

    return call


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches draw nothing, which takes most of their time."""
    monkeypatch.setattr("naslib_proxydata.assemble.search._draw", lambda *given: None)


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.usefixtures("no_figures")
def test_an_experiment_ends_in_one_table_and_does_nothing_twice(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert run(file, "--out", out) == 0
    first, second = lines_of(out / "results.csv")
    assert (first["row"], first["seed"], first["failure"]) == ("DARTS", "0", "")
    assert second["weights_examples_left"] == "16"  # 20 less a fifth
    history = json.loads((out / "searches/darts-with-bdp/seed-0/history.json").read_text())
    assert int(second["examples_processed"]) == sum(
        sum(record["processed"].values()) for record in history
    )
    table = lines_of(out / "table.csv")
    assert [line["row"] for line in table] == ["DARTS", "DARTS with BDP"]
    assert float(table[0]["examples_of_reference"]) == 1
    report = (out / "summary.md").read_text()
    assert report.startswith("# Tiny\n\nPublished in arXiv 2312.14200, table 4.\n")
    names = {path.name for path in (out / "selections").iterdir()}
    assert names == {"shared"}  # both rows train on the same

    def never(config):
        raise AssertionError(f"{config.out} was done again")

    monkeypatch.setattr(room, "run_search", never)
    monkeypatch.setattr(room, "run_select", never)
    assert run(file, "--out", out) == 0
    assert lines_of(out / "results.csv") == [first, second]


@pytest.mark.usefixtures("no_figures")
def test_one_that_fails_is_recorded_and_the_others_go_on(
    changed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"bad": {"search": {"training": {"weights_lr": 1e30, "clip": 1e30}}}, "DARTS": {}}
    file, out = changed(rows=rows), tmp_path / "out"
    assert run(file, "--out", out) == 2
    bad, good = lines_of(out / "results.csv")
    assert "loss is nan" in bad["failure"]
    assert bad["cell"] == ""
    assert good["cell"]
    assert not good["failure"]
    bad, good = lines_of(out / "table.csv")
    assert (bad["searches"], bad["failed"], bad["seconds"]) == ("0", "1", "")
    assert "- bad, seed 0 failed: the" in (out / "summary.md").read_text()
    told = capsys.readouterr().err
    assert "error: 1 of 2 searches failed, the first of them row 'bad', seed 0" in told


@pytest.mark.usefixtures("no_figures")
def test_a_search_goes_on_from_its_checkpoint_and_ends_as_ever(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted after its first epoch; the selection is found, the epoch is not done again."""
    arguments = (file, "--rows", "DARTS")

    def killed(config):
        run_search(config.model_copy(update={"training": {**config.training, "epochs": 1}}))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, "run_search", killed)
        assert run(*arguments, "--out", tmp_path / "killed") == 130
    (stopped,) = lines_of(tmp_path / "killed/results.csv")
    assert stopped["failure"] == "not run yet"
    assert run(*arguments, "--out", tmp_path / "killed") == 0
    assert run(*arguments, "--out", tmp_path / "whole", "--set", "search.training.epochs=1") == 0
    assert run(*arguments, "--out", tmp_path / "whole") == 0
    killed_one, whole = (
        lines_of(tmp_path / name / "results.csv")[0] for name in ("killed", "whole")
    )
    assert {**killed_one, "seconds": ""} == {**whole, "seconds": ""}
    history = json.loads((tmp_path / "killed/searches/darts/seed-0/history.json").read_text())
    assert [record["epoch"] for record in history] == [1, 2]


@pytest.mark.usefixtures("no_figures")
def test_copied_folders_are_adopted_wherever_their_selection_was(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long runs leave them: the selection elsewhere, and keys of later versions missing."""
    elsewhere = tmp_path / "elsewhere"
    run_select(
        SelectConfig(
            dataset="digits", selector="class-random", size=40, out=elsewhere / "some-name"
        )
    )
    run_search(
        SearchConfig(
            dataset="digits",
            selection=elsewhere / "some-name",
            channels=2,
            cells=1,
            training={"epochs": 2, "image_reduction": 2},
            out=elsewhere / "searches/darts/seed-0",
        )
    )
    out = tmp_path / "out"
    shutil.copytree(elsewhere / "searches", out / "searches")
    config = out / "searches/darts/seed-0/config.yaml"
    kept = yaml.safe_load(config.read_text())
    del kept["augment"]  # as if it were a key of a later version
    config.write_text(yaml.safe_dump(kept))
    shutil.rmtree(elsewhere)

    def never(config):
        raise AssertionError(f"{config.out} was done again")

    monkeypatch.setattr(room, "run_search", never)
    assert run(file, "--out", out, "--rows", "darts") == 0
    (line,) = lines_of(out / "results.csv")
    assert line["cell"]


@pytest.mark.usefixtures("no_figures")
def test_a_search_on_other_examples_is_not_taken_for_the_same(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = (file, "--out", out, "--rows", "DARTS")
    assert run(*arguments, "--set", "select.selector=random") == 0
    config = out / "searches/darts/seed-0/config.yaml"
    before = config.read_text()
    shutil.rmtree(out / "selections")
    assert run(*arguments) == 2
    assert "began with other examples" in capsys.readouterr().err
    assert config.read_text() == before


@pytest.fixture
def scoring(changed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An experiment with EL2N pruning by scores that it makes itself, of 60 images."""
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path / "cache"))
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (60, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", images=images, labels=np.arange(60) % 3)

    def call(pruner=(), **entry):
        el2n = {"name": "el2n", "scores": "early", **dict(pruner)}
        rows = {
            "DARTS": {},
            "low low": {"search": {"pruner": {**el2n, "drops": "low"}}},
            "low high": {"search": {"pruner": {**el2n, "architecture_drops": "high"}}},
        }
        scores = {"early": {"scorer": "el2n", **entry}}
        quick = {"seeds": [0, 1], "scores": {"early": {"quick": True}}}
        search = {**TINY["search"], "dataset": str(tmp_path / "images.npz")}
        return changed(rows=rows, search=search, scores=scores, scales={"quick": quick})

    return call


@pytest.mark.usefixtures("no_figures")
def test_scores_are_made_once_before_the_searches_that_prune_by_them(
    scoring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    made = []

    def counted(config):
        made.append(config.out.parent.name)
        return run_select(config)

    monkeypatch.setattr(room, "run_select", counted)
    epochs = ("--set", "search.training.epochs=1")
    assert run(scoring(), "--out", out, *epochs) == 0
    assert made == ["scores", "shared", "shared"]
    kept = read_scores(out / "scores/early/scores.npz")
    assert (kept.origin.scorer, kept.origin.seed, len(kept.values)) == ("el2n", 0, 60)
    assert kept.origin.recipe["epochs"] == 15  # the scale's
    # Of the twenty weight examples of the selection the ten with the lowest scores go.
    for seed, end in itertools.product((0, 1), ("low", "high")):
        folder = out / f"searches/low-{end}/seed-{seed}"
        (acted,) = json.loads((folder / "result.json").read_text())["acting"]
        assert acted["settings"]["scores_sha256"] == sha256(kept.values.astype("<f8")).hexdigest()
        assert acted["outcome"]["weights"] == {
            **{"examples at first": 20, "dropped": 10, "examples left": 10}
        }
    # Nothing is done twice; scores that were lost are made again.
    assert run(scoring(), "--out", out, *epochs) == 0
    assert made[3:] == []
    (out / "scores/early/scores.npz").unlink()
    assert run(scoring(), "--out", out, *epochs) == 0
    assert made[3:] == ["scores"]


def test_scores_that_fail_cost_only_the_rows_that_need_them(
    scoring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(config):
        if config.save_scores:
            raise SelectionError("the loss is nan")
        return run_select(config)

    monkeypatch.setattr(room, "run_select", failing)
    arguments = ("--out", tmp_path / "out", "--seeds", "0", "--set", "search.training.epochs=1")
    assert run(scoring(), *arguments) == 2
    whole, *pruned = lines_of(tmp_path / "out/results.csv")
    assert whole["cell"]
    assert [one["failure"] for one in pruned] == ["its scores failed: the loss is nan"] * 2


@pytest.mark.parametrize(
    ("pruner", "entry", "arguments", "message"),
    [
        ({"scores": "erly"}, {}, (), "unknown scores 'erly'"),
        ({"scores": "erly"}, {}, (), "Did you mean 'early'?"),
        ({}, {"scorer": "el2m"}, (), "unknown scorer 'el2m'"),
        ({}, {"scorer": {"name": "el2n", "rums": 1}}, (), "Did you mean 'runs'?"),
        ({}, {"scorer": "entropy"}, (), "holds scores of scorer 'entropy', pruner 'el2n' goes by"),
        ({}, {"scorer": "pixels"}, (), "scorer 'pixels' gives features, a pruner expects one"),
        ({}, {"dataset": "digits"}, (), "scores a dataset with fingerprint"),
        ({}, {}, ("--set", "scores.erly.seed=1"), "unknown scores 'erly'"),
        ({}, {}, ("--set", "search.pruner.fractoin=0.3"), "Did you mean 'fraction'?"),
    ],
)
def test_scores_that_do_not_fit_are_told_before_anything_is_made(
    scoring, tmp_path: Path, capsys: pytest.CaptureFixture[str], pruner, entry, arguments, message
) -> None:
    assert run(scoring(pruner, **entry), "--out", tmp_path / "out", *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "cache").exists()


def test_a_dry_run_says_which_scores_are_made_first(
    scoring, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scoring(seed=5), "--out", tmp_path / "out", "--dry-run") == 0
    told = capsys.readouterr().out
    assert f"scores early, made first: el2n of all of {tmp_path}/images.npz, seed 5\n" in told
    assert run(scoring(), "--out", tmp_path / "out", "--dry-run", "--rows", "DARTS") == 0
    assert "scores" not in capsys.readouterr().out


def test_rows_with_other_images_need_other_scores(
    changed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pruner = {"name": "el2n", "scores": "early"}
    rows = {name: {"search": {"dataset": name, "pruner": pruner}} for name in ("digits", "cifar10")}
    file = changed(rows=rows, reference=None, scores={"early": {"scorer": "el2n"}})
    assert run(file, "--out", tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert "'digits' and 'cifar10' want scores 'early' of different datasets" in told


REFUSED = [
    ({"search": {"channels": 2}}, (), "row 'DARTS': no dataset is named; give one, such as --da"),
    ({}, ("--set", "search.training.epoch=3"), "unknown key 'epoch'"),
    ({}, ("--set", "search.strategy=dart"), "row 'DARTS': unknown strategy 'dart'"),
    ({}, ("--set", "select.selector=randm"), "row 'DARTS': unknown selector 'randm'"),
    ({}, ("--dataset", "digit"), "row 'DARTS': unknown dataset 'digit'"),
    ({}, ("--scale", "quik"), "unknown scale 'quik'"),
    ({}, ("--rows", "DART"), "unknown row 'DART'"),
    ({"published": {"file": "no.csv", "experiment": "x"}}, (), "no.csv"),
]


@pytest.mark.parametrize(("keys", "arguments", "message"), REFUSED)
def test_what_is_wrong_is_told_before_anything_is_made(
    changed, tmp_path: Path, capsys: pytest.CaptureFixture[str], keys, arguments, message
) -> None:
    out = tmp_path / "out"
    assert run(changed(**keys), "--out", out, *arguments) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_column_that_no_table_holds_is_told_first(
    changed, tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(columns=[{"dataset": "cifar10", "metric": "test_acuracy"}])
    assert run(file, "--out", tmp_path / "out", "--data-root", shared_data) == 2
    told = capsys.readouterr().err
    assert "unknown column 'cifar10 test_acuracy'" in told
    assert "Did you mean 'cifar10 test_accuracy'?" in told
    assert run(file, "--out", tmp_path / "out", "--data-root", tmp_path) == 2
    assert "no table can be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_figures")
@pytest.mark.usefixtures("unarranged_figures")
def test_cells_are_looked_up_beside_published_figures_and_drawn(
    changed, tmp_path: Path, shared_data: Path
) -> None:
    columns = [{"dataset": "cifar10", "metric": "test_accuracy"}]
    (tmp_path / "published.csv").write_text(
        "experiment,row,dataset,metric,mean,sd,n,source\n"
        "t4,DARTS (1st),cifar10,test_accuracy,54.30,0.00,4,table 4\n"
        "t4,GDAS,cifar10,test_accuracy,93.61,0.09,4,table 4\n"
    )
    published = {
        "file": "published.csv",
        "experiment": "t4",
        "rows": {"40, DARTS": "DARTS (1st)"},
    }
    grid = {"size": {"40": {}, "20": {"select": {"size": 20}}}, "method": {"DARTS": {}}}
    figures = ["trajectories", "strengths", "costs", "curve over size"]
    file = changed(
        columns=columns,
        published=published,
        rows={},
        grid=grid,
        reference="40, DARTS",
        summarise={"by": "method"},
        figures=figures,
        scales={"quick": {"seeds": [0], "search": {"hessian_every": 2}}},
    )
    out = tmp_path / "out"
    assert run(file, "--out", out, "--data-root", shared_data) == 0
    large, small, gdas = lines_of(out / "table.csv")
    assert large["cifar10 test_accuracy published mean"] == "54.3"
    assert (gdas["row"], gdas["cifar10 test_accuracy mean"]) == ("GDAS", "")
    result = json.loads((out / "searches/40-darts/seed-0/result.json").read_text())
    measured = {(one["dataset"], one["metric"]): one["value"] for one in result["measured"]}
    assert float(large["cifar10 test_accuracy mean"]) == measured["cifar10", "test_accuracy"]
    (over,) = [line for line in lines_of(out / "summarised.csv") if line["row"] == "DARTS"]
    values = [float(line["cifar10 test_accuracy mean"]) for line in (large, small)]
    assert float(over["cifar10 test_accuracy mean"]) == pytest.approx(sum(values) / 2)
    assert float(over["cifar10 test_accuracy best"]) == max(values)
    report = (out / "summary.md").read_text()
    assert "| row | mean (sd) | published | best | n |\n" in report
    assert "| GDAS | - | 93.61 (0.09), n = 4 | - | 0 |" in report
    assert {path.name for path in (out / "plots").iterdir()} == {
        *("trajectories.png", "strengths-cell.png", "costs.png", "curve-over-size.png")
    }
    selections = {path.name for path in (out / "selections").iterdir()}
    assert selections == {"40-darts", "20-darts"}


def test_an_architecture_set_of_its_own_is_compared_with_what_was_searched_on(
    file: Path, tmp_path: Path
) -> None:
    generator = np.random.default_rng(0)
    other = tmp_path / "other.npz"
    images = generator.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(other, images=images, labels=np.arange(40) % 10)
    sets = (f"search.architecture_dataset={other}", "search.training.epochs=1")
    arguments = ("--rows", "DARTS", *(word for one in sets for word in ("--set", one)))
    assert run(file, "--out", tmp_path / "out", *arguments) == 0
    (line,) = lines_of(tmp_path / "out" / "results.csv")
    assert (line["weights_examples_left"], line["architecture_examples_left"]) == ("40", "40")


def test_rows_of_several_datasets_have_selections_of_their_own(changed, tmp_path: Path) -> None:
    rows = {
        "one": {"search": {"dataset": "digits"}},
        "other": {"search": {"dataset": "cifar10:somewhere"}},
        "like one": {"search": {"channels": 4}},
        "by its own": {"search": {"dataset": "b.npz"}, "select": {"dataset": "digits"}},
    }
    plan = room.plan_of(
        ExperimentConfig.parse({"file": changed(rows=rows, reference=None), "out": tmp_path}, "it")
    )
    folders = {
        one.row.label: (one.select.out.parent.name, one.select.dataset) for one in plan.searches
    }
    assert folders == {
        "one": ("one", "digits"),
        "other": ("other", "cifar10:somewhere"),
        "like one": ("one", "digits"),
        "by its own": ("one", "digits"),
    }


@pytest.mark.usefixtures("unarranged_figures")
def test_figures_go_space_by_space(changed, tmp_path: Path) -> None:
    rows = {"four": {}, "five": {"search": {"space": "nb201-five-nodes"}}}
    file = changed(rows=rows, reference=None, figures=["strengths", "operations"])
    assert run(file, "--out", tmp_path / "out", "--set", "search.training.epochs=1") == 0
    assert {path.name for path in (tmp_path / "out" / "plots").iterdir()} == {
        *("strengths-cell-1.png", "strengths-cell-2.png"),
        *("operations-cell-1.png", "operations-cell-2.png"),
    }


@pytest.mark.parametrize(
    "change",
    [{"search": {"architecture_dataset": "digits"}}, {"select": {"keep_architecture": True}}],
)
def test_a_dry_run_counts_no_examples_of_an_architecture_set_it_has_not_seen(
    change: dict, changed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(rows={"DARTS": change})
    assert run(file, "--out", tmp_path / "out", "--dry-run") == 0
    assert "DARTS: examples to process depend on the dataset" in capsys.readouterr().out


def test_a_dry_run_prints_the_grid_and_makes_nothing(
    changed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = {"split": {"1:9": {"select": {"split": [0.1, 0.9]}}, "5:5": {}}}
    file = changed(rows={}, grid=grid, reference=None)
    out = tmp_path / "out"
    assert run(file, "--out", out, "--dry-run", "--seeds", "3,4", "--set", "select.size=400") == 0
    told = capsys.readouterr().out.splitlines()
    # 36 architecture batches' worth: 360 once, in 6 batches of 64; 40 six times
    assert told == [
        "Tiny",
        "1:9: 1,200 examples to process",
        "5:5: 800 examples to process",
        "2 rows with seeds 3, 4: 4 searches",
    ]
    assert not out.exists()


def test_a_folder_of_other_things_is_no_experiment_s(tmp_path: Path) -> None:
    (tmp_path / "searches").mkdir()
    assert RunFolder(tmp_path, adopts=("searches",)).check("") is False
    (tmp_path / "precious.txt").touch()
    with pytest.raises(RunFolderError, match=r"holds files but no config\.yaml"):
        RunFolder(tmp_path, adopts=("searches",)).check("")


class Elsewhere(SerialExecutor):
    """Calls what another process would: a copy made of bytes."""

    def submit(self, fn, /, *args, **kwargs):
        return super().submit(*pickle.loads(pickle.dumps((fn, *args))), **kwargs)


@pytest.mark.usefixtures("no_figures")
def test_any_executor_runs_the_searches(file: Path, tmp_path: Path) -> None:
    config = resolve(ExperimentConfig, None, {"file": file, "out": tmp_path / "out"})
    titles = []
    done = run_experiment(config, executor=Elsewhere(), progress=lambda *told: titles.append(told))
    assert [one.reason for one in done.outcomes] == ["", ""]
    assert titles == [
        *(("selections", 0, 1), ("selections", 1, 1)),
        *(("searches", 0, 2), ("searches", 1, 2), ("searches", 2, 2)),
    ]


def test_the_configuration_of_the_folder_reads_back(file: Path, tmp_path: Path) -> None:
    config = resolve(ExperimentConfig, None, {"file": file, "seed": "0,1"}, ["search.cells=2"])
    assert config.seed == (0, 1)
    assert config.search == {"cells": 2}
    assert np.array_equal(config.seed, room.plan_of(config).seeds)
