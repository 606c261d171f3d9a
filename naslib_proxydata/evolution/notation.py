"""Architectures of any space as rows of symbols, by what varies in their texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

END = ""
"""The symbol after a text's last one, by which shorter texts are filled up."""
LONGEST_NUMBER = 3
"""Digits of a number, at most; more in a row are a string, such as an adjacency matrix."""

PIECE = re.compile(r"[A-Za-z]\w*|\d+|[^A-Za-z\d]+")
"""A word such as the name of an operation, digits, or what stands between them."""

Rows = NDArray[np.int64]


class Notation:
    """How the texts of some architectures are written as rows of symbols of one length.

    A text is cut into names, numbers and what stands between. Digits are symbols one by one where
    any of the texts has a run of them that is no number: one with a leading zero, or of more than
    :data:`LONGEST_NUMBER`. Places at which all texts agree carry nothing and are left out; a cell
    of NAS-Bench-201 becomes its 6 operations, and one of the DARTS space 16 operations and 16
    inputs. What it was made from is written and read back exactly.

    Args:
        texts: Texts of different architectures, at least one.

    Attributes:
        symbols: All symbols, sorted.
        places: Where the texts differ, counted in their symbols.
        length: Symbols of a row; 0 where all texts are the same.
        allowed: Which symbols occur at which place, shape (length, symbols).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        pieces = [PIECE.findall(text) for text in texts]
        self._digits = any(_is_string_of_digits(piece) for cut in pieces for piece in cut)
        columns = list(zip_longest(*map(self._cut, texts), fillvalue=END))
        self._template = [column[0] for column in columns]
        self.places = [place for place, column in enumerate(columns) if len(set(column)) > 1]
        varying = [set(columns[place]) for place in self.places]
        self.symbols = sorted(set().union(*varying))
        self.length = len(varying)
        self._numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        self.allowed = np.array(
            [[symbol in seen for symbol in self.symbols] for seen in varying], dtype=bool
        ).reshape(self.length, len(self.symbols))

    def write(self, texts: Sequence[str]) -> Rows:
        """Return rows of symbols by number, shape (texts, length), of texts it was made from."""
        rows = []
        for text in texts:
            cut = self._cut(text)
            cut += [END] * (len(self._template) - len(cut))
            rows.append([self._numbers[cut[place]] for place in self.places])
        return np.array(rows, dtype=np.int64).reshape(len(texts), self.length)

    def read(self, rows: Rows) -> list[str]:
        """Return the texts of rows, shape (texts, length), which need not be architectures."""
        return [self._joined([self.symbols[int(number)] for number in row]) for row in rows]

    def _joined(self, symbols: Sequence[str]) -> str:
        filled = list(self._template)
        for place, symbol in zip(self.places, symbols, strict=True):
            filled[place] = symbol
        return "".join(filled[: filled.index(END)] if END in filled else filled)

    def _cut(self, text: str) -> list[str]:
        pieces = PIECE.findall(text)
        if not self._digits:
            return pieces
        return [part for piece in pieces for part in (piece if piece.isdecimal() else [piece])]


def _is_string_of_digits(piece: str) -> bool:
    """Return whether digits are no number."""
    leading_zero = len(piece) > 1 and piece.startswith("0")
    return piece.isdecimal() and (leading_zero or len(piece) > LONGEST_NUMBER)
