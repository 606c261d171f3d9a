"""What is known of scores, and how they are called."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from naslib_proxydata.selection import origin
from naslib_proxydata.selection.origin import ScoreOrigin, array_sha256


def test_scores_are_called_by_what_is_known_of_them() -> None:
    assert ScoreOrigin().label == "given scores"
    assert ScoreOrigin(said="aum").label == "given scores, said to be of aum"
    assert ScoreOrigin(scorer="pixels").label == "pixels"
    known = ScoreOrigin(scorer="entropy", model="resnet20", training_accuracy=91.25, seed=0)
    assert known.label == "entropy of resnet20"
    assert known.sentence == "entropy of resnet20, training accuracy 91.2 %"
    given = ScoreOrigin(file="list.txt", file_sha256="0123456789abcdef")
    assert given.sentence == "given scores, from list.txt, sha256 0123456789ab"


def test_only_what_is_known_is_written_and_what_a_later_version_adds_is_read() -> None:
    known = ScoreOrigin(scorer="entropy", seed=0, training_accuracy=0.0)
    assert known.facts() == {"scorer": "entropy", "seed": 0, "training_accuracy": 0.0}
    assert ScoreOrigin.model_validate({**known.facts(), "of_later": 1}) == known
    with pytest.raises(ValueError, match="hardest"):
        ScoreOrigin.model_validate({"hardest": "both"})


def test_a_hash_is_that_of_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array([0.5, -2.0])
    expected = hashlib.sha256(b"(2,)" + values.astype("<f8").tobytes()).hexdigest()
    assert array_sha256(values) == expected
    assert array_sha256(values.astype(">f8")) == expected
    assert array_sha256(values[::-1]) != expected
    assert array_sha256(np.array([1, 2])) != array_sha256(np.array([1.0, 2.0]))
    long = np.arange(origin.BLOCK + 10)
    assert array_sha256(long) == array_sha256(long.astype(np.int32)), "and does not end early"
    assert array_sha256(long) != array_sha256(np.append(long[:-1], 0))
    wide = np.arange(6.0).reshape(2, 3)
    blocks = hashlib.sha256(b"(2, 3)" + wide.tobytes()).hexdigest()
    monkeypatch.setattr(origin, "BLOCK", 3)
    assert array_sha256(wide) == blocks, "however many rows are taken at a time"


@pytest.mark.parametrize(
    ("accuracy", "classes", "hardly"),
    [(None, 10, False), (12.0, 10, True), (18.9, 10, True), (19.1, 10, False), (54.9, 2, True)],
)
def test_near_chance_is_a_tenth_of_the_way(
    accuracy: float | None, classes: int, hardly: bool
) -> None:
    assert ScoreOrigin(training_accuracy=accuracy).hardly_learned(classes) is hardly
