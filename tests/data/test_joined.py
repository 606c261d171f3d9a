"""Two datasets in a row: indices, labels and pixels of both, statistics of the first."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from naslib_proxydata.data.arrays import ArrayDataset
from naslib_proxydata.data.joined import JoinedDataset
from naslib_proxydata.errors import DatasetError


def numbered(count: int, start: int, classes: int = 3, size: int = 4) -> ArrayDataset:
    """Return images each of whose pixels says which one it is."""
    images = np.broadcast_to(
        np.arange(start, start + count, dtype=np.uint8)[:, None, None, None],
        (count, 3, size, size),
    ).copy()
    return ArrayDataset(f"from {start}", images, np.arange(count) % classes)


FIRST, SECOND = numbered(6, 0), numbered(9, 100)
JOINED = JoinedDataset(FIRST, SECOND)


@pytest.mark.parametrize("indices", [[0, 5], [6, 14], [7, 2, 14, 0, 6, 5]])
def test_pixels_come_in_the_order_that_is_asked_for(indices: list[int]) -> None:
    values = [index if index < 6 else 100 + index - 6 for index in indices]
    assert JOINED.pixels(np.array(indices))[:, 0, 0, 0].tolist() == values


def test_length_labels_and_statistics() -> None:
    assert len(JOINED) == 15
    assert JOINED.labels is not None
    assert JOINED.labels.tolist() == [0, 1, 2] * 5
    assert JOINED.readable.tolist() == list(range(15))
    assert JOINED.statistics == FIRST.statistics != SECOND.statistics
    assert torch.equal(JOINED[6][0], SECOND[0][0])


def test_fingerprint_tells_the_order_and_the_parts_apart() -> None:
    others = [JoinedDataset(SECOND, FIRST), JoinedDataset(FIRST, numbered(9, 101))]
    assert JOINED.fingerprint not in {one.fingerprint for one in others}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (numbered(8, 0, classes=4), "same classes .* got 3 and 4"),
        (numbered(9, 0, size=5), r"one shape .* got \(3, 4, 4\) and \(3, 5, 5\)"),
        (ArrayDataset("bare", np.zeros((4, 3, 4, 4), np.uint8)), "needs class labels"),
    ],
)
def test_what_does_not_fit_is_refused(second: ArrayDataset, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        JoinedDataset(FIRST, second)
