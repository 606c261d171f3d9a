"""What a conversion is: the way between a graph of NASLib and one of our search spaces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class Conversion(ABC):
    """Reads graphs of one class of NASLib.

    Attributes:
        name: Name of NASLib's class of graphs, in lower case with hyphens.
        space: Name of the search space.
    """

    name: ClassVar[str]
    space: ClassVar[str]

    @abstractmethod
    def text(self, graph: Any) -> str:
        """Return the text of the architecture that a graph stands for."""
