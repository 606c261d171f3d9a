"""Folders of images: expected orders are those of torchvision's ``ImageFolder``, by its rules."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from naslib_proxydata.data.folder import FolderDataset, open_folder
from naslib_proxydata.data.part import PartDataset, readable_part
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError
from naslib_proxydata.testing.dataset import DatasetContract

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


def rgb(count: int, height: int = 4, width: int = 5) -> Bytes:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


def write(root: Path, *names: str) -> None:
    """Write an image of one value, its place in ``names``, to each path."""
    for value, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 5, 3), value, np.uint8)).save(root / name)


def names(dataset: FolderDataset, root: Path) -> list[str]:
    return [os.path.relpath(path, root) for path in dataset.files]


def by_image_folders_rules(root: Path) -> list[str]:
    """List as ``torchvision.datasets.folder.make_dataset`` is documented to."""
    suffixes = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
    found = []
    for one_class in sorted(entry.name for entry in os.scandir(root) if entry.is_dir()):
        for folder, _, files in sorted(os.walk(root / one_class, followlinks=True)):
            for file in sorted(files):
                if file.lower().endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(folder, file), root))
    return found


class TestFolder(DatasetContract):
    @pytest.fixture
    def dataset(self, tmp_path: Path) -> FolderDataset:
        write(tmp_path, *(f"{'ab'[index % 2]}/{index}.png" for index in range(14)))
        return open_folder(str(tmp_path)).reading(readers=2)


class TestPart(DatasetContract):
    @pytest.fixture
    def dataset(self, tmp_path: Path) -> PartDataset:
        write(tmp_path, *(f"{'ab'[index % 2]}/{index:02d}.png" for index in range(14)))
        return PartDataset(open_folder(str(tmp_path)), np.array([0, 1, 3, 4, 8, 9, 13]))


def test_images_and_labels_by_class(tmp_path: Path) -> None:
    images = rgb(4)
    for index, image in enumerate(images):
        folder = tmp_path / ("cat", "dog")[index % 2]
        folder.mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / f"{index}.png")
    dataset = open_dataset(str(tmp_path))
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 0, 1, 1]
    assert dataset.class_names == ("cat", "dog")
    pixels = dataset.pixels(np.array([0, 1, 2, 3])).permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(pixels, images[[0, 2, 1, 3]])
    flat = open_dataset(f"folder:{tmp_path / 'cat'}")
    assert (flat.labels, len(flat), flat.num_classes) == (None, 2, 0)


def test_the_order_is_that_of_image_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        *("b/x/2.png", "b/10.png", "b/9.PNG", "b/x-y/1.png", "b/x/A.png", "B/z.Tif"),
        *("b/x/y/0.pgm", "a/1.webp", "a/2.bmp", "a/3.JPeG", "a/4.ppm", "a/5.tiff"),
    )
    for other in ("a/0.gif", "a/notes.txt", "b/x/label"):
        (tmp_path / other).write_bytes(b"x")
    (tmp_path / "c").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "6.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "a" / "7.png").symlink_to("7.png")  # to itself
    (tmp_path / "a" / "folder.png").mkdir()
    dataset = open_folder(str(tmp_path))
    assert names(dataset, tmp_path) == by_image_folders_rules(tmp_path)
    assert names(dataset, tmp_path)[8:14] == [
        *("b/10.png", "b/9.PNG", "b/x/2.png", "b/x/A.png", "b/x-y/1.png", "b/x/y/0.pgm"),
    ]
    assert dataset.class_names == ("B", "a", "b", "c")
    assert dataset.labels is not None
    assert np.bincount(dataset.labels).tolist() == [1, 7, 6, 7]


def test_torchvision_agrees(tmp_path: Path) -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    write(tmp_path, "b/x/2.png", "b/10.png", "b/x-y/1.png", "a/1.webp", "a/2.TIFF", "B/z.pgm")
    (tmp_path / "a" / "0.gif").write_bytes(b"GIF89a")
    theirs, ours = datasets.ImageFolder(str(tmp_path)), open_folder(str(tmp_path))
    assert [path for path, _ in theirs.samples] == list(ours.files)
    assert ours.labels is not None
    assert theirs.targets == ours.labels.tolist()
    assert tuple(theirs.classes) == ours.class_names
    for index, (image, _) in enumerate(theirs):
        pixels = ours.pixels(np.array([index]))[0].permute(1, 2, 0)
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_what_notebooks_and_archivers_leave_behind_is_no_class(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "a/1.png", "b/1.png", ".thumbs/1.png", "__MACOSX/a/1.png", "a/.trash/1.png")
    (tmp_path / "a" / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "a" / "._1.png").write_bytes(b"resource fork")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "a" / "2.gif").write_bytes(b"GIF89a")
    write(tmp_path, "loose.png")
    with caplog.at_level(logging.WARNING):
        dataset = open_folder(str(tmp_path))
    assert names(dataset, tmp_path) == ["a/1.png", "b/1.png"]
    assert dataset.class_names == ("a", "b")
    assert "6 hidden or system entries are left out" in caplog.text
    assert "ImageFolder counts them" in caplog.text
    assert "1 images beside the folders of the classes" in caplog.text
    assert "skipped 1 files .gif" in caplog.text


def test_a_flat_folder_may_have_hidden_folders(tmp_path: Path) -> None:
    write(tmp_path, "2.png", "1.png")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    dataset = open_folder(str(tmp_path))
    assert (names(dataset, tmp_path), dataset.labels) == (["1.png", "2.png"], None)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["train/a/1.png", "train/b/1.png", "val/a/1.png", "meta/x.png"], ("a", "b")),
        (["car/1.png", "plane/1.png", "train/1.png"], ("car", "plane", "train")),
        (["train/1.png", "test/1.png"], ()),
    ],
)
def test_train_is_a_split_or_a_class(
    tmp_path: Path, files: list[str], expected: tuple[str, ...]
) -> None:
    write(tmp_path, *files)
    assert open_folder(str(tmp_path)).class_names == expected


def test_a_folder_without_images_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no images \(\.bmp, "):
        open_folder(str(tmp_path))
    write(tmp_path, "a/1.png")
    (tmp_path / "eel").mkdir()
    with pytest.raises(DatasetError, match="class folder 'eel' holds no images"):
        open_folder(str(tmp_path))
    (tmp_path / "eel" / "back").symlink_to(tmp_path)
    with pytest.raises(DatasetError, match=r"eel/back is a link to .*, a folder above it"):
        open_folder(str(tmp_path))
    (tmp_path / "eel" / "back").unlink()
    (tmp_path / "a" / "there").symlink_to(tmp_path / "eel")
    (tmp_path / "eel" / "and_back").symlink_to(tmp_path / "a")
    with pytest.raises(DatasetError, match=r"there/and_back is a link to .*, a folder above it"):
        open_folder(str(tmp_path))


def test_labels_are_known_before_any_image_is_decoded(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(b"no image")
    assert open_folder(str(tmp_path)).required_labels("a test").tolist() == [0, 1]


def test_images_of_another_size_are_squashed_to_the_first_or_cropped(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    square, wide = np.zeros((2, 4, 4, 3), np.uint8)
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 200  # the middle third
    Image.fromarray(square).save(tmp_path / "a" / "1.png")
    Image.fromarray(wide).save(tmp_path / "a" / "2.png")
    dataset = open_folder(str(tmp_path))
    assert dataset.pixels(np.array([1])).shape == (1, 3, 4, 4)
    assert dataset.pixels(np.array([1])).float().mean() < 100
    cropped = dataset.reading(image_size=4).pixels(np.array([0, 1]))
    assert cropped[1].unique().tolist() == [200]
    assert dataset.reading(image_size=2).pixels(np.array([0, 1])).shape == (2, 3, 2, 2)
    with pytest.raises(DatasetError, match="at least 1"):
        dataset.reading(image_size=0)


def test_a_damaged_image_is_named_or_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a/0.png", "a/1.png", "b/2.png", "b/3.jpg")
    whole = (tmp_path / "b" / "3.jpg").read_bytes()
    (tmp_path / "a" / "1.png").write_bytes(b"no image")
    (tmp_path / "b" / "3.jpg").write_bytes(whole[: len(whole) // 2])
    dataset = open_folder(str(tmp_path))
    with pytest.raises(DatasetError, match=r"a/1.png is not a readable image: .*--skip-damaged"):
        dataset.pixels(np.array([0, 1]))
    seen: list[tuple[str, int, int]] = []
    found = dataset.find_unreadable(lambda *how_far: seen.append(how_far))
    assert list(found) == [1, 3]
    assert all(found.values())
    assert seen[-1] == ("checking images", 4, 4)
    rest = dataset.reading(unreadable=tuple(found))
    assert rest.readable.tolist() == [0, 2]
    assert rest.pixels(np.arange(4))[:, 0, 0, 0].tolist() == [0, 0, 2, 0]
    part = readable_part(rest)
    assert part.pixels(np.array([1])).unique().tolist() == [2]
    assert part.source_index is not None
    assert part.source_index.tolist() == [0, 2]
    assert part.labels is not None
    assert part.labels.tolist() == [0, 1]
    assert readable_part(dataset) is dataset
    with pytest.raises(DatasetError, match="none of the 4 images"):
        dataset.reading(unreadable=(0, 1, 2, 3)).pixels(np.array([0]))
