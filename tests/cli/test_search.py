"""``naslib-proxydata search`` as a user runs it, on scikit-learn's digits."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from naslib_proxydata.assemble.search import run_search
from naslib_proxydata.cli.main import main
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.hookspecs import hookimpl
from naslib_proxydata.oneshot.records import EpochRecord, read_history
from naslib_proxydata.runs.checkpoint import load_checkpoint
from naslib_proxydata.runs.setup import load_plugins
from naslib_proxydata.selection.files import load_selection, save_selection
from naslib_proxydata.selection.origin import ScoreOrigin
from naslib_proxydata.selection.random import RandomSelector
from naslib_proxydata.selection.run import make_selection
from naslib_proxydata.selection.score_files import write_scores


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata search ARGUMENTS``."""
    with pytest.raises(SystemExit) as stopped:
        main(["search", *map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture
def selection(tmp_path: Path) -> Path:
    path = tmp_path / "sel.npz"
    save_selection(make_selection(open_dataset("digits"), RandomSelector(), 120, seed=0), path)
    return path


DARTS = ("--strategy", "darts")
SMALL = ("--channels", 4, "--cells", 1)
DIGITS = ("--dataset", "digits")
TWO = (*DIGITS, "--epochs", 2)


@pytest.fixture
def tiny(selection: Path, tmp_path: Path) -> Callable[..., int]:
    """Run a small search into ``run``, or into another folder of the test's own."""

    def call(*arguments: object, epochs: int | None = 2, out: str = "run") -> int:
        given: tuple[object, ...] = (*DIGITS, *SMALL, "--selection", selection, *arguments)
        if epochs is not None:
            given = (*given, "--epochs", epochs)
        return run(*given, "--out", tmp_path / out)

    return call


def result_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return found


def timeless(folder: Path) -> list[EpochRecord]:
    """Return the history of a run without what a clock says."""
    records = read_history(folder / "history.json")
    for record in records:
        record.metrics["seconds"] = 0.0  # type: ignore[index]
    return list(records)


def test_a_search_on_a_selection_with_pruning_is_looked_up(
    tmp_path: Path, selection: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ("--space", "nb201", "--strategy", "pc-darts+beta-darts", "--selection", selection)
    more = ("--set", "training.warm_up=0", "--bdp", 0.5, "--batch-size", 32)
    more = (*more, "--data-root", shared_data, "--hessian-every", 1, "--out", out)
    assert run(*TWO, *arguments, *more, *SMALL) == 0
    printed = capsys.readouterr().out
    result = result_of(out)
    assert f"cell: {result['cell']}" in printed
    assert result["training"]["batch_size"] == 32
    assert result["training"]["weights_lr"] == 0.1
    assert result["strategy"] == {"pc-darts": {}, "beta-darts": {}}
    assert (result["channels"], result["cells"], result["augment"]) == (4, 1, True)
    assert result["selection"]["file"] == str(selection)
    assert (result["selection"]["method"], result["selection"]["size"]) == ("random", 120)
    assert result["versions"]["torch"]
    assert result["threads"] == 1
    history = read_history(out / "history.json")
    assert [record.epoch for record in history] == [1, 2]
    assert history[-1].left["weights"] < history[-1].left["architecture"] < 60
    with np.load(shared_data / "nb201.npz") as table:
        row = table["arch_str"].tolist().index(result["cell"].encode())
        expected = float(table["cifar10_test_200"][row])
    values = {(m["dataset"], m["metric"]): m["value"] for m in result["measured"]}
    assert values["cifar10", "test_accuracy"] == pytest.approx(expected)
    assert {path.name for path in (out / "plots").iterdir()} == {
        "trajectory.png",
        "strengths-cell.png",
        "cell-cell.png",
        "eigenvalue.png",
    }
    assert set(json.loads((out / "eigenvalues.json").read_text())) == {"1", "2"}
    (pruner,) = result["acting"]
    assert (pruner["name"], pruner["options"]) == ("bdp", {"schedule": "0.5"})
    schedule = pruner["settings"]["schedule"]
    assert schedule["period"] == 2
    left = (1 - schedule["weights_ratio"] + 1 - schedule["architecture_ratio"]) / 2
    assert left == pytest.approx(0.5)
    assert "Pruners and observers: bdp (naslib-proxydata" in (out / "summary.md").read_text()


def test_a_genotype_is_printed_where_there_is_no_table(
    tmp_path: Path, selection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--space", "s2", "--strategy", "gdas", "--selection", selection)
    size = ("--channels", 4, "--cells", 3)
    assert (
        run(*TWO, *arguments, *size, "--out", tmp_path / "run", "--bdp", "20/10", "--no-augment")
        == 0
    )
    assert "cell: Genotype(normal=[('" in capsys.readouterr().out
    history = read_history(tmp_path / "run" / "history.json")
    assert history[-1].left == {"weights": 48, "architecture": 54}  # 20 % and 10 % of 60 gone
    (acted,) = json.loads((tmp_path / "run" / "result.json").read_text())["acting"]
    assert acted["outcome"]["weights"]["examples left"] == 48
    assert acted["outcome"]["weights"]["examples at first"] == 60


# ------------------------------------------------------------------------------ the run folder


def test_running_again_prints_the_same_cell(
    tmp_path: Path, tiny: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    half = ("--pruner", "random", "--set", "pruner.schedule=0.5")
    assert tiny(*half) == 0
    first = capsys.readouterr().out
    assert tiny(*half) == 0
    again = capsys.readouterr().out
    assert "epoch 1" in first
    assert "epoch 1" not in again
    assert first[first.index("cell:") :] == again[again.index("cell:") :]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("--pruner", "random"), "pruner"),
        (("--threads", 2), "threads: 1 there, 2 now"),
        (("--seed", 1), "seed: 0 there, 1 now"),
        (("--set", "training.warm_up=1"), "training.warm_up"),
        (("--no-augment",), "augment"),
    ],
)
def test_another_configuration_is_refused_or_begins_anew(
    tmp_path: Path,
    tiny: Callable[..., int],
    change: tuple[object, ...],
    key: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    epochs = 2 if key == "training.warm_up" else 1  # more than the warm-up has
    assert tiny(epochs=epochs) == 0
    history = (tmp_path / "run" / "history.json").read_bytes()
    capsys.readouterr()
    assert tiny(*change, epochs=epochs) == 2
    error = capsys.readouterr().err
    assert "belongs to a run with another configuration" in error
    assert key in error
    assert (tmp_path / "run" / "history.json").read_bytes() == history
    if key == "augment":
        assert tiny(*change, "--overwrite", epochs=1) == 0
        assert "epoch 1:" in capsys.readouterr().out
        assert result_of(tmp_path / "run")["augment"] is False


def test_fewer_epochs_are_refused(
    tmp_path: Path, tiny: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny() == 0
    assert tiny(epochs=1) == 2
    assert "training.epochs: 2 there, 1 now" in capsys.readouterr().err


def test_a_finished_search_goes_on_with_more_epochs(
    tmp_path: Path, tiny: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny(epochs=1) == 0
    before = timeless(tmp_path / "run")
    capsys.readouterr()
    assert tiny(epochs=3) == 0
    printed = capsys.readouterr().out
    assert "epoch 1:" not in printed
    assert "epoch 2:" in printed
    assert "epoch 3:" in printed
    records = timeless(tmp_path / "run")
    assert [record.epoch for record in records] == [1, 2, 3]
    assert records[:1] == before
    assert result_of(tmp_path / "run")["training"]["epochs"] == 3


class Stops:
    """Interrupts a search in its second epoch, once there is a checkpoint."""

    @hookimpl
    def batch_finished(self, epoch: int) -> None:
        if epoch == 2:
            raise KeyboardInterrupt


def test_the_strategys_own_number_of_epochs_can_grow(tmp_path: Path) -> None:
    """What the folder holds says how many they were, though the user named none."""
    few = make_selection(open_dataset("digits"), RandomSelector(), 16, seed=0)
    for given, kept in (({}, 50), ({"epochs": 51}, 51)):
        config = SearchConfig(out=tmp_path / "run", channels=2, cells=1, training=given)
        with pytest.raises(KeyboardInterrupt):
            run_search(config, Stops(), selection=few)
        assert (tmp_path / "run" / "checkpoint.pt").exists()
        written = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
        assert written["training"] == {"epochs": kept}


def test_objects_of_a_program_are_named_where_they_decide(tmp_path: Path) -> None:
    class Drops(Stops):
        @hookimpl
        def prune_examples(self, active: Any) -> Any:
            return active[::2]

    few = make_selection(open_dataset("digits"), RandomSelector(), 16, seed=0)
    config = SearchConfig(out=tmp_path / "run", channels=2, cells=1)
    with pytest.raises(KeyboardInterrupt):
        run_search(config, Stops(), Stops(), Drops(), Drops(), selection=few)
    acting = json.loads((tmp_path / "run" / "env.json").read_text())["acting"]
    assert [one["name"] for one in acting] == ["Drops", "Drops#2"]
    assert acting[0]["provided by"] == "this program"


def test_a_search_is_repeated_from_its_folder(tmp_path: Path, tiny: Callable[..., int]) -> None:
    assert tiny("--pruner", "infobatch", "--set", "pruner.untouched=0.0") == 0
    config = tmp_path / "run" / "config.yaml"
    assert run("--config", config, "--out", tmp_path / "again") == 0
    first, again = tmp_path / "run", tmp_path / "again"
    assert timeless(first) == timeless(again)
    one, other = result_of(first), result_of(again)
    for facts in (one, other):
        del facts["seconds"]
    assert one == other
    assert one["acting"][0]["settings"]["untouched"] == 0.0


# ----------------------------------------------------------------------------------- who acts

STRANGER = """
from naslib_proxydata.hookspecs import hookimpl
@hookimpl
def prune_examples(epoch, active):
    return active[::2]
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution that is installed and whose plugin prunes."""
    site = tmp_path / "site"
    info = site / "stranger_dist-1.2.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Name: stranger-dist\nVersion: 1.2\n")
    info.joinpath("entry_points.txt").write_text("[naslib_proxydata]\nstranger = stranger_module\n")
    (site / "stranger_module.py").write_text(STRANGER)
    monkeypatch.syspath_prepend(site)
    load_plugins.cache_clear()
    yield
    load_plugins.cache_clear()


@pytest.mark.usefixtures("stranger")
def test_an_installed_plugin_offers_and_acts_only_where_it_is_named(
    tmp_path: Path, tiny: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert tiny(epochs=1) == 0
    assert "prune_examples and does not act; --observer stranger lets it" in caplog.text
    assert result_of(tmp_path / "run")["acting"] == []
    assert timeless(tmp_path / "run")[0].left == {"weights": 60, "architecture": 60}
    caplog.clear()
    with caplog.at_level(logging.INFO):
        assert tiny("--observer", "stranger", epochs=1, out="named") == 0
    assert "stranger of stranger-dist 1.2 acts in this search" in caplog.text
    assert "does not act" not in caplog.text
    expected = [{"name": "stranger", "options": {}, "provided by": "stranger-dist 1.2"}]
    assert result_of(tmp_path / "named")["acting"] == expected
    assert json.loads((tmp_path / "named" / "env.json").read_text())["acting"] == expected
    assert timeless(tmp_path / "named")[0].left == {"weights": 30, "architecture": 30}


@pytest.mark.usefixtures("stranger")
def test_an_installed_plugin_can_be_left_out(
    tmp_path: Path, tiny: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny("--no-plugin", "stranger", "--observer", "stranger", epochs=1) == 2
    assert "unknown observer 'stranger'" in capsys.readouterr().err
    assert tiny("--no-plugin", "stranger-dist", epochs=1) == 0
    env = json.loads((tmp_path / "run" / "env.json").read_text())
    assert "stranger-dist" not in env["plugins"]
    (tmp_path / "site" / "stranger_module.py").write_text("1 / 0")
    __import__("sys").modules.pop("stranger_module", None)
    load_plugins.cache_clear()
    assert tiny(epochs=1, out="broken") == 2
    assert "--no-plugin stranger leaves it out" in capsys.readouterr().err
    assert tiny("--no-plugin", "stranger", epochs=1, out="mended") == 0


def test_a_file_acts_and_is_recorded(
    tmp_path: Path, tiny: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "halving.py"
    path.write_text(STRANGER)
    with caplog.at_level(logging.INFO):
        assert tiny("--plugin", path, epochs=1) == 0
    assert f"halving of {path} acts in this search" in caplog.text
    (actor,) = result_of(tmp_path / "run")["acting"]
    assert actor == {"name": "halving", "options": {}, "provided by": str(path)}
    assert timeless(tmp_path / "run")[0].left == {"weights": 30, "architecture": 30}


# -------------------------------------------------------------------------- what is not right


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--space", "nb2o1", *DARTS), "Did you mean 'nb201'"),
        (("--space", "nb201", "--strategy", "dart"), "Did you mean 'darts'"),
        (("--space", "nb201", "--strategy", "gdas+drnas"), "both set the relaxation"),
        (("--space", "nb201", *DARTS, "--set", "training.batchsize=3"), "batch_size"),
        (("--space", "nb201", *DARTS, "--set", "training.seed=3"), "a key of the run"),
        (("--space", "nb201", *DARTS, "--set", "nonsense"), "--set takes key=value"),
        (("--set", "training.image_reduction=4"), "8 x 8 pixels with image_reduction 4 are too"),
        (("--set", "training.image_reduction=16"), "image_reduction 16 are too small"),
        (
            ("--strategy", "pc-darts", "--set", "strategy.partial=0"),
            "partial must be a whole number, at least 1",
        ),
        (
            ("--strategy", "gdas", "--set", "strategy.first_tau=0"),
            "first_tau must be a number, abo",
        ),
        (("--pruner", "bdp", "--set", "pruner.schedule=1.5"), "schedule must be a number, above"),
        (("--space", "nb201", *DARTS, "--bdp", "1.5"), "left is a number, above 0 and at most 1"),
        (("--space", "nb201", *DARTS, "--bdp", "to-5-percent"), "unknown pruning schedule"),
        (("--space", "nb201", *DARTS, "--bdp", "0.5", "--pruner", "el2n"), "give one of them"),
        (("--space", "nb201", *DARTS, "--pruner", "el2m"), "Did you mean 'el2n'"),
        (("--pruner", "el2n", "--set", "pruner.fractoin=0.5"), "Did you mean 'fraction'"),
        (("--observer", "tensorbord"), "Did you mean 'tensorboard'"),
        (("--no-plugin", "absent"), "absent"),
        (("--space", "nb201", *DARTS, "--selection", "absent.npz"), "no file"),
        (("--space", "nb201", *DARTS, "--dataset", "npz:absent"), "absent"),
    ],
)
def test_what_is_wrong_is_told_with_exit_code_2(
    tmp_path: Path,
    arguments: tuple[object, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(*TWO, *arguments, *SMALL, "--out", tmp_path / "run") == 2
    captured = capsys.readouterr()
    assert message in captured.err + captured.out
    assert "Traceback" not in captured.err
    assert not (tmp_path / "run").exists()


def test_a_schedule_that_cannot_be_kept_spoils_no_folder(
    tmp_path: Path, tiny: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny("--bdp", 0.001, epochs=2) == 2
    assert "prunings in 2 epochs cannot leave" in capsys.readouterr().err
    assert tiny("--bdp", 0.6, epochs=2) == 0


def test_a_selection_of_another_dataset_is_refused(
    tmp_path: Path, selection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.zeros((1797, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "other.npz", images=images, labels=np.arange(1797) % 10)
    arguments = ("--space", "nb201", *DARTS, "--selection", selection, *SMALL)
    arguments = (*arguments, "--out", tmp_path / "run")
    assert run(*arguments, "--dataset", tmp_path / "other.npz") == 2
    assert "fingerprint" in capsys.readouterr().err


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """A score file of el2n for the digits, each score its example's number."""
    path, digits = tmp_path / "scores.npz", open_dataset("digits")
    write_scores(path, np.arange(len(digits), dtype=float), digits, ScoreOrigin(scorer="el2n"))
    return path


def test_el2n_scores_prune_before_the_first_epoch(
    tmp_path: Path, tiny: Callable[..., int], selection: Path, scores: Path
) -> None:
    by_scores = ("--pruner", "el2n", "--set", f"pruner.scores={scores}")
    assert tiny(*by_scores, "--set", "pruner.weights_drops=high") == 0
    records = read_history(tmp_path / "run" / "history.json")
    assert [record.used for record in records] == [{"weights": 30, "architecture": 30}] * 2
    result = result_of(tmp_path / "run")
    (acted,) = result["acting"]
    assert acted["options"]["scores"] == str(scores)
    assert acted["settings"]["drops"] == {"weights": "high", "architecture": "low"}
    assert acted["outcome"]["weights"] == {
        "examples at first": 60,
        "dropped": 30,
        "examples left": 30,
    }
    state = load_checkpoint(tmp_path / "run")
    assert state is not None
    kept = set(state["active"]["weights"].tolist())
    lowest = np.sort(load_selection(selection).weight_indices)[:30]  # the numbers are the scores
    assert len(kept & set(lowest.tolist())) >= 28, "but for the last example of a class"
    # More epochs go on from the checkpoint with the same examples.
    assert tiny(*by_scores, "--set", "pruner.weights_drops=high", epochs=3) == 0
    assert read_history(tmp_path / "run" / "history.json")[2].left["weights"] == 30


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fingerprint": np.array("0" * 64)}, "scores a dataset with fingerprint"),
        ({"made_by": np.array('{"scorer": "entropy"}')}, "holds scores of scorer 'entropy'"),
        ({"scores": np.ones((1797, 2))}, "features of 2 numbers"),
        ({"scores": np.arange(5.0)}, "do not belong together"),
    ],
)
def test_scores_that_are_not_this_pruners_are_refused_before_the_folder(
    tmp_path: Path,
    tiny: Callable[..., int],
    scores: Path,
    change: dict[str, Any],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with np.load(scores) as archive:
        np.savez(scores, **{**archive, **change})
    assert tiny("--pruner", "el2n", "--set", f"pruner.scores={scores}") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_absent_score_file_is_refused(
    tiny: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny("--pruner", "el2n", "--set", "pruner.scores=nowhere.npz") == 2
    assert "no score file nowhere.npz" in capsys.readouterr().err
