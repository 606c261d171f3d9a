"""``select --keep-architecture`` and ``--tsne`` as a user runs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from naslib_proxydata.cli.main import main
from naslib_proxydata.selection.files import load_selection
from tests.oneshot.fakes import coloured


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["select", *map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    dataset = coloured(40)
    images = dataset.pixels(np.arange(40)).permute(0, 2, 3, 1).numpy()
    np.savez(tmp_path / "data.npz", images=images, labels=dataset.labels)
    return tmp_path / "data.npz"


def test_a_fraction_of_the_weights_half_beside_a_whole_architecture_half(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "half"
    assert run("--dataset", data, "--fraction", 0.5, "--keep-architecture", "--out", out) == 0
    made = load_selection(out)
    assert (len(made.weight_indices), len(made.architecture_indices)) == (10, 20)
    assert "10 for weights and 20 for the architecture" in capsys.readouterr().out
    assert run("--dataset", data, "--size", 21, "--keep-architecture", "--out", tmp_path / "x") == 2
    assert "size must be from 1 to 20" in capsys.readouterr().err


def test_t_sne_is_drawn_where_it_is_asked_for(tmp_path: Path, data: Path) -> None:
    out = tmp_path / "drawn"
    assert run("--dataset", data, "--size", 8, "--tsne", "pixels", "--out", out) == 0
    assert {path.name for path in (out / "plots").iterdir()} == {"tsne.png"}


def test_t_sne_of_scores_is_refused(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "refused"
    assert run("--dataset", data, "--size", 8, "--tsne", "entropy", "--out", out) == 2
    assert "scorer that gives features, 'entropy' gives scores" in capsys.readouterr().err
    assert not out.exists()
