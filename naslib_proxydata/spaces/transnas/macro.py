"""TransNAS-Bench-101 macro (arXiv 2105.11871): where 4 to 6 modules widen and shrink."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from naslib_proxydata.errors import ArchitectureError, shown
from naslib_proxydata.spaces.common.graph import GraphView
from naslib_proxydata.spaces.common.parameters import Parameters
from naslib_proxydata.spaces.transnas.skeleton import BASE_CHANNELS, Shape
from naslib_proxydata.spaces.transnas.space import TransNasSpace

if TYPE_CHECKING:
    import numpy as np

    from naslib_proxydata.spaces.transnas.network import CellMaker

LENGTHS = (4, 5, 6)
CODES = (1, 2, 3, 4)
HALVINGS = range(1, 5)
DOUBLINGS = range(1, 4)
_FORM = re.compile(rf"{BASE_CHANNELS}-([1-4]+)-basic")


@dataclass(frozen=True)
class TransNasSkeleton:
    """A code for each module: 1 plain, 2 doubles channels, 3 halves the image, 4 both."""

    codes: tuple[int, ...]


class TransNasMacro(TransNasSpace[TransNasSkeleton]):
    """The 3,256 skeletons of residual cells: 1 to 4 halvings, 1 to 3 doublings."""

    name = "transnas-macro"

    def parse(self, text: str) -> TransNasSkeleton:
        """Read an official string such as ``64-1234-basic``.

        Raises:
            ArchitectureError: The string has another form or lies outside the space.
        """
        match = _FORM.fullmatch(text)
        skeleton = TransNasSkeleton(tuple(map(int, match.group(1))) if match else ())
        if not _is_valid(skeleton.codes):
            raise ArchitectureError(
                f"not a TransNAS-Bench-101 macro skeleton: {shown(text)}; expected "
                f"{BASE_CHANNELS}-CODES-basic with 4 to 6 codes of 1 to 4, of which 1 to 4 are "
                "3 or 4 (halve the image) and 1 to 3 are 2 or 4 (double the channels)"
            )
        return skeleton

    def text(self, architecture: TransNasSkeleton) -> str:
        """Return the official string."""
        return f"{BASE_CHANNELS}-{''.join(map(str, architecture.codes))}-basic"

    def sample(self, generator: np.random.Generator) -> TransNasSkeleton:
        """Draw one of the 3,256 skeletons, each as likely as the others."""
        every = all_skeletons()
        return every[int(generator.integers(len(every)))]

    def neighbours(self, architecture: TransNasSkeleton) -> Sequence[TransNasSkeleton]:
        """Return the valid skeletons that differ by one module replaced, added or left out."""
        old = architecture.codes
        edits = [
            *(
                (*old[:place], code, *old[place + 1 :])
                for place in range(len(old))
                for code in CODES
            ),
            *(
                (*old[:place], code, *old[place:])
                for place in range(len(old) + 1)
                for code in CODES
            ),
            *((*old[:place], *old[place + 1 :]) for place in range(len(old))),
        ]
        different = dict.fromkeys(edit for edit in edits if edit != old and _is_valid(edit))
        return [TransNasSkeleton(codes) for codes in different]

    def modules(self, architecture: TransNasSkeleton) -> tuple[int, ...]:
        """Return the skeleton's codes."""
        return architecture.codes

    def scored_modules(self, architecture: TransNasSkeleton) -> tuple[int, ...]:
        """Return the skeleton's codes: they are scored as they are."""
        return architecture.codes

    def cell_maker(self, architecture: TransNasSkeleton) -> CellMaker:
        """Return the constructor of residual cells."""
        from naslib_proxydata.spaces.transnas.network import ResidualCell

        return ResidualCell

    def convolutions(self, architecture: TransNasSkeleton, shape: Shape) -> Iterator[Shape]:
        """Yield both 3x3 convolutions, and the shortcut's where the shape changes."""
        inputs, outputs, stride = shape
        yield inputs, outputs, 3
        yield outputs, outputs, 3
        if stride != 1 or inputs != outputs:
            yield inputs, outputs, 1

    def graph_view(self, architecture: TransNasSkeleton) -> GraphView:
        """Return a chain as numbers: how often, and by which module, it widens and shrinks."""
        codes = architecture.codes
        numbers = {"modules": float(len(codes))}
        numbers |= {f"code {code}": float(codes.count(code)) for code in CODES}
        for place in range(max(LENGTHS)):
            before = codes[: place + 1]
            numbers[f"doublings by {place}"] = float(sum(code in (2, 4) for code in before))
            numbers[f"halvings by {place}"] = float(sum(code in (3, 4) for code in before))
        return GraphView(numbers=numbers)

    def parameters(self) -> Parameters[TransNasSkeleton]:
        """Return the code of each of six modules, 0 for one that is not there.

        Only the last ones may be absent, and not every combination is of the space.
        """
        codes = (0, *CODES)
        longest = max(LENGTHS)
        return Parameters(
            {
                f"module_{place}": CODES if place < min(LENGTHS) else codes
                for place in range(longest)
            },
            lambda chosen: self.parse(
                f"{BASE_CHANNELS}-{''.join(map(str, chosen)).rstrip('0')}-basic"
            ),
            lambda skeleton: (*skeleton.codes, *[0] * (longest - len(skeleton.codes))),
        )


def _is_valid(codes: tuple[int, ...]) -> bool:
    halvings = sum(code in (3, 4) for code in codes)
    doublings = sum(code in (2, 4) for code in codes)
    return len(codes) in LENGTHS and halvings in HALVINGS and doublings in DOUBLINGS


@lru_cache(maxsize=1)
def all_skeletons() -> tuple[TransNasSkeleton, ...]:
    """Return every skeleton of the space, shorter ones first, then by their codes."""
    return tuple(
        TransNasSkeleton(codes)
        for length in LENGTHS
        for codes in product(CODES, repeat=length)
        if _is_valid(codes)
    )
