"""Datasets of other libraries: torchvision's and Hugging Face's shapes, and what goes wrong."""

from __future__ import annotations

import io
import logging
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, Subset, TensorDataset

import naslib_proxydata
from naslib_proxydata.cli.main import main
from naslib_proxydata.data.importable import WrappedDataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3), np.uint8)
LABELS = [index % 4 for index in range(20)]


class Vision:
    """What torchvision's datasets look like: arrays, PIL images, a transform."""

    classes = ("a", "b", "c", "d")

    def __init__(
        self,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[int], int] | None = None,
    ) -> None:
        self.data, self.targets = PIXELS, LABELS
        self.transform, self.target_transform = transform, target_transform
        self.transforms = transform  # torchvision keeps both in one more object

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = Image.fromarray(self.data[index])
        target = self.targets[index]
        if self.transform is not None:
            image = self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)


def flipped(image: Any) -> torch.Tensor:
    array = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1) / 255
    return array.flip(2) if torch.rand(()) < 0.5 else array


def normalised(image: Any) -> torch.Tensor:
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1) / 64 - 2


class HuggingFace:
    """What a dataset of Hugging Face looks like: columns, features, formats."""

    def __init__(self, columns: dict[str, list[Any]], names: Any = (), transform: Any = None):
        self.columns, self.transform, self.names = columns, transform, names
        self.column_names = list(columns)
        label = types.SimpleNamespace(names=list(names))
        self.features = {"label": label, "fine_label": label}

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.columns[key]
        if not isinstance(key, int):
            raise TypeError(key)
        row = {name: column[key] for name, column in self.columns.items()}
        return row if self.transform is None else self.transform(row)

    def with_format(self, kind: str | None) -> HuggingFace:
        assert kind is None
        return HuggingFace(self.columns, self.names)


def images(mode: str = "RGB") -> list[Any]:
    return [Image.fromarray(pixels).convert(mode) for pixels in PIXELS]


def stored(dataset: WrappedDataset) -> Any:
    return dataset.pixels(np.arange(len(dataset))).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("transform", [None, flipped, normalised])
def test_the_fingerprint_does_not_depend_on_random_transforms(transform: Any) -> None:
    first, second = (WrappedDataset("vision", Vision(transform)) for _ in range(2))
    np.testing.assert_array_equal(stored(first), PIXELS)
    assert first.fingerprint == second.fingerprint == WrappedDataset("x", Vision()).fingerprint
    assert first.class_names == ("a", "b", "c", "d")


def test_a_selection_fits_the_random_dataset_that_it_was_made_from() -> None:
    selection = naslib_proxydata.select(Vision(flipped), "class-random", size=8)
    selection.check_fits(WrappedDataset("again", Vision(flipped)))


def test_that_transforms_are_left_out_is_said_and_leaves_the_dataset_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Vision(flipped)
    with caplog.at_level(logging.WARNING):
        WrappedDataset("vision", source)
    assert "'vision': its images are taken without its transforms" in caplog.text
    assert source.transform is flipped


def test_a_transform_that_is_not_random_stays() -> None:
    def darker(image: Any) -> Any:
        return np.asarray(image) // 2

    np.testing.assert_array_equal(stored(WrappedDataset("v", Vision(darker))), PIXELS // 2)


def test_parts_of_a_random_dataset_are_reached() -> None:
    part = WrappedDataset("part", Subset(Vision(flipped), [3, 1, 2]))
    np.testing.assert_array_equal(stored(part), PIXELS[[3, 1, 2]])
    assert part.labels is not None
    assert part.labels.tolist() == [3, 1, 2]
    both = WrappedDataset("both", ConcatDataset([Vision(), Vision(flipped)]))
    np.testing.assert_array_equal(stored(both), np.concatenate([PIXELS, PIXELS]))


class Noisy:
    """Random by itself, so that nothing stable can be reached."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return np.random.default_rng().integers(0, 256, (4, 4), np.uint8)


class NoisyWithTransform(Noisy):
    def __init__(self) -> None:
        self.transform = flipped


@pytest.mark.parametrize("source", [Noisy(), NoisyWithTransform(), Subset(Noisy(), [0, 1])])
def test_what_is_random_and_cannot_be_reached_is_refused(source: Any) -> None:
    with pytest.raises(DatasetError, match="another image when an example is read again"):
        WrappedDataset("noisy", source)


def test_a_target_transform_counts() -> None:
    dataset = WrappedDataset("v", Vision(target_transform=lambda label: 3 - label))
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [3 - label for label in LABELS]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"image": images(), "label": LABELS}, LABELS),
        ({"img": images(), "coarse_label": [9] * 20, "fine_label": LABELS}, LABELS),
        ({"picture of it": images(), "labels": LABELS}, LABELS),
        ({"id": list(range(20)), "image": images()}, None),
        ({"image": images(), "label": [-1] * 20}, None),
        ({"pixel_values": list(PIXELS), "label": LABELS}, LABELS),
    ],
)
def test_rows_of_hugging_face(columns: dict[str, list[Any]], expected: list[int] | None) -> None:
    dataset = WrappedDataset("rows", HuggingFace(columns, ("a", "b", "c", "d")))
    np.testing.assert_array_equal(stored(dataset), PIXELS)
    assert (None if dataset.labels is None else dataset.labels.tolist()) == expected
    if expected is not None and "labels" not in columns:
        assert dataset.class_names == ("a", "b", "c", "d")


def test_random_formats_of_hugging_face_are_undone() -> None:
    def changed(row: dict[str, Any]) -> dict[str, Any]:
        return {"pixel_values": flipped(row["image"]), "label": row["label"]}

    source = HuggingFace({"image": images(), "label": LABELS}, transform=changed)
    np.testing.assert_array_equal(stored(WrappedDataset("rows", source)), PIXELS)


@pytest.mark.parametrize("kind", ["L", "P", "RGBA", "CMYK", "LA", "1"])
def test_colour_spaces_of_pil(kind: str) -> None:
    source = images(kind)
    expected = [np.asarray(image.convert("L" if kind in "L LA 1" else "RGB")) for image in source]
    found = WrappedDataset("pil", source).pixels(np.arange(20)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(found, np.array(expected).reshape(found.shape))


def test_grey_images_among_coloured_ones_become_coloured() -> None:
    mixed = [image.convert("L") if number % 2 else image for number, image in enumerate(images())]
    found = WrappedDataset("mixed", mixed).pixels(np.array([1]))[0].numpy()
    np.testing.assert_array_equal(found, np.repeat(np.asarray(mixed[1])[None], 3, 0))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["cat", "ant"] * 10, [1, 0] * 10),
        ([torch.tensor(1), torch.tensor(0)] * 10, [1, 0] * 10),
        ([np.array([0, 1]), np.array([1, 0])] * 10, [1, 0] * 10),
        ([None] * 20, None),
    ],
)
def test_labels_of_items(labels: list[Any], expected: list[int] | None) -> None:
    dataset = WrappedDataset("pairs", list(zip(PIXELS, labels, strict=True)))
    assert (None if dataset.labels is None else dataset.labels.tolist()) == expected


def test_a_tensor_dataset_of_one_hot_labels() -> None:
    hot = torch.nn.functional.one_hot(torch.tensor(LABELS))
    source = TensorDataset(torch.from_numpy(PIXELS).permute(0, 3, 1, 2) / 255, hot)
    dataset = WrappedDataset("tensors", source)
    np.testing.assert_array_equal(stored(dataset), PIXELS)
    assert dataset.labels is not None
    assert dataset.labels.tolist() == LABELS


def test_images_that_are_not_decoded_yet() -> None:
    rows = []
    for image in images():
        stream = io.BytesIO()
        image.save(stream, "PNG")
        rows.append({"image": {"bytes": stream.getvalue(), "path": None}, "label": 0})
    np.testing.assert_array_equal(stored(WrappedDataset("packed", rows)), PIXELS)


class Leaving:
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        sys.exit("nothing here")


def test_a_late_example_of_another_unit_is_named() -> None:
    whole = [np.full((4, 4), 200, np.int32) for _ in range(200)]
    dataset = WrappedDataset("whole", whole)
    whole[101][0, 0] = 300
    with pytest.raises(DatasetError, match=r"int32 from 200 to 300.*\(example 101\)"):
        dataset.pixels(np.array([101]))


class Raising:
    """Fails at one example, or earlier."""

    def __init__(self, at: int = 2) -> None:
        self.at = at

    def __len__(self) -> int:
        return 4 if self.at >= 0 else int("four")

    def __getitem__(self, index: int) -> Any:
        if index == self.at:
            raise OSError("the archive\nis closed")
        return PIXELS[index], index


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Raising(), "raises OSError when example 2 is read: the archive is closed"),
        (Leaving(), "raises SystemExit when example 0 is read: nothing here"),
        (Raising(-1), "raises ValueError when its length is asked for"),
        ([], "expected len > 0"),
        (iter([1]), "no map-style dataset.*list_iterator"),
        ({"train": Vision(), "test": Vision()}, "the splits train, test; give one"),
        ([{"text": "a"}], "its items hold text; expected an image under one of"),
        ([{"image": PIXELS[0]}, {"img": PIXELS[0]}], "example 1 holds no image"),
        ([()], "its items are empty"),
        (["a", "b"], "got a str"),
        ([PIXELS[0], PIXELS[0] / 255], "images of uint8 and float64"),
        ([{"image": {"bytes": b"x", "path": None}}], "image of 1 bytes is not a readable"),
        ([{"image": None}], "got a NoneType"),
        ([PIXELS[0], PIXELS[0, :4]], r"different shapes, \(3, 4, 5\) and \(3, 6, 5\)"),
        ([(PIXELS[0], [0.5, 0.5]), (PIXELS[1], [0.1, 0.9])], "must be one-hot"),
        ([(PIXELS[0], [0]), (PIXELS[1], [0, 1])], "got a list"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(source: Any, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as told:
        WrappedDataset("mine", source)
    assert "\n" not in str(told.value)


@pytest.fixture
def my_data(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("my_data")
    module.splits = {"train": Vision(), "test": Raising()}  # type: ignore[attr-defined]
    module.broken = Raising  # type: ignore[attr-defined]
    module.stops = lambda: sys.exit("no data")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_data", module)
    module.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]


def test_a_split_is_named(my_data: None) -> None:
    assert len(open_dataset("my_data:splits:train")) == 20
    with pytest.raises(DatasetError, match="no split 'tran'; it has train, test"):
        open_dataset("my_data:splits:tran")
    with pytest.raises(DatasetError, match="no split 'train'; it has none"):
        open_dataset("my_data:broken:train")


@pytest.mark.parametrize("source", ["my_data:broken", "my_data:splits", "my_data:stops"])
def test_the_command_line_says_it_in_one_line(
    my_data: None, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["select", "--dataset", source, "--size", "2"])
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
