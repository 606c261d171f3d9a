"""``search --architecture-dataset`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.assemble.search import check_search
from naslib_proxydata.cli.main import main
from naslib_proxydata.config import SearchConfig
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.runs.checkpoint import load_checkpoint
from naslib_proxydata.selection.origin import ScoreOrigin
from naslib_proxydata.selection.score_files import write_scores
from tests.oneshot.fakes import coloured


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["search", *map(str, arguments)])
    return int(stopped.value.code or 0)


def written(path: Path, count: int, seed: int, size: int = 8) -> Path:
    dataset = coloured(count, size, seed)
    images = dataset.pixels(np.arange(count)).permute(0, 2, 3, 1).numpy()
    np.savez(path, images=images, labels=dataset.labels)
    return path


def test_the_architecture_trains_on_images_of_its_own(tmp_path: Path) -> None:
    first = written(tmp_path / "weights.npz", 40, 1)
    second = written(tmp_path / "architecture.npz", 24, 2)
    out = tmp_path / "run"
    arguments = ("--dataset", first, "--architecture-dataset", second, "--epochs", 2)
    small = ("--channels", 2, "--cells", 1, "--set", "pruner.ratio=0.5", "--pruner", "infobatch")
    small = (*small, "--set", "pruner.untouched=0")
    assert run(*arguments, *small, "--out", out) == 0
    result = json.loads((out / "result.json").read_text())
    assert result["architecture_dataset"] == str(second)
    history = json.loads((out / "history.json").read_text())
    assert all(record["used"]["architecture"] == 24 for record in history)
    assert history[-1]["used"]["weights"] < 40
    assert f"{second} (architecture)" in (out / "summary.md").read_text()


def test_images_of_another_size_are_refused_before_anything_is_spent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(tmp_path / "weights.npz", 40, 1)
    second = written(tmp_path / "architecture.npz", 24, 2, size=6)
    out = tmp_path / "run"
    assert run("--dataset", first, "--architecture-dataset", second, "--out", out) == 2
    assert "expected images of one shape" in capsys.readouterr().err
    assert not out.exists()


def test_a_fraction_is_that_of_the_weights_which_shrink_alone(tmp_path: Path) -> None:
    first = written(tmp_path / "weights.npz", 80, 1)
    second = written(tmp_path / "architecture.npz", 24, 2)
    out = tmp_path / "run"
    arguments = ("--dataset", first, "--architecture-dataset", second, "--epochs", 5)
    small = ("--channels", 2, "--cells", 1, "--pruner", "random", "--set", "pruner.schedule=0.5")
    assert run(*arguments, *small, "--out", out) == 0
    history = json.loads((out / "history.json").read_text())
    assert history[-1]["left"] == {"weights": pytest.approx(40, abs=2), "architecture": 24}


def test_scores_are_those_of_the_weights_images(tmp_path: Path) -> None:
    first = written(tmp_path / "weights.npz", 40, 1)
    second = written(tmp_path / "architecture.npz", 24, 2)
    dataset = open_dataset(str(first))
    numbers = np.random.default_rng(0).permutation(40).astype(float)
    write_scores(tmp_path / "scores.npz", numbers, dataset, ScoreOrigin(scorer="el2n"))
    out = tmp_path / "run"
    arguments = ("--dataset", first, "--architecture-dataset", second, "--epochs", 1)
    pruner = ("--pruner", "el2n", "--set", f"pruner.scores={tmp_path}/scores.npz")
    assert run(*arguments, *pruner, "--channels", 2, "--cells", 1, "--out", out) == 0
    state = load_checkpoint(out)
    assert state is not None
    kept = set(state["active"]["weights"].tolist())
    assert len(kept) == 20
    # Those with the higher half of the scores, but for the last examples of a class.
    assert len(kept & set(np.flatnonzero(numbers >= 20).tolist())) >= 17
    assert sorted(state["active"]["architecture"].tolist()) == list(range(40, 64))


def test_scores_of_the_architecture_s_images_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(tmp_path / "weights.npz", 40, 1)
    second = written(tmp_path / "architecture.npz", 24, 2)
    numbers = np.arange(24, dtype=float)
    scored = open_dataset(str(second))
    write_scores(tmp_path / "scores.npz", numbers, scored, ScoreOrigin(scorer="el2n"))
    arguments = ("--dataset", first, "--architecture-dataset", second)
    pruner = ("--pruner", "el2n", "--set", f"pruner.scores={tmp_path}/scores.npz")
    assert run(*arguments, *pruner, "--out", tmp_path / "run") == 2
    assert "scores a dataset with fingerprint" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_check_before_a_run_looks_at_both_sets(tmp_path: Path) -> None:
    """As an experiment checks its searches: what would be refused later is refused at once."""
    first = written(tmp_path / "weights.npz", 40, 1)
    second = written(tmp_path / "architecture.npz", 24, 2, size=6)
    config = SearchConfig(dataset=str(first), architecture_dataset=str(second), out=tmp_path / "r")
    with pytest.raises(DatasetError, match="expected images of one shape"):
        check_search(config, open_dataset(str(first)))
