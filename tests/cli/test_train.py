"""``naslib-proxydata train`` as a user runs it, on small images."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

import naslib_proxydata
from naslib_proxydata.cli.main import main
from naslib_proxydata.runs.checkpoint import NAME
from tests.oneshot.fakes import save_coloured

pytestmark = pytest.mark.usefixtures("unarranged_figures")

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"
OTHER = "|skip_connect~0|+|none~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"
SMALL = ("--space", "nb201", "--channels", 4, "--cells", 1, "--epochs", 2, "--batch-size", 16)


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata ARGUMENTS``."""
    try:
        main(list(map(str, arguments)))
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return save_coloured(tmp_path / "train.npz")


@pytest.fixture
def tiny(images: Path, tmp_path: Path) -> Callable[..., int]:
    def call(*arguments: object, out: str = "run") -> int:
        given = (*SMALL, "--dataset", images, *arguments, "--out", tmp_path / out)
        return run("train", *given)

    return call


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def timeless(folder: Path) -> list[dict[str, str]]:
    clocks = ("seconds", "images_per_second")
    return [{k: v for k, v in row.items() if k not in clocks} for row in rows_of(folder)]


def test_seeds_and_widths_are_one_table(
    tiny: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = save_coloured(tmp_path / "test.npz", 24, seed=1)
    assert tiny(CELL, "--seeds", "0,1", "--channels", "2,4", "--test", test) == 0
    rows = rows_of(tmp_path / "run")
    assert [(row["channels"], row["seed"]) for row in rows] == [
        ("2", "0"),
        ("2", "1"),
        ("4", "0"),
        ("4", "1"),
    ]
    means = [
        float(np.mean([float(row["test_top1"]) for row in rows if row["channels"] == width]))
        for width in ("2", "4")
    ]
    summary = (tmp_path / "run" / "summary.md").read_text()
    deviation = np.std([float(row["test_top1"]) for row in rows[:2]], ddof=1)
    assert f"{means[0]:.2f} ± {deviation:.2f}" in summary
    assert f"4 channels: {means[1]:.2f} %" in capsys.readouterr().out
    space = naslib_proxydata.space("nb201").resized(channels=2, cells=1)
    cell = space.parse(CELL)
    assert int(rows[0]["params"]) == space.params(cell, num_classes=4)
    # The table's count has the biases of the classifier, one for each class.
    assert int(rows[0]["macs"]) == space.macs(cell, num_classes=4, image_size=8) - 4
    assert (tmp_path / "run" / "plots" / "curves.png").is_file()
    table = naslib_proxydata.table(f"csv:{tmp_path}/run/accuracies.csv", space="nb201")
    assert table.query(CELL, "accuracy_c4", "higher_is_better") == pytest.approx(means[1])
    assert table.query(CELL, "accuracy", "higher_is_better") == pytest.approx(np.mean(means))
    again = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert (again["architecture"], again["channels"], again["seed"]) == ([CELL], [2, 4], [0, 1])


def test_random_ones_and_the_improvement_over_them(
    tiny: Callable[..., int], tmp_path: Path
) -> None:
    assert tiny(CELL, "--random", 2) == 0
    rows = rows_of(tmp_path / "run")
    assert [row["random"] for row in rows] == ["0", "1", "1"]
    own, *others = (float(row["validation_top1"]) for row in rows)
    found = json.loads((tmp_path / "run" / "result.json").read_text())["improvements"][0]
    mean = sum(others) / 2
    assert found["value"] == pytest.approx(100 * (own - mean) / mean)
    assert found["count"] == 2


def test_accuracies_of_training_images_are_called_so(
    tiny: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert tiny(CELL, "--validation", "none", "--random", 1) == 0
    assert "accuracies are of training images" in caplog.text
    told = capsys.readouterr().out
    assert "% over one random architecture\n" in told, "which has no interval"
    summary = (tmp_path / "run" / "summary.md").read_text()
    assert "the accuracy on the augmented training images" in summary
    assert f"{float(rows_of(tmp_path / 'run')[0]['training_top1']):.2f} (" in summary
    assert "nan" not in summary


def test_processes_end_as_one_does(tiny: Callable[..., int], tmp_path: Path) -> None:
    assert tiny(CELL, OTHER) == 0
    assert tiny(CELL, OTHER, "--workers", 2, out="two") == 0
    assert timeless(tmp_path / "run") == timeless(tmp_path / "two")


def test_the_folders_of_searches_are_trained(images: Path, tmp_path: Path) -> None:
    found = tmp_path / "search"
    search = ("--space", "nb201", "--channels", 2, "--cells", 1, "--epochs", 1)
    assert run("search", *search, "--dataset", images, "--batch-size", 16, "--out", found) == 0
    small = ("--channels", 2, "--cells", 1, "--epochs", 1, "--dataset", images)
    assert run("train", found, *small, "--out", tmp_path / "run") == 0
    cell = json.loads((found / "result.json").read_text())["cell"]
    assert [row["architecture"] for row in rows_of(tmp_path / "run")] == [cell]
    evolved = tmp_path / "evolved"
    assert run("evolve", "--predictor", "params", "--evaluations", 5, "--out", evolved) == 0
    best = json.loads((evolved / "result.json").read_text())["best"]["architecture"]
    listed = tmp_path / "list.csv"
    listed.write_text(f"architecture,note\n{OTHER},one\n")
    assert run("train", evolved, listed, *small, "--out", tmp_path / "two") == 0
    assert [row["architecture"] for row in rows_of(tmp_path / "two")] == [best, OTHER]


def test_a_selection_is_what_is_trained_on(
    tiny: Callable[..., int], images: Path, tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen"
    naslib_proxydata.select(str(images), "class-random", size=24, out=chosen)
    assert tiny(CELL, "--selection", chosen, "--validation", "none") == 0
    summary = (tmp_path / "run" / "summary.md").read_text()
    assert "24 training images; seeds 0" in summary


def test_an_interrupted_run_goes_on(images: Path, tmp_path: Path) -> None:
    """SIGINT after the first epoch of the second training: what is there is told and kept."""
    arguments = [*SMALL, "--dataset", images, "--epochs", 40, "--out", tmp_path / "run"]
    command = [sys.executable, "-m", "naslib_proxydata.cli", "train", CELL, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "epoch 3:" in line:
            process.send_signal(signal.SIGINT)
            break
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: 0 finished and 1 begun trainings are kept" in told
    for out in ("run", "whole"):
        arguments[-1] = tmp_path / out
        assert run("train", CELL, *arguments) == 0
    assert timeless(tmp_path / "run") == timeless(tmp_path / "whole")


def test_finished_trainings_are_not_repeated(
    tiny: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny(CELL) == 0
    capsys.readouterr()
    assert tiny(CELL) == 0
    assert "epoch" not in capsys.readouterr().out
    assert tiny(CELL, "--epochs", 3) == 2
    assert "another configuration" in capsys.readouterr().err
    assert tiny(CELL, "--epochs", 3, "--overwrite") == 0


def test_one_that_diverges_does_not_stop_the_others(
    tiny: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from naslib_proxydata.training import loop

    plain = loop.learning_rate

    def exploding(settings: Any, done: float) -> float:
        return 1e30 if settings.seed == 1 else plain(settings, done)

    monkeypatch.setattr(loop, "learning_rate", exploding)
    assert tiny(CELL, "--seeds", "0,1,2") == 2
    assert "1 of 3 trainings failed" in capsys.readouterr().err
    rows = rows_of(tmp_path / "run")
    assert [bool(row["failure"]) for row in rows] == [False, True, False]
    assert "in epoch 1 of 2" in rows[1]["failure"]
    done = [float(row["validation_top1"]) for row in rows if not row["failure"]]
    table = naslib_proxydata.table(f"csv:{tmp_path}/run/accuracies.csv", space="nb201")
    assert table.query(CELL, "accuracy", "higher_is_better") == pytest.approx(np.mean(done))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to train is named"),
        (("conv",), "not an architecture of space 'nb201'"),
        ((CELL, "--recipe", "darts-cfar"), "unknown recipe 'darts-cfar'"),
        ((CELL, "--test", "nowhere.npz"), "nowhere.npz"),
        ((CELL, "--validation", "1.5"), "between 0 and 1"),
        ((CELL, "--set", "training.epoch=1"), "Did you mean 'epochs'"),
        ((CELL, "--set", "training.auxiliary=0.4"), "auxiliary: networks of space 'nb201'"),
        ((CELL, "--set", "training.drop_path=0.2"), "no paths that can be dropped"),
        ((CELL, "--set", "training.seed=3"), "key of the run"),
        ((CELL, "--set", "training.crop_size=8"), "crop_size 8 is of a resized crop"),
        ((".",), "holds no result.json"),
        ((CELL, "--channels", "100000000"), "does not fit in memory"),
    ],
)
def test_mistakes_are_told_before_anything_is_spent(
    tiny: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert tiny(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "run" / "trainings").exists()


def test_a_file_without_architectures_is_refused(
    tiny: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("architecture\n")
    assert tiny(listed) == 2
    assert f"{listed} holds no architectures, only a header" in capsys.readouterr().err


def test_sides_that_cannot_be_halved_are_not_called_small(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "odd.npz"
    np.savez(odd, images=np.zeros((16, 8, 13, 3), np.uint8), labels=np.arange(16) % 4)
    assert run("train", CELL, *SMALL, "--dataset", odd, "--out", tmp_path / "run") == 2
    assert "images of 8 x 13 pixels do not fit this network" in capsys.readouterr().err


def test_what_is_said_twice_is_trained_once(tiny: Callable[..., int], tmp_path: Path) -> None:
    assert tiny(CELL, "--seeds", "1,1", "--channels", "4,4") == 0
    assert [(row["channels"], row["seed"]) for row in rows_of(tmp_path / "run")] == [("4", "1")]


def test_a_share_may_be_a_number_of_a_file(tiny: Callable[..., int], tmp_path: Path) -> None:
    listed = tmp_path / "train.yaml"
    listed.write_text("validation: 0.25\n")
    assert tiny(CELL, "--config", listed) == 0
    assert (
        "48 training images, 16 validation images" in (tmp_path / "run" / "summary.md").read_text()
    )


def test_a_space_must_be_named(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", CELL, "--dataset", images, "--out", tmp_path / "run") == 2
    assert "name a --space" in capsys.readouterr().err


def test_a_damaged_result_is_told(
    tiny: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny(CELL) == 0
    (result,) = (tmp_path / "run" / "trainings").glob("*/result.json")
    result.write_text('{"identity": ')
    assert tiny(CELL) == 2
    assert str(result) in capsys.readouterr().err
    result.unlink()
    (result.parent / NAME).write_bytes(b"0" * 100)
    assert tiny(CELL) == 0, "the checkpoint before is whole"


def test_weights_load_into_a_plain_network(tiny: Callable[..., int], tmp_path: Path) -> None:
    assert tiny(CELL) == 0
    (path,) = (tmp_path / "run" / "trainings").glob("*/weights.pt")
    space = naslib_proxydata.space("nb201").resized(channels=4, cells=1)
    network = space.network(space.parse(CELL), torch.Generator(), num_classes=4)
    network.load_state_dict(torch.load(path, weights_only=True))


def test_two_processes_of_torchrun_train_one_network(images: Path, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "naslib_proxydata.cli", "train", CELL),
        *map(str, (*SMALL, "--dataset", images, "--device", "cpu", "--out", tmp_path / "run")),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 2:") == 1, "the first alone tells"
    assert json.loads((tmp_path / "run" / "result.json").read_text())["processes"] == 2
