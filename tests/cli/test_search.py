"""``naslib-proxydata search`` as a user runs it, on scikit-learn's digits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.cli.main import main
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.oneshot.records import read_history
from naslib_proxydata.selection.files import save_selection
from naslib_proxydata.selection.random import RandomSelector
from naslib_proxydata.selection.run import make_selection


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata search ARGUMENTS``."""
    with pytest.raises(SystemExit) as stopped:
        main(["search", "--dataset", "digits", "--epochs", "2", *map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture
def selection(tmp_path: Path) -> Path:
    path = tmp_path / "sel.npz"
    save_selection(make_selection(open_dataset("digits"), RandomSelector(), 120, seed=0), path)
    return path


DARTS = ("--strategy", "darts")
SMALL = ("--channels", 4, "--cells", 1)


def test_a_search_on_a_selection_with_pruning_is_looked_up(
    tmp_path: Path, selection: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ("--space", "nb201", "--strategy", "pc-darts+beta-darts", "--selection", selection)
    more = ("--set", "warm_up=0", "--bdp", 0.5, "--batch-size", 32, "--data-root", shared_data)
    assert run(*arguments, *more, *SMALL, "--out", out, "--hessian-every", 1) == 0
    printed = capsys.readouterr().out
    result = json.loads((out / "result.json").read_text())
    assert f"cell: {result['cell']}" in printed
    assert result["settings"]["batch_size"] == 32
    assert result["settings"]["weights_lr"] == 0.1
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


def test_a_genotype_is_printed_where_there_is_no_table(
    tmp_path: Path, selection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--space", "s2", "--strategy", "gdas", "--selection", selection)
    size = ("--channels", 4, "--cells", 3)
    assert run(*arguments, *size, "--out", tmp_path / "run", "--bdp", "--no-augment") == 0
    assert "cell: Genotype(normal=[('" in capsys.readouterr().out
    history = read_history(tmp_path / "run" / "history.json")
    assert history[-1].left == {"weights": 48, "architecture": 54}  # 20 % and 10 % of 60 gone


def test_running_again_prints_the_same_cell(
    tmp_path: Path, selection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--space", "nb201", "--strategy", "darts", "--selection", selection, *SMALL)
    arguments = (*arguments, "--out", tmp_path / "run")
    assert run(*arguments, "--random-pruning", 0.5) == 0
    first = capsys.readouterr().out
    assert run(*arguments, "--random-pruning", 0.5) == 0
    again = capsys.readouterr().out
    assert "epoch 1" in first
    assert "epoch 1" not in again
    assert first[first.index("cell:") :] == again[again.index("cell:") :]
    assert run(*arguments, "--random-pruning", 0.25) == 2
    assert "holds another run: random_pruning" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--space", "nb2o1", *DARTS), "Did you mean 'nb201'"),
        (("--space", "nb201", "--strategy", "dart"), "Did you mean 'darts'"),
        (("--space", "nb201", "--strategy", "gdas+drnas"), "both set the relaxation"),
        (("--space", "nb201", *DARTS, "--set", "batchsize=3"), "batch_size"),
        (("--space", "nb201", *DARTS, "--set", "nonsense"), "KEY=VALUE"),
        (("--space", "nb201", *DARTS, "--bdp", "to-5-percent"), "unknown pruning schedule"),
        (("--space", "nb201", *DARTS, "--bdp", "0.5", "--el2n", 0.5), "cannot be combined"),
        (("--space", "nb201", *DARTS, "--selection", "absent.npz"), "no file absent"),
        (("--space", "nb201", *DARTS, "--dataset", "npz:absent"), "absent"),
    ],
)
def test_what_is_wrong_is_told_with_exit_code_2(
    tmp_path: Path,
    arguments: tuple[object, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(*arguments, *SMALL, "--out", tmp_path / "run") == 2
    captured = capsys.readouterr()
    assert message in captured.err + captured.out
    assert "Traceback" not in captured.err


def test_a_selection_of_another_dataset_is_refused(
    tmp_path: Path, selection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.zeros((1797, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "other.npz", images=images, labels=np.arange(1797) % 10)
    arguments = ("--space", "nb201", *DARTS, "--selection", selection, *SMALL)
    arguments = (*arguments, "--out", tmp_path / "run")
    assert run(*arguments, "--dataset", tmp_path / "other.npz") == 2
    assert "fingerprint" in capsys.readouterr().err
