"""``select`` and ``search`` on a folder of image files, as a user runs them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from naslib_proxydata.cli.main import main
from naslib_proxydata.data.folder import open_folder
from naslib_proxydata.oneshot.examples import starting_examples
from naslib_proxydata.plugins.acting import Acting
from naslib_proxydata.selection.base import Selection
from naslib_proxydata.selection.files import load_selection

MODEL = "tests.assemble.test_reading:small_net"


def small_net(num_classes: int) -> object:
    """Return a network that takes images of any size."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, num_classes),
    )


def run(*arguments: object) -> int:
    """Return the exit code of ``naslib-proxydata ARGUMENTS``."""
    with pytest.raises(SystemExit) as stopped:
        main([*map(str, arguments)])
    return int(stopped.value.code or 0)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """24 noisy images of three classes and of several sizes, none of them damaged."""
    generator = np.random.default_rng(0)
    for index in range(24):
        folder = tmp_path / "photos" / "abc"[index % 3]
        folder.mkdir(parents=True, exist_ok=True)
        noise = generator.integers(0, 256, (10 + index % 4, 12, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{index:02d}.png")
    return tmp_path / "photos"


def test_workers_and_image_size(photos: Path, tmp_path: Path) -> None:
    """The same selection whatever reads the images, and another fingerprint by their size."""
    given = ("--selector", "entropy-top", "--model", MODEL, "--quick", "--size", 9)
    made = []
    for name, size, workers in (("one", 8, 1), ("three", 8, 3), ("large", 12, 1)):
        out, cache = tmp_path / name, tmp_path / f"{name}_cache"
        how = ("--image-size", size, "--workers", workers, "--cache", cache, "--batch-size", 5)
        assert run("select", "--dataset", photos, *given, *how, "--save-scores", "--out", out) == 0
        made.append((load_selection(out), np.load(out / "scores.npz")["scores"]))
    (first, scores), (other, again), (large, _) = made
    assert scores.tobytes() == again.tobytes()
    assert first.indices.tolist() == other.indices.tolist()
    assert first.fingerprint == other.fingerprint != large.fingerprint
    top = np.sort(np.argsort(-scores, kind="stable")[:9])
    assert first.indices.tolist() == top.tolist()
    assert yaml.safe_load((tmp_path / "one" / "config.yaml").read_text())["image_size"] == 8


def test_damaged_images_are_named_or_listed_and_indices_stay(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole of class b but two is damaged, and the very first image."""
    broken = sorted((photos / "b").iterdir())[2:]
    for path in (photos / "a" / "00.png", *broken):
        path.write_bytes(path.read_bytes()[:60])
    out = tmp_path / "run"
    given = ("select", "--dataset", photos, "--selector", "class-outliers", "--out", out)
    assert run(*given, "--fraction", 1) == 2
    assert "a/00.png is damaged" in capsys.readouterr().err
    assert run(*given, "--fraction", 1, "--skip-damaged", "--plot", "--workers", 2) == 0
    selection = load_selection(out)
    assert selection.indices.tolist() == [*range(1, 8), 8, 9, *range(16, 24)]
    assert (selection.size, selection.dataset_size) == (17, 24)
    halves = (selection.weight_indices, selection.architecture_indices)
    assert sorted(np.concatenate(halves).tolist()) == selection.indices.tolist()
    with (out / "damaged.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == [0, *range(10, 16)]
    assert rows[0]["file"] == str(photos / "a" / "00.png")
    assert all(row["error"] for row in rows)
    summary = (out / "summary.md").read_text()
    assert "| b | 8 | 2 |" in summary
    assert "7 examples of the dataset cannot be read and are left out; damaged.csv" in summary


def test_a_search_on_a_folder_reads_as_the_selection_did(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "a" / "00.png").write_bytes(b"no image")
    reading = ("--dataset", photos, "--image-size", 8, "--skip-damaged")
    picked = tmp_path / "picked"
    assert run("select", *reading, "--selector", "random", "--size", 16, "--out", picked) == 0
    search = ("--channels", 2, "--cells", 1, "--epochs", 1, "--batch-size", 4)
    out = ("search", *reading, *search, "--workers", 2)
    assert run(*out, "--selection", picked, "--out", tmp_path / "chosen") == 0
    assert run(*out, "--out", tmp_path / "all") == 0
    capsys.readouterr()
    other = ("search", "--dataset", photos, "--skip-damaged", *search, "--selection", picked)
    assert run(*other, "--out", tmp_path / "other") == 2
    assert "select again" in capsys.readouterr().err


def test_a_search_shows_no_black_image_in_place_of_a_damaged_one(photos: Path) -> None:
    """Neither to the statistics that images are normalised by, nor where a selection names it."""
    (photos / "a" / "03.png").write_bytes(b"no image")
    whole = open_folder(str(photos)).reading(unreadable=(1,))
    others = np.delete(np.arange(24), 1)
    pixels = whole.pixels(others).permute(1, 0, 2, 3).flatten(1).double() / 255
    np.testing.assert_allclose(whole.statistics[0], pixels.mean(1), rtol=1e-12)
    np.testing.assert_allclose(whole.statistics[1], pixels.std(1, correction=0), rtol=1e-9)
    halves = (np.arange(6), np.arange(6, 12))
    older = Selection(np.arange(12), *halves, 24, "random", fingerprint=whole.fingerprint)
    active = starting_examples(whole, older, Acting(), 0)
    assert sorted(np.concatenate([*active.values()]).tolist()) == [0, *range(2, 12)]


@pytest.mark.parametrize("option", [("--image-size", 8), ("--skip-damaged",)])
def test_what_only_folders_can_do_is_refused(
    option: tuple[object, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--dataset", "digits", *option, "--out", tmp_path / "run")
    assert run("select", *given, "--size", 9) == 2
    assert "is for folders of images, dataset 'digits' is none" in capsys.readouterr().err
    assert run("search", *given) == 2
    assert "is for folders of images" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_misspelt_selector_is_told_before_images_are_checked(
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("images were checked")

    monkeypatch.setattr("naslib_proxydata.data.folder.check_decodes", fail)
    given = ("--dataset", photos, "--skip-damaged", "--size", 4, "--out", tmp_path / "run")
    assert run("select", *given, "--selector", "randm") == 2
    assert "Did you mean 'random'" in capsys.readouterr().err
