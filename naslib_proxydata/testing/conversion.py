"""What every conversion between NASLib's graphs and a search space must do, as tests."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pytest

from naslib_proxydata.errors import ArchitectureError
from naslib_proxydata.naslib_bridge.conversions import Conversion
from naslib_proxydata.plugins import load
from naslib_proxydata.seeding import numpy_generator
from naslib_proxydata.spaces.base import SearchSpace

NOT_HASHES: tuple[Any, ...] = ("", "nonsense", (), (-1, -1), ((), ()), None)


class ConversionContract:
    """Tests of a conversion; override :meth:`conversion`.

    Architectures of the space that NASLib's graphs lack are left out, where :meth:`Conversion.hash`
    says so by an ``ArchitectureError``. NASLib is not needed.

    Attributes:
        samples: Number of architectures that are drawn.
        fewest: Number of them that NASLib's graphs must have.
    """

    samples = 100
    fewest = 5

    @pytest.fixture
    def conversion(self) -> Conversion:
        """Return the conversion under test."""
        raise NotImplementedError("override the fixture 'conversion'")

    @pytest.fixture
    def space(self, conversion: Conversion) -> SearchSpace[Any]:
        """Return its search space, as it is registered."""
        return load().create("spaces", conversion.space)

    def converted(
        self, conversion: Conversion, space: SearchSpace[Any]
    ) -> Iterator[tuple[str, Any]]:
        """Yield the texts of drawn architectures, with their hashes."""
        generator = numpy_generator(0, "contract", "conversion")
        for _ in range(self.samples):
            text = space.text(space.sample(generator))
            try:
                yield text, conversion.hash(text)
            except ArchitectureError:
                continue

    def test_has_the_names_of_graph_and_space(
        self, conversion: Conversion, space: SearchSpace[Any]
    ) -> None:
        """They are what the conversion is found by."""
        assert conversion.name
        assert conversion.space == space.name

    def test_hashes_lead_back_to_the_text(
        self, conversion: Conversion, space: SearchSpace[Any]
    ) -> None:
        """Text to hash to text is the same text, for enough of the space."""
        count = 0
        for text, found in self.converted(conversion, space):
            assert conversion.text(found) == text
            count += 1
        assert count >= self.fewest, (
            f"hash() refused all but {count} of {self.samples} architectures of the space"
        )

    def test_texts_are_of_the_space(self, conversion: Conversion, space: SearchSpace[Any]) -> None:
        """The space reads them and writes the same."""
        for _, found in self.converted(conversion, space):
            text = conversion.text(found)
            assert space.text(space.parse(text)) == text

    def test_hashes_tell_architectures_apart(
        self, conversion: Conversion, space: SearchSpace[Any]
    ) -> None:
        """A hash can be a key, as NASLib uses it, and belongs to one text."""
        texts: dict[Any, str] = {}
        for text, found in self.converted(conversion, space):
            assert isinstance(found, Hashable), f"a {type(found).__name__} is no hash"
            hash(found)
            assert texts.setdefault(found, text) == text

    def test_takes_integers_of_numpy(self, conversion: Conversion, space: SearchSpace[Any]) -> None:
        """NASLib's mutated graphs hold them."""
        for text, found in self.converted(conversion, space):
            assert conversion.text(with_numpy(found)) == text

    @pytest.mark.parametrize("found", NOT_HASHES, ids=repr)
    def test_refuses_what_is_no_hash(self, conversion: Conversion, found: Any) -> None:
        """It is told as an error that a user understands."""
        with pytest.raises(ArchitectureError):
            conversion.text(found)

    @pytest.mark.parametrize("text", ["", "nonsense", "(0, 1, 2"])
    def test_refuses_what_is_no_text(self, conversion: Conversion, text: str) -> None:
        """The same for texts."""
        with pytest.raises(ArchitectureError):
            conversion.hash(text)


def with_numpy(found: Any) -> Any:
    """Return a hash with each integer in it as numpy's."""
    if isinstance(found, tuple):
        return tuple(map(with_numpy, found))
    return np.int64(found) if isinstance(found, int) else found
