"""A space of 12 x 12 integer pairs; mirror images are one function, and its value is known."""

from __future__ import annotations

import hashlib

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.evolution.domain import Domain
from naslib_proxydata.spaces.base import SearchSpace

SIDE = 12


class Grid(SearchSpace[tuple[int, int]]):
    name = "grid"

    def parse(self, text):
        try:
            x, y = map(int, text.split(","))
        except ValueError:
            raise ArchitectureError(f"not a pair: {text!r}") from None
        return x, y

    def text(self, architecture):
        return "{},{}".format(*architecture)

    def canonical(self, architecture):
        return min(architecture, architecture[::-1])

    def hash(self, architecture):
        return hashlib.md5(str(self.canonical(architecture)).encode()).hexdigest()

    def carries_signal(self, architecture):
        return True

    def sample(self, generator):
        x, y = generator.integers(SIDE, size=2)
        return int(x), int(y)

    def mutate(self, architecture, generator):
        near = self.neighbours(architecture)
        return near[int(generator.integers(len(near)))]

    def neighbours(self, architecture):
        x, y = architecture
        near = [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
        return [one for one in near if min(one) >= 0 and max(one) < SIDE]

    def network(self, architecture, generator, *, num_classes=10, in_channels=3):
        raise NotImplementedError

    trunk = network

    def params(self, architecture, *, num_classes=10):
        return sum(architecture)

    def macs(self, architecture, *, num_classes=10, image_size=None):
        return 100 * sum(architecture)


FUNCTIONS = SIDE * (SIDE + 1) // 2


def value(architecture):
    """Return a value with its best at (7, 9) and (9, 7), and ripples in between."""
    x, y = sorted(architecture)
    return 50.0 - (x - 7) ** 2 - (y - 9) ** 2 + (x * 5 + y * 3) % 4


def grid(**options):
    return Domain(Grid(), **options)
