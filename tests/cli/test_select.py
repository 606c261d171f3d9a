"""``naslib-proxydata select`` as a user runs it, on scikit-learn's digits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from naslib_proxydata.cli.main import main
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.files import load_selection
from naslib_proxydata.selection.origin import ScoreOrigin
from naslib_proxydata.selection.score_files import write_scores


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata select ARGUMENTS``."""
    with pytest.raises(SystemExit) as stopped:
        main(["select", *map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture
def entropy_list(tmp_path: Path) -> Path:
    """A text list as published: index, entropy and class, separated by tabs."""
    digits = open_dataset("digits")
    assert digits.labels is not None
    entropies = np.logspace(-8, 0.2, len(digits))
    pairs = enumerate(zip(entropies, digits.labels, strict=True))
    rows = [f"{index}\t{entropy!s}\t{label}\n" for index, (entropy, label) in pairs]
    path = tmp_path / "list.txt"
    path.write_text("".join(rows[::-1]))  # any order of rows
    return path


def test_a_selection_is_written_and_fits_its_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ("--dataset", "digits", "--selector", "class-random", "--out", out)
    assert run(*arguments, "--fraction", 0.1, "--seed", 3) == 0
    assert "179 of 1,797 examples of digits, 89 for weights and 90" in capsys.readouterr().out
    selection = load_selection(out)
    selection.check_fits(open_dataset("digits"))
    assert (selection.method, selection.seed, selection.size) == ("class-random", 3, 179)
    assert {path.name for path in out.iterdir()} == {
        "selection.npz",
        "selection.json",
        "summary.md",
        "config.yaml",
        "env.json",
        "report.html",
    }
    assert json.loads((out / "env.json").read_text())["threads"] == 1
    assert "| all | 1,797 | 179 | 89 | 90 |" in (out / "summary.md").read_text()


def test_the_same_command_gives_the_same_and_another_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ("--selector", "class-random", "--size", 100, "--out", out)
    assert run(*arguments) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert run(*arguments) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert run(*arguments, "--plot") == 0, "a figure changes no result"
    assert (out / "plots" / "selection.png").read_bytes()[1:4] == b"PNG"
    assert run(*arguments, "--split", "0.4,0.4") == 2
    assert "split: [0.5, 0.5] there, [0.4, 0.4] now" in capsys.readouterr().err
    assert (out / "selection.npz").read_bytes() == before["selection.npz"]
    assert run(*arguments, "--split", "0.4,0.4", "--overwrite") == 0
    selection = load_selection(out)
    assert (len(selection.weight_indices), len(selection.architecture_indices)) == (40, 40)
    assert not (out / "plots").exists(), "what was there is gone"


def test_a_run_can_be_repeated_from_its_configuration(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run("--selector", "k-center", "--scorer", "pixels", "--size", 50, "--out", out) == 0
    again = tmp_path / "again"
    assert run("--config", out / "config.yaml", "--out", again) == 0
    assert (again / "selection.npz").read_bytes() == (out / "selection.npz").read_bytes()


def test_a_published_list_serves_as_scores(tmp_path: Path, entropy_list: Path) -> None:
    arguments = ("--dataset", "digits", "--scores", entropy_list, "--size", 50)
    out = tmp_path / "bottom"
    assert run(*arguments, "--selector", "entropy-bottom", "--out", out) == 0
    np.testing.assert_array_equal(load_selection(out).indices, np.arange(50))
    out = tmp_path / "p1"
    more = ("--selector", "entropy-p1", "--set", "selector.bin_width=0.25", "--plot")
    assert run(*arguments, *more, "--out", out) == 0
    assert load_selection(out).parameters == {"bin_width": 0.25}
    assert (out / "plots" / "selection.png").is_file()
    kept = yaml.safe_load((out / "config.yaml").read_text())
    assert kept["selector"] == {"name": "entropy-p1", "bin_width": 0.25}


def test_scores_are_kept_for_the_next_selector(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    arguments = ("--dataset", "digits", "--size", 60, "--selector", "k-center")
    assert run(*arguments, "--scorer", "pixels", "--save-scores", "--out", first) == 0
    assert run(*arguments, "--scores", first / "scores.npz", "--out", second) == 0
    np.testing.assert_array_equal(load_selection(first).indices, load_selection(second).indices)


def test_scorers_and_formats_of_a_file_are_used(tmp_path: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        """
import numpy as np
from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.hookspecs import Registration, hookimpl
from naslib_proxydata.selection.scorers.base import Scorer

class Brightness(Scorer):
    name = "brightness"
    def __init__(self, sign=1):
        self.sign = sign
    def settings(self):
        return {"sign": self.sign}
    def compute(self, context):
        pixels = context.dataset.pixels(np.arange(len(context.dataset)))
        return self.sign * pixels.float().mean((1, 2, 3)).double().numpy()

def ramp(path):
    levels = np.arange(int(path), dtype=np.uint8)
    return ArrayDataset("ramp", np.tile(levels[:, None, None], (1, 4, 4)))

@hookimpl
def register_scorers():
    return [Registration("brightness", Brightness, "mean pixel")]

@hookimpl
def register_datasets():
    return [Registration("ramp", ramp, "each image brighter than the one before")]
"""
    )
    arguments = ("--plugin", plugin, "--dataset", "ramp:20", "--selector", "entropy-top")
    arguments += ("--scorer", "brightness", "--size", 3, "--cache", tmp_path / "cache")
    assert run(*arguments, "--out", tmp_path / "top") == 0
    assert load_selection(tmp_path / "top").indices.tolist() == [17, 18, 19]
    assert run(*arguments, "--set", "scorer.sign=-1", "--out", tmp_path / "other") == 0
    assert load_selection(tmp_path / "other").indices.tolist() == [0, 1, 2], "not from the cache"
    env = json.loads((tmp_path / "top" / "env.json").read_text())
    assert str(plugin) in env["plugins"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--selector", "randm", "--size", 5], "Did you mean 'random'"),
        (["--selector", "random"], "either size or fraction"),
        (["--selector", "random", "--size", 5, "--fraction", 0.1], "either size or fraction"),
        (["--selector", "random", "--size", 1798], "from 1 to 1797"),
        (["--selector", "random", "--fraction", 1.5], "less than or equal to 1"),
        (["--selector", "random", "--fraction", 0.0001], "leave an example"),
        (["--selector", "random", "--size", 5, "--split", "half"], "valid number"),
        (["--selector", "entropy-p1", "--size", 5, "--split", "0.9,0.9"], "at most 1"),
        (["--selector", "random", "--size", 5, "--set", "selector.bin"], "takes key=value"),
        (["--selector", "random", "--size", 5, "--set", "selector.bin=1"], "unknown option 'bin'"),
        (["--selector", "entropy-p1", "--size", 5, "--set", "selector.bin_width=-1"], "above 0"),
        (["--selector", "entropy-p1", "--size", 5, "--scorer", "pixels"], "gives features"),
        (["--selector", "entropy-p1", "--size", 5, "--scorer", "entrpy"], "'entropy'"),
        (["--selector", "entropy-p1", "--size", 5, "--scorer", "loss", "--set", "scorer.x=1"], "x"),
        (["--selector", "entropy-p1", "--size", 5, "--scores", "/nowhere"], "no score file"),
        (["--selector", "entropy-p1", "--size", 5, "--device", "cuda:99"], "cannot be used"),
        (["--selector", "entropy-p1", "--size", 5, "--device", "abacus"], "cannot be used"),
        (["--selector", "entropy-p1", "--size", 5, "--model", "resnet21"], "'resnet20'"),
        (["--selector", "random", "--size", 5, "--save-scores"], "none to keep"),
        (["--selector", "random", "--size", 5, "--out", "sel.npz"], "sel/selection.npz"),
    ],
)
def test_bad_requests_end_with_a_line_and_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[object],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NASLIB_PROXYDATA_CACHE", str(tmp_path / "cache"))
    assert run("--dataset", "digits", "--out", "run", *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not any(tmp_path.iterdir()), "nothing was spent, and no folder made"


def test_scores_that_do_not_fit_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ("--dataset", "digits", "--size", 5, "--out", out, "--scores", tmp_path / "s.npz")
    np.savez(tmp_path / "s.npz", scores=np.ones(1796))
    assert run(*arguments, "--selector", "entropy-p1") == 2
    assert "scores 1796 examples" in capsys.readouterr().err
    np.savez(tmp_path / "s.npz", scores=np.full(1797, np.nan))
    assert run(*arguments, "--selector", "entropy-p1") == 2
    assert "1797 of 1797 scores are nan" in capsys.readouterr().err
    np.savez(tmp_path / "s.npz", scores=np.ones(1797))
    assert run(*arguments, "--selector", "k-center") == 2
    assert "needs features" in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    more = ("--out", tmp_path / "file" / "run", "--cache", tmp_path / "cache")
    assert run("--selector", "entropy-p1", "--size", 5, *more) == 2
    assert "cannot create the run folder" in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()


def test_unlabelled_data_are_refused_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "bare.npz", images=np.zeros((10, 8, 8), np.uint8))
    arguments = ("--dataset", tmp_path / "bare.npz", "--size", 5, "--out", tmp_path / "run")
    for selector in ("class-random", "entropy-p1"):
        assert run(*arguments, "--selector", selector) == 2
        assert "needs class labels" in capsys.readouterr().err
    assert run(*arguments, "--selector", "random", "--plot") == 2
    assert "neither scores nor classes" in capsys.readouterr().err
    assert run(*arguments, "--selector", "random") == 0


def test_a_file_of_another_scorer_is_refused_or_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digits = open_dataset("digits")
    write_scores(tmp_path / "entropy.npz", np.arange(1797.0), digits, ScoreOrigin(scorer="entropy"))
    arguments = (
        "--dataset",
        "digits",
        "--selector",
        "el2n",
        "--size",
        5,
        "--out",
        tmp_path / "run",
    )
    arguments += ("--scores", tmp_path / "entropy.npz")
    assert run(*arguments) == 2
    assert "selector 'el2n' goes by 'el2n'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert run(*arguments, "--scorer", "entropy") == 0
    assert "el2n (keep=highest) by entropy: 5 of 1,797" in capsys.readouterr().out
    assert "Scores: entropy, from entropy.npz" in (tmp_path / "run" / "summary.md").read_text()
    kept = load_selection(tmp_path / "run").scores
    assert kept is not None
    assert kept.scorer == "entropy"


def test_scores_with_classes_need_no_dataset(
    tmp_path: Path, entropy_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_data, without = tmp_path / "with", tmp_path / "without"
    arguments = ("--scores", entropy_list, "--selector", "entropy-p1", "--size", 50, "--plot")
    assert run(*arguments, "--dataset", "digits", "--out", with_data) == 0
    assert run(*arguments, "--out", without) == 0
    assert "by given scores: 50 of 1,797 examples of list" in capsys.readouterr().out
    assert (without / "selection.npz").read_bytes() == (with_data / "selection.npz").read_bytes()
    selection = load_selection(without)
    selection.check_fits(open_dataset("digits"))
    digits = open_dataset("digits")
    shuffled = ArrayDataset(
        "digits", np.zeros((1797, 8, 8), np.uint8), np.roll(digits.required_labels("this"), 1)
    )
    with pytest.raises(SelectionError, match="classes are not those of 'digits'"):
        selection.check_fits(shuffled)
    out = ("--out", tmp_path / "none")
    assert run("--scores", entropy_list, "--selector", "random", "--size", 5, *out) == 2
    assert "needs no scores; name the dataset" in capsys.readouterr().err
    entropy_list.write_text("0\t0.5\n1\t0.25\n")
    assert run("--scores", entropy_list, "--selector", "entropy-p1", "--size", 1, *out) == 2
    assert "carries no classes" in capsys.readouterr().err


def test_classes_and_fractions_of_classes_need_no_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    three = ("--selector", "class-subset", "--set", "selector.classes=3")
    assert run(*three, "--out", tmp_path / "three") == 0
    labels = open_dataset("digits").required_labels("this")
    whole = np.bincount(labels[load_selection(tmp_path / "three").indices], minlength=10)
    assert [count for count in whole if count] == [
        size for size, count in zip(np.bincount(labels), whole, strict=True) if count
    ]
    assert (whole > 0).sum() == 3
    assert run("--selector", "class-uniform", "--fraction", 0.012, "--out", tmp_path / "few") == 0
    few = load_selection(tmp_path / "few")
    assert few.parameters["fraction"] == 0.012
    for half in (few.weight_indices, few.architecture_indices):
        assert np.bincount(labels[half]).tolist() == [1] * 10, "two of each class, none of them 3"
    capsys.readouterr()
    for selector in ("k-center", "class-uniform"):
        options = ("--selector", selector, "--set", "selector.classes=3")
        assert run(*options, "--out", tmp_path / "no") == 2
        assert "Traceback" not in capsys.readouterr().err


def test_a_model_that_hardly_learned_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (400, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=images, labels=np.arange(400) % 10)
    arguments = ("--dataset", tmp_path / "noise.npz", "--selector", "entropy-top", "--size", 5)
    arguments += ("--quick", "--cache", tmp_path / "cache", "--out", tmp_path / "run")
    assert run(*arguments) == 0
    kept = load_selection(tmp_path / "run").scores
    assert kept is not None
    assert kept.training_accuracy is not None
    assert ("hardly learned" in caplog.text) == (kept.training_accuracy < 19)
    assert "hardly learned" in caplog.text
