from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.sources import open_dataset
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.coverage_centric import CoverageCentricSelector
from naslib_proxydata.selection.listed import ListedDataset
from naslib_proxydata.selection.origin import ScoreOrigin
from naslib_proxydata.selection.ranked import EL2NSelector, EntropyTopSelector
from naslib_proxydata.selection.score_files import read_scores, write_scores
from naslib_proxydata.selection.scorers.histories import AumScorer
from naslib_proxydata.selection.scorers.outputs import EL2NScorer, EntropyScorer


def toy(count: int = 6, pixel: int = 0, source: list[int] | None = None) -> ArrayDataset:
    images = np.full((count, 4, 4), pixel, np.uint8)
    index = None if source is None else np.array(source)
    return ArrayDataset("toy", images, np.arange(count) % 3, source_index=index)


def test_the_published_cifar10_list_serves_its_dataset_and_its_parts(
    shared_data: Path, tmp_path: Path
) -> None:
    part = open_dataset(f"cifar10:{shared_data / 'cifar10_train10000.npz'}")
    assert part.source_index is not None
    scores = read_scores(shared_data / "entropy_lists.npz", "cifar10").for_dataset(part)
    with np.load(shared_data / "entropy_lists.npz") as archive:
        entropies, classes = archive["cifar10_entropy"], archive["cifar10_class"]
    np.testing.assert_array_equal(scores, entropies[part.source_index])
    text = tmp_path / "cifar10_index_entropy_class.txt"
    rows = enumerate(zip(entropies, classes, strict=True))
    text.write_text("".join(f"{index}\t{score!s}\t{one}\n" for index, (score, one) in rows))
    np.testing.assert_array_equal(read_scores(text).for_dataset(part), scores)


def test_a_list_in_another_order_is_refused(shared_data: Path) -> None:
    """The published lists of CIFAR-100 and SVHN do not follow their datasets."""
    with np.load(shared_data / "entropy_lists.npz") as archive:
        classes = archive["cifar100_class"].astype(np.int64)
    shuffled = np.random.default_rng(0).permutation(classes)
    images = np.zeros((len(classes), 2, 2), np.uint8)
    other = ArrayDataset("cifar100", images, shuffled)
    scores = read_scores(shared_data / "entropy_lists.npz", "cifar100")
    with pytest.raises(SelectionError, match=r"only [01]\.\d\d % of its classes"):
        scores.for_dataset(other)


def test_written_scores_are_bound_to_their_dataset(tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    write_scores(path, np.arange(6.0), toy())
    np.testing.assert_array_equal(read_scores(path).for_dataset(toy()), np.arange(6))
    with pytest.raises(SelectionError, match="scores a dataset with fingerprint"):
        read_scores(path).for_dataset(toy(pixel=1))
    write_scores(path, np.ones((6, 2)), toy())
    assert read_scores(path).for_dataset(toy()).shape == (6, 2)
    with pytest.raises(SelectionError, match=r"end in \.npz"):
        write_scores(tmp_path / "scores.txt", np.arange(6.0), toy())


def test_length_must_match_unless_the_dataset_knows_its_place(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{index}\t{index / 10}\n" for index in range(6)))
    scores = read_scores(path)
    with pytest.raises(SelectionError, match="scores 6 examples, dataset 'toy' has 4"):
        scores.for_dataset(toy(4))
    np.testing.assert_allclose(scores.for_dataset(toy(2, source=[5, 1])), [0.5, 0.1])
    with pytest.raises(SelectionError, match="belongs to another dataset"):
        scores.for_dataset(toy(2, source=[5, 6]))


@pytest.mark.parametrize(
    "data",
    [
        "\ufeff1\t0.5\t1\r\n0\t0.25\t0\r\n".encode(),
        b"1 0.5 1\n0 0.25 0\n",
        b"  1   0.5 1 \n\n0 0.25    0\n \n",
        b"1,0.5,1\n0, 0.25, 0\n",
        "1\t0.5\t1\n0\t0.25\t0\n".encode("utf-16"),
    ],
)
def test_lists_as_spreadsheets_and_programs_write_them(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(data)
    assert read_scores(path).for_dataset(toy(2)).tolist() == [0.25, 0.5]


@pytest.mark.parametrize("wrong", [np.nan, 1.5, np.inf])
def test_a_cast_makes_no_index_and_no_class(wrong: float, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    for text, name in (
        (f"0\t1\t0\n{wrong}\t1\t0\n", "indices"),
        (f"0\t1\t{wrong}\n", "classes"),
    ):
        path.write_text(text)
        with pytest.raises(
            SelectionError, match=f"its {name} must be whole numbers counted from 0, got {wrong}"
        ):
            read_scores(path)
    npz = tmp_path / "list.npz"
    for key, name in (("index", "indices"), ("class", "classes")):
        np.savez(npz, scores=np.zeros(2), **{key: np.array([0.0, wrong])})
        with pytest.raises(
            SelectionError, match=f"its {name} must be whole numbers counted from 0, got {wrong}"
        ):
            read_scores(npz)
    np.savez(npz, scores=np.arange(2.0), index=np.array([1.0, 0.0]))
    assert read_scores(npz).for_dataset(toy(2)).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0\t0.1\t0\n0\t0.2\t1\n", "duplicated or missing"),
        ("0\t0.1\t0\n2\t0.2\t1\n", "duplicated or missing"),
        ("a\tb\tc\n", "is no score list"),
        ("0\t1\t2\t3\n", "4 columns"),
        ("", "is no score list"),
        ("index,score,class\n0,0.1,0\n", "without a header"),
        ("0;0,1;0\n1;0,2;0\n", "is no score list"),
    ],
)
def test_damaged_lists_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(SelectionError, match=message):
        read_scores(path).for_dataset(toy(2))


def test_damaged_npz_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    path.write_bytes(b"garbage")
    with pytest.raises(SelectionError, match="is damaged"):
        read_scores(path)
    np.savez(path, numbers=np.arange(3))
    with pytest.raises(SelectionError, match="holds no scores"):
        read_scores(path, "toy")
    with pytest.raises(SelectionError, match="or name the dataset"):
        read_scores(path)
    np.savez(path, scores=np.arange(3) + 2**60)
    with pytest.raises(SelectionError, match=r"differ would become equal .* int64 up to 115"):
        read_scores(path)
    np.savez(path, scores=np.arange(3), toy_scores=np.arange(3)[::-1])  # which of them?
    with pytest.raises(SelectionError, match="both with and without 'toy_'"):
        read_scores(path, "toy")
    assert read_scores(path).values.tolist() == [0, 1, 2]
    np.savez(path, scores=np.arange(3), index=np.arange(2))
    with pytest.raises(SelectionError, match=r"index has the shape \(2,\), expected \(3,\)"):
        read_scores(path)


@pytest.mark.parametrize("place", range(60, 140, 8))
def test_bytes_that_were_changed_are_told_in_one_line(place: int, tmp_path: Path) -> None:
    """zlib and numpy's reader of headers raise errors of their own."""
    path = tmp_path / "scores.npz"
    np.savez_compressed(path, scores=np.zeros(1797))
    content = bytearray(path.read_bytes())
    content[place] ^= 255
    path.write_bytes(content)
    with pytest.raises(SelectionError, match="is damaged"):
        read_scores(path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"scores": np.array(["a", "b"])},
        {"scores": np.array(1.0)},
        {"scores": np.ones(2, complex)},
        {"scores": np.ones((2, 2, 2))},
        {"scores": np.ones(2), "index": np.array(0)},
        {"scores": np.ones(2), "class": np.zeros((2, 2), int)},
    ],
)
def test_arrays_of_another_kind_or_shape_are_refused(
    arrays: dict[str, NDArray[Any]], tmp_path: Path
) -> None:
    path = tmp_path / "scores.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(SelectionError, match=r"must be real numbers|do not belong together"):
        read_scores(path)


def test_scores_of_a_part_say_which_examples_they_are_of(tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    write_scores(path, np.arange(3.0), toy(3, source=[0, 2, 5]))
    assert np.load(path)["source_index"].tolist() == [0, 2, 5]


def test_a_file_says_how_its_scores_were_made(tmp_path: Path) -> None:
    path = tmp_path / "entropy.npz"
    made = ScoreOrigin(scorer="entropy", model="resnet20", training_accuracy=92.0, seed=0)
    write_scores(path, np.arange(6.0), toy(), made)
    served = read_scores(path).serving(toy(), EntropyTopSelector())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (served.origin.file, served.origin.file_sha256) == ("entropy.npz", digest)
    assert served.origin.label == "entropy of resnet20"
    with pytest.raises(SelectionError, match="'entropy', but selector 'el2n' goes by 'el2n'"):
        read_scores(path).serving(toy(), EL2NSelector())
    named = read_scores(path).serving(toy(), EL2NSelector(), EntropyScorer())
    assert named.origin.label == "entropy of resnet20", "and is not called el2n"
    with pytest.raises(SelectionError, match="scorer 'el2n' was named beside it"):
        read_scores(path).serving(toy(), EntropyTopSelector(), EL2NScorer())
    any_scores = read_scores(path).serving(toy(), CoverageCentricSelector())
    assert any_scores.origin.scorer == "entropy"
    again = tmp_path / "again.npz"
    write_scores(again, np.arange(6.0), toy(), made)
    assert again.read_bytes() == path.read_bytes()


def test_a_strangers_list_is_given_scores(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{index}\t{index / 10}\t{index % 3}\n" for index in range(6)))
    served = read_scores(path).serving(toy(), EL2NSelector())
    assert served.origin.label == "given scores"
    said = read_scores(path).serving(toy(), CoverageCentricSelector(), AumScorer())
    assert said.origin.label == "given scores, said to be of aum"
    assert said.origin.hardest == "lowest"


def test_what_a_file_says_must_be_readable(tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    for wrong in ("{", "[]", '{"training_accuracy": "high"}'):
        np.savez(path, scores=np.arange(6.0), made_by=np.array(wrong))
        with pytest.raises(SelectionError, match="of the making of its scores is damaged"):
            read_scores(path)


def test_lists_with_a_mark_or_with_spaces_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("\ufeff0 0.5 0\n1  0.25\t1\n\n2 0.125 2\n", encoding="utf-8")
    np.testing.assert_array_equal(read_scores(path).for_dataset(toy(3)), [0.5, 0.25, 0.125])


def test_a_list_stands_for_its_dataset(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("2\t0.5\t0\n0\t0.1\t1\n1\t0.2\t2\n")
    scores = read_scores(path)
    listed = ListedDataset(scores)
    assert (len(listed), listed.name, listed.fingerprint, listed.num_classes) == (3, "list", "", 3)
    assert listed.labels is not None
    assert listed.labels.tolist() == [1, 2, 0], "in the order of the dataset"
    np.testing.assert_array_equal(scores.for_dataset(listed), [0.1, 0.2, 0.5])
    with pytest.raises(SelectionError, match="has no images"):
        listed[0]
    path.write_text("0\t0.1\n1\t0.2\n")
    with pytest.raises(SelectionError, match="carries no classes"):
        ListedDataset(read_scores(path))
    write_scores(tmp_path / "own.npz", np.arange(6.0), toy(), ScoreOrigin(dataset="toy"))
    own = ListedDataset(read_scores(tmp_path / "own.npz"))
    assert (own.name, own.fingerprint) == ("toy", toy().fingerprint)
