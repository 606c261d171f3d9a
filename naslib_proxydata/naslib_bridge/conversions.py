"""What a conversion is: the way between the hashes of a graph of NASLib and one of our spaces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class Conversion(ABC):
    """Turns what one class of NASLib's graphs is known by into our texts, and back.

    A subclass needs neither NASLib nor torch.

    Attributes:
        name: What ``get_type()`` of NASLib's graphs returns, such as ``"nasbench201"``.
        space: Name of our search space.
    """

    name: ClassVar[str]
    space: ClassVar[str]

    @abstractmethod
    def text(self, found: Any) -> str:
        """Return the text of an architecture of our space.

        Args:
            found: What ``get_hash()`` of the graph returned; integers may be numpy's.

        Raises:
            ArchitectureError: It is no hash of such a graph.
        """

    @abstractmethod
    def hash(self, text: str) -> Any:
        """Return what ``get_hash()`` of NASLib's graph returns, and its ``set_spec`` takes.

        Args:
            text: Text of an architecture of our space.

        Raises:
            ArchitectureError: It is no architecture of the space, or NASLib has no such one.
        """
