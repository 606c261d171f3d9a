"""One pass over a dataset that can be killed and goes on, in memory for one batch."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from naslib_proxydata.cached import read_cached, write_cached
from naslib_proxydata.data.loader import Batch, BatchLoader
from naslib_proxydata.errors import SelectionError
from naslib_proxydata.selection.large import AT_ONCE, scratch_array

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from naslib_proxydata.data.base import Dataset

_log = logging.getLogger(__name__)

BATCH_SIZE = 500
BATCH_PIXELS = BATCH_SIZE * 64 * 64
"""Height x width x images of a batch of larger images: 40 of 224 x 224."""

SECONDS_BETWEEN_PARTS = 10.0


@dataclass(frozen=True)
class ScoringPass:
    """How a model goes over a dataset.

    Attributes:
        batch_size: Examples in a batch; None for 500, and fewer of images above 64 x 64. Another
            one may change scores in the last digits.
        folder: Where finished rows are kept until the pass ends, so that it can go on; one folder
            for each dataset, model, formula and batch size. None keeps nothing.
        report: Told what is being done, how many examples are done, and of how many; or None.
    """

    batch_size: int | None = None
    folder: Path | None = None
    report: Callable[[str, int, int], None] | None = None

    def rows(
        self, dataset: Dataset, device: str, compute: Callable[[Batch], Tensor]
    ) -> NDArray[Any]:
        """Return ``compute(batch)`` of all examples in dataset order, shape (n, ...).

        Batches are the same ones whether the pass goes on or runs through, and so are the rows.
        What is kept is used where the first batch still gives the same, up to the first file that
        is damaged. Rows that cannot be kept, on a full disk, stay in memory.

        Raises:
            SelectionError: What was kept has become unreadable meanwhile.
        """
        size = self.batch_size or default_batch_size(dataset)
        parts = _Parts(self.folder)
        if parts.rows:
            kept = BatchLoader(dataset, np.arange(parts.rows), batch_size=size, device=device)
            if parts.begin_with(compute(next(iter(kept))).cpu().numpy()):
                _log.info("the pass goes on after %d of %d examples", parts.rows, len(dataset))
            else:
                _log.warning("%s keeps rows of another pass; this one begins anew", self.folder)
                parts.remove()
                parts = _Parts(self.folder)
        left = np.arange(parts.rows, len(dataset))
        try:
            for batch in BatchLoader(dataset, left, batch_size=size, device=device):
                parts.add(compute(batch).cpu().numpy())
                if self.report is not None:
                    self.report("scoring", parts.rows, len(dataset))
        finally:
            parts.save()
        array = parts.joined()
        parts.remove()
        return array


def default_batch_size(dataset: Dataset) -> int:
    """Return 500, or of images above 64 x 64 as many as have as many pixels, at least 2."""
    height, width = dataset.pixels(np.array([0])).shape[2:]
    return max(2, min(BATCH_SIZE, BATCH_PIXELS // (height * width)))


class _Parts:
    """Rows in order: those in files, each of which is there whole or not at all, and the newest.

    A file is named by its first row. Two processes that make the same pass write equal files, so
    neither disturbs the other.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.rows = 0
        self._kept: list[Path] = []
        self._fresh: list[NDArray[Any]] = []
        self._full = False
        self._saved = time.monotonic()
        while folder is not None:
            path = folder / f"{self.rows:012d}.npy"
            rows = read_cached(path, _decode, f"the pass goes on after {self.rows} examples")
            if rows is None or len(rows) == 0:
                break
            self._kept.append(path)
            self.rows += len(rows)

    def begin_with(self, rows: NDArray[Any]) -> bool:
        """Return whether these are the first rows in the files, but for rounding.

        They are not where two passes were handed the same folder, or where code has changed.
        """
        first = _load(self._kept[0])[: len(rows)]
        same_kind = first.shape == rows.shape and first.dtype == rows.dtype
        return same_kind and np.allclose(first, rows, rtol=1e-4, atol=1e-6, equal_nan=True)

    def remove(self) -> None:
        """Remove the files."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, rows: NDArray[Any]) -> None:
        """Take the rows of one more batch, and write a file now and then."""
        self._fresh.append(rows)
        self.rows += len(rows)
        due = time.monotonic() - self._saved > SECONDS_BETWEEN_PARTS
        if due or sum(fresh.nbytes for fresh in self._fresh) > AT_ONCE:
            self.save()

    def save(self) -> None:
        """Write the newest rows to a file, where there is a folder that can be written."""
        if self.folder is None or not self._fresh or self._full:
            return
        rows = np.concatenate(self._fresh)
        path = self.folder / f"{self.rows - len(rows):012d}.npy"
        try:
            write_cached(path, partial(np.save, arr=rows), error=SelectionError)
        except SelectionError as error:
            _log.warning("%s; the pass goes on without keeping what is done", error)
            self._full = True
            return
        self._kept.append(path)
        self._fresh = []
        self._saved = time.monotonic()

    def joined(self) -> NDArray[Any]:
        """Return all rows as one array."""
        pieces: list[Path | NDArray[Any]] = [*self._kept, *self._fresh]
        first = _piece(pieces[0])
        array = scratch_array((self.rows, *first.shape[1:]), first.dtype)
        start = 0
        for piece in pieces:
            rows = _piece(piece)
            array[start : start + len(rows)] = rows
            start += len(rows)
        return array


def _piece(piece: Path | NDArray[Any]) -> NDArray[Any]:
    return _load(piece) if isinstance(piece, Path) else piece


def _load(path: Path) -> NDArray[Any]:
    """Read a file that was read or written before."""
    rows = read_cached(path, _decode, "run the same command again to go on before it")
    if rows is None:
        raise SelectionError(
            f"the stored part {path} of a scoring pass cannot be read any more; run the same "
            "command again, which goes on before it"
        )
    return rows


def _decode(file: BinaryIO) -> NDArray[Any]:
    return np.atleast_1d(np.load(file, allow_pickle=False))
