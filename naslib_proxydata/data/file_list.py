"""The paths of millions of files in little memory."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable

import numpy as np


class FileList:
    """Paths in the order in which they are added, names and folders kept apart.

    All names lie in one buffer, end to end; each file adds its name's bytes, 8 bytes for where the
    name ends and 4 for its folder. A list of ``pathlib.Path`` takes several hundred bytes a file.
    """

    def __init__(self) -> None:
        self._folders: list[str] = []
        self._names = bytearray()
        self._ends = array("q")
        self._folder_of = array("i")

    def add(self, folder: str, names: Iterable[str]) -> None:
        """Add files of one folder in the order given."""
        place = len(self._folders)
        self._folders.append(folder)
        for name in names:
            self._names += os.fsencode(name)
            self._ends.append(len(self._names))
            self._folder_of.append(place)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._ends)

    def __getitem__(self, index: int) -> str:
        """Return one path.

        Raises:
            IndexError: The index is outside 0 to len(self) - 1, which ends iteration.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"file {index} of {len(self)}")
        start = self._ends[index - 1] if index else 0
        name = os.fsdecode(bytes(self._names[start : self._ends[index]]))
        return os.path.join(self._folders[self._folder_of[index]], name)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that hold the names, their ends and their folders."""
        return sum(len(np.frombuffer(part, np.uint8)) for part in self._buffers())

    def _buffers(self) -> tuple[bytearray, array[int], array[int]]:
        return self._names, self._ends, self._folder_of
