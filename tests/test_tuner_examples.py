"""The worked examples of docs/howto/tuners.md run, beside the real packages."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples" / "tuners"
BEST = 91.61  # of NAS-Bench-201, CIFAR-10, validation accuracy in percent, as printed


def last_number(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> float:
    """Run an example in a folder of its own and return the number that it prints last."""
    monkeypatch.chdir(folder)
    runpy.run_path(str(EXAMPLES / f"{name}.py"))
    return float(capsys.readouterr().out.strip().splitlines()[-1].split()[0])


def test_optuna(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed: the extra 'optuna'")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    assert 91.2 < last_number("optuna_study", tmp_path, capsys, monkeypatch) <= BEST


def test_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    optuna = pytest.importorskip("optuna", reason="Optuna is not installed: the extra 'optuna'")
    pytest.importorskip("optunahub", reason="OptunaHub is not installed: extra 'optuna'")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / "optuna_problem.py"))
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["TPESampler", "FewLabelSampler"]
    assert float(lines[1].split()[1]) > float(lines[0].split()[1])


def test_syne_tune(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("syne_tune", "huggingface_hub"):
        pytest.importorskip(package, reason="Syne Tune is not installed: extra 'syne-tune'")
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    assert 90 < last_number("syne_tune_blackbox", tmp_path, capsys, monkeypatch) <= BEST


def test_neps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("neps", reason="NePS is not installed: the extra 'neps'")
    assert 91.2 < last_number("neps_run", tmp_path, capsys, monkeypatch) <= BEST
