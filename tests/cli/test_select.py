"""``naslib-proxydata select`` as a user runs it, on scikit-learn's digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.cli.main import main
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.selection.files import load_selection


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


def test_a_random_selection_is_written_and_fits_its_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sel.npz"
    arguments = ("--dataset", "digits", "--selector", "class-random", "--out", out)
    assert run(*arguments, "--fraction", 0.1, "--seed", 3) == 0
    assert "179 of 1,797 examples of digits, 89 for weights and 90" in capsys.readouterr().out
    selection = load_selection(out)
    selection.check_fits(open_dataset("digits"))
    assert (selection.method, selection.seed, selection.size) == ("class-random", 3, 179)
    assert run(*arguments, "--size", 100, "--split", "0.4,0.4") == 0
    selection = load_selection(out)
    assert (len(selection.weight_indices), len(selection.architecture_indices)) == (40, 40)


def test_a_published_list_serves_as_scores(tmp_path: Path, entropy_list: Path) -> None:
    out = tmp_path / "sel.npz"
    arguments = ("--dataset", "digits", "--scores", entropy_list, "--size", 50, "--out", out)
    assert run(*arguments, "--selector", "entropy-bottom") == 0
    np.testing.assert_array_equal(load_selection(out).indices, np.arange(50))
    assert run(*arguments, "--selector", "entropy-p1", "--option", "bin_width=0.25", "--plot") == 0
    assert load_selection(out).parameters == {"bin_width": 0.25}
    assert out.with_suffix(".png").read_bytes()[1:4] == b"PNG"


def test_scores_are_kept_for_the_next_selector(tmp_path: Path) -> None:
    out, kept = tmp_path / "sel.npz", tmp_path / "features.npz"
    arguments = ("--dataset", "digits", "--size", 60, "--out", out)
    more = ("--selector", "k-center", "--scorer", "pixels", "--save-scores", kept)
    assert run(*arguments, *more) == 0
    first = load_selection(out).indices
    assert run(*arguments, "--selector", "k-center", "--scores", kept) == 0
    np.testing.assert_array_equal(load_selection(out).indices, first)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--selector", "randm", "--size", 5], "Did you mean 'random'"),
        (["--selector", "random"], "either --size or --fraction"),
        (["--selector", "random", "--size", 5, "--fraction", 0.1], "either --size or --fraction"),
        (["--selector", "random", "--size", 1798], "from 1 to 1797"),
        (["--selector", "random", "--fraction", 1.5], "at most 1"),
        (["--selector", "random", "--fraction", 0.0001], "leave an example"),
        (["--selector", "random", "--size", 5, "--split", "half"], "two numbers"),
        (["--selector", "random", "--size", 5, "--split", "0.9,0.9"], "at most 1"),
        (["--selector", "random", "--size", 5, "--option", "bin"], "expected KEY=VALUE"),
        (["--selector", "random", "--size", 5, "--option", "bin=1"], "bin"),
        (["--selector", "entropy-p1", "--size", 5, "--option", "bin_width=-1"], "above 0"),
        (["--selector", "entropy-p1", "--size", 5, "--scorer", "pixels"], "gives features"),
        (["--selector", "entropy-p1", "--size", 5, "--scores", "/nowhere"], "no score file"),
        (["--selector", "entropy-p1", "--size", 5, "--device", "cuda:99"], "cannot be used"),
        (["--selector", "entropy-p1", "--size", 5, "--device", "abacus"], "cannot be used"),
        (["--selector", "entropy-p1", "--size", 5, "--model", "resnet21"], "'resnet20'"),
    ],
)
def test_bad_requests_end_with_a_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[object], message: str
) -> None:
    out = tmp_path / "sel.npz"
    assert run("--dataset", "digits", "--out", out, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not out.exists()


def test_unlabelled_data_are_refused_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "bare.npz", images=np.zeros((10, 8, 8), np.uint8))
    arguments = ("--dataset", tmp_path / "bare.npz", "--size", 5, "--out", tmp_path / "sel.npz")
    for selector in ("class-random", "entropy-p1"):
        assert run(*arguments, "--selector", selector) == 2
        assert "needs class labels" in capsys.readouterr().err
    assert run(*arguments, "--selector", "random", "--plot") == 2
    assert "neither scores nor classes" in capsys.readouterr().err
    assert run(*arguments, "--selector", "random") == 0
