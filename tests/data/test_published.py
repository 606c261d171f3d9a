"""Datasets in the bytes that their publishers write, small."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from naslib_proxydata.data.base import Dataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import DatasetError
from tests.data.python2 import pickled

GENERATOR = np.random.default_rng(3)
ROWS = GENERATOR.integers(0, 256, (10, 3072), np.uint8)
LABELS = [int(label) for label in GENERATOR.integers(0, 3, 10)]


def pixels(dataset: Dataset) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = dataset.pixels(np.arange(len(dataset))).numpy()
    return found


def labels(dataset: Dataset) -> list[int]:
    assert dataset.labels is not None
    return [int(label) for label in dataset.labels]


def test_python2_pickles_are_what_python_reads() -> None:
    """The writer of these tests is checked by Python's own reader and numpy's own types."""
    found = pickle.loads(pickled({b"data": ROWS, b"labels": LABELS}), encoding="bytes")
    np.testing.assert_array_equal(found[b"data"], ROWS)
    assert found[b"labels"] == LABELS


@pytest.fixture
def cifar10(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number in range(5):
        part = slice(2 * number, 2 * number + 2)
        batch = {
            b"batch_label": b"training batch",
            b"labels": LABELS[part],
            b"data": ROWS[part],
            b"filenames": [b"a.png", b"b.png"],
        }
        (folder / f"data_batch_{number + 1}").write_bytes(pickled(batch))
    (folder / "test_batch").write_bytes(pickled({b"labels": [2], b"data": ROWS[:1]}))
    (folder / "batches.meta").write_bytes(pickled({b"label_names": [b"ant", b"bee", b"cat"]}))
    return folder


def test_cifar10_takes_its_five_files_and_no_other(cifar10: Path) -> None:
    for name in ("data_batch_1.bak", "data_batch_6", "data_batch_10"):
        (cifar10 / name).write_bytes((cifar10 / "data_batch_1").read_bytes())
    for place in (cifar10, cifar10.parent):
        dataset = open_dataset(f"cifar10:{place}")
        np.testing.assert_array_equal(pixels(dataset).reshape(10, -1), ROWS)
        assert labels(dataset) == LABELS
        assert dataset.class_names == ("ant", "bee", "cat")
    test = open_dataset(f"cifar10:{cifar10 / 'test_batch'}")
    assert (labels(test), len(test)) == ([2], 1)


def test_a_missing_file_of_cifar10_is_named(cifar10: Path) -> None:
    (cifar10 / "data_batch_3").unlink()
    with pytest.raises(DatasetError, match=r"lacks data_batch_3; unpack .*cifar-10-python"):
        open_dataset(f"cifar10:{cifar10}")


def test_the_binary_version_holds_the_same(tmp_path: Path, cifar10: Path) -> None:
    """One byte for the label, then 3,072 for the pixels, as its page says."""
    folder = tmp_path / "binary"
    folder.mkdir()
    records = np.concatenate([np.array(LABELS, np.uint8)[:, None], ROWS], axis=1)
    for number in range(5):
        records[2 * number : 2 * number + 2].tofile(folder / f"data_batch_{number + 1}.bin")
    (folder / "batches.meta.txt").write_text("ant\nbee\ncat\n\n")
    binary, python = open_dataset(f"cifar10:{folder}"), open_dataset(f"cifar10:{cifar10}")
    assert binary.fingerprint == python.fingerprint
    assert binary.class_names == python.class_names
    (folder / "data_batch_2.bin").write_bytes(b"cut short")
    with pytest.raises(DatasetError, match="expected 3073 bytes for each image, got 9 in all"):
        open_dataset(f"cifar10:{folder}")


def test_cifar100_has_fine_labels(tmp_path: Path) -> None:
    batch = {b"fine_labels": [7, 99], b"coarse_labels": [1, 2], b"data": ROWS[:2]}
    names = [b"name %d" % number for number in range(100)]
    (tmp_path / "train").write_bytes(pickled(batch))
    (tmp_path / "test").write_bytes(pickled({**batch, b"fine_labels": [0, 1]}))
    (tmp_path / "meta").write_bytes(
        pickled({b"fine_label_names": names, b"coarse_label_names": [b"coarse"]})
    )
    dataset = open_dataset(f"cifar100:{tmp_path}")
    assert (labels(dataset), dataset.class_names[99]) == ([7, 99], "name 99")
    np.testing.assert_array_equal(pixels(dataset).reshape(2, -1), ROWS[:2])
    assert labels(open_dataset(f"cifar100:{tmp_path / 'test'}")) == [0, 1]


def test_the_binary_version_of_cifar100_has_two_labels(tmp_path: Path) -> None:
    pairs = np.array([[1, 7], [2, 99]], np.uint8)
    np.concatenate([pairs, ROWS[:2]], axis=1).tofile(tmp_path / "train.bin")
    (tmp_path / "fine_label_names.txt").write_text("\n".join(f"name_{n}" for n in range(100)))
    dataset = open_dataset(f"cifar100:{tmp_path}")
    assert (labels(dataset), dataset.class_names[7]) == ([7, 99], "name_7")
    np.testing.assert_array_equal(pixels(dataset).reshape(2, -1), ROWS[:2])


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({b"labels": [1]}, "holds no data; found labels"),
        ({b"data": ROWS[:1]}, "holds no labels; found data"),
        ({b"data": ROWS[:1], b"labels": [1, 2]}, "expected 1 whole numbers as labels"),
        ({b"data": ROWS[:1, :99], b"labels": [1]}, r"uint8 of shape \(n, 3072\), got uint8"),
        ({b"data": ROWS[:1] / 255, b"labels": [1]}, r"uint8 of shape \(n, 3072\), got float64"),
        ({b"data": [[1], [2, 3]], b"labels": [1]}, "data is damaged"),
        ([1], "holds a list"),
    ],
)
def test_other_batches_are_told(tmp_path: Path, batch: Any, message: str) -> None:
    (tmp_path / "test_batch").write_bytes(pickled(batch))
    with pytest.raises(DatasetError, match=message):
        open_dataset(f"cifar10:{tmp_path / 'test_batch'}")


@pytest.fixture
def svhn() -> dict[str, Any]:
    images = np.ascontiguousarray(ROWS[:4].reshape(4, 3, 32, 32).transpose(2, 3, 1, 0))
    return {"X": images, "y": np.array([[10], [1], [9], [3]], np.uint8)}


def test_svhn(tmp_path: Path, svhn: dict[str, Any]) -> None:
    savemat(tmp_path / "train_32x32.mat", svhn, do_compression=True)
    savemat(tmp_path / "test_32x32.mat", {**svhn, "y": svhn["y"][::-1]})
    np.savez(tmp_path / "svhn.npz", **svhn)
    for place in (tmp_path, tmp_path / "svhn.npz"):
        dataset = open_dataset(f"svhn:{place}")
        assert labels(dataset) == [0, 1, 9, 3]  # 10 is the digit 0
        assert dataset.class_names == tuple("0123456789")
        np.testing.assert_array_equal(pixels(dataset).reshape(4, -1), ROWS[:4])
    assert labels(open_dataset(f"svhn:{tmp_path / 'test_32x32.mat'}")) == [3, 9, 1, 0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"X": np.zeros((4, 32, 32, 3), np.uint8)}, r"expected X of shape \(32, 32, 3, n\)"),
        ({"y": np.array([[11], [1], [9], [3]])}, "y from 1 to 10, got X as uint8 and 11 in y"),
        ({"X": np.zeros((32, 32, 3, 4))}, "expected X as uint8"),
        ({"y": "text"}, "does not hold the arrays of numbers X, y"),
    ],
)
def test_other_files_of_svhn_are_told(
    tmp_path: Path, svhn: dict[str, Any], changed: dict[str, Any], message: str
) -> None:
    savemat(tmp_path / "train_32x32.mat", {**svhn, **changed})
    with pytest.raises(DatasetError, match=message):
        open_dataset(f"svhn:{tmp_path}")


def test_damaged_and_absent_files_of_svhn_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no svhn in .*expected train_32x32\.mat"):
        open_dataset(f"svhn:{tmp_path}")
    (tmp_path / "train_32x32.mat").write_bytes(b"MATLAB 5.0" * 40)
    with pytest.raises(DatasetError, match=r"mat is damaged .*official place"):
        open_dataset(f"svhn:{tmp_path}")


@pytest.mark.parametrize("write", [pickled, lambda batch: pickle.dumps(plain(batch), 4)])
def test_imagenet16_120_keeps_the_first_classes(tmp_path: Path, write: Any) -> None:
    rows = GENERATOR.integers(0, 256, (30, 768), np.uint8)
    numbers = [1, 120, 121] * 9 + [1000, 500, 3]
    for batch in range(10):
        part = slice(3 * batch, 3 * batch + 3)
        content = {b"data": rows[part], b"labels": numbers[part], b"mean": rows[0] / 2}
        (tmp_path / f"train_data_batch_{batch + 1}").write_bytes(write(content))
    (tmp_path / "val_data").write_bytes(write({b"data": rows[:2], b"labels": [2, 999]}))
    dataset = open_dataset(f"imagenet16-120:{tmp_path}")
    kept = [place for place, number in enumerate(numbers) if number <= 120]
    assert labels(dataset) == [numbers[place] - 1 for place in kept]
    assert dataset.source_index is not None
    assert dataset.source_index.tolist() == kept
    np.testing.assert_array_equal(pixels(dataset).reshape(-1, 768), rows[kept])
    assert dataset.num_classes == 120
    assert labels(open_dataset(f"imagenet16-120:{tmp_path / 'val_data'}")) == [1]
    (tmp_path / "train_data_batch_10").unlink()
    with pytest.raises(DatasetError, match="lacks train_data_batch_10"):
        open_dataset(f"imagenet16-120:{tmp_path}")
    (tmp_path / "val_data").write_bytes(write({b"data": rows[:2], b"labels": [0, 1]}))
    with pytest.raises(DatasetError, match=r"expected labels from 1 to 1000, .* got 0"):
        open_dataset(f"imagenet16-120:{tmp_path / 'val_data'}")


def plain(batch: dict[bytes, Any]) -> dict[str, Any]:
    """Return a batch as Python 3 writes it."""
    return {key.decode(): value for key, value in batch.items()}


@pytest.fixture
def mit67(tmp_path: Path) -> Path:
    for name, brightness in (("bar/z.jpg", 20), ("bar/a.jpg", 40), ("attic/b_1.jpg", 60)):
        path = tmp_path / "Images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (brightness,) * 3).save(path)
    (tmp_path / "TrainImages.txt").write_bytes(b"bar/z.jpg\nattic/b_1.jpg \n\n")
    (tmp_path / "TestImages.txt").write_bytes(b"bar/a.jpg\r\n")
    return tmp_path


def test_mit67(mit67: Path) -> None:
    (mit67 / "Images" / ".ipynb_checkpoints").mkdir()
    dataset = open_dataset(f"mit67:{mit67}")
    assert (labels(dataset), dataset.class_names) == ([1, 0], ("attic", "bar"))
    assert pixels(dataset)[:, 0, 0, 0].tolist() == [20, 60]
    test = open_dataset(f"mit67:{mit67 / 'TestImages.txt'}")
    assert (labels(test), pixels(test)[0, 0, 0, 0]) == ([1], 40)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("bar/gone.jpg", r"lacks 1 of 1 images, .*gone\.jpg"),
        ("cellar/a.jpg", "names the class 'cellar'"),
        ("../bar/a.jpg", "expected lines such as"),
        ("a.jpg", "expected lines such as"),
        ("", "lacks all"),
    ],
)
def test_other_lists_of_mit67_are_told(mit67: Path, line: str, message: str) -> None:
    (mit67 / "TrainImages.txt").write_text(line)
    with pytest.raises(DatasetError, match=message):
        open_dataset(f"mit67:{mit67}")


@pytest.fixture
def flowers102(tmp_path: Path) -> Path:
    (tmp_path / "jpg").mkdir()
    for number in range(1, 6):
        path = tmp_path / "jpg" / f"image_{number:05d}.jpg"
        Image.new("RGB", (8, 6), (10 * number,) * 3).save(path)
    savemat(tmp_path / "imagelabels.mat", {"labels": np.array([[1, 102, 3, 1, 2]], np.uint8)})
    ids = {"trnid": [[4, 2]], "valid": [[1]], "tstid": [[3, 5]]}
    savemat(tmp_path / "setid.mat", {name: np.array(one, np.uint16) for name, one in ids.items()})
    return tmp_path


def test_flowers102(flowers102: Path) -> None:
    dataset = open_dataset(f"flowers102:{flowers102}")
    assert labels(dataset) == [0, 101]
    assert pixels(dataset)[:, 0, 0, 0].tolist() == [40, 20]
    assert dataset.source_index is not None
    assert dataset.source_index.tolist() == [3, 1]
    (flowers102 / "setid.mat").unlink()
    assert labels(open_dataset(f"flowers102:{flowers102}")) == [0, 101, 2, 0, 1]


def test_other_files_of_flowers102_are_told(flowers102: Path) -> None:
    savemat(flowers102 / "setid.mat", {"trnid": np.array([[4, 6]])})
    with pytest.raises(DatasetError, match="do not belong together"):
        open_dataset(f"flowers102:{flowers102}")
    (flowers102 / "jpg" / "image_00002.jpg").unlink()
    (flowers102 / "setid.mat").unlink()
    with pytest.raises(DatasetError, match=r"lacks 1 of 5 images, .*image_00002\.jpg"):
        open_dataset(f"flowers102:{flowers102}")
    (flowers102 / "imagelabels.mat").unlink()
    with pytest.raises(DatasetError, match=r"expected imagelabels\.mat and the folder jpg"):
        open_dataset(f"flowers102:{flowers102}")


@pytest.mark.parametrize("name", ["svhn", "imagenet16-120", "mit67", "flowers102"])
def test_a_path_is_needed_and_absent_ones_are_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"write {name}:PATH"):
        open_dataset(name)
    with pytest.raises(DatasetError, match=rf"no {name} in .*: expected"):
        open_dataset(f"{name}:{tmp_path / 'absent'}")


@pytest.mark.parametrize("source", ["cifar10:a.tar.gz", "mit67:a.tar", "folder:a.zip"])
def test_an_archive_is_to_be_unpacked(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / source.partition(":")[2]).write_bytes(b"packed")
    with pytest.raises(DatasetError, match="is an archive; unpack it"):
        open_dataset(source)
