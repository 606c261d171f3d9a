"""What a metric is: one number for how well scores order architectures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Metric(ABC):
    """Measures a ranking.

    Attributes:
        name: The name on the command line.
        title: Head of its column in reports.
        is_share: Whether it is a share of 1, which reports show in percent.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    is_share: ClassVar[bool] = False

    @abstractmethod
    def measure(self, scores: NDArray[np.float64], values: NDArray[np.float64]) -> float:
        """Return the number, nan where it is not defined.

        Args:
            scores: Higher is better, nan failed, -inf no signal, shape (n,).
            values: Measured, finite, higher is better, shape (n,).
        """
