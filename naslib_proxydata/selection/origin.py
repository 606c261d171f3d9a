"""How scores were made: what a score file and a selection say of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import ConfigDict, Field

from naslib_proxydata.schema import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

End = Literal["highest", "lowest"]
BLOCK = 1 << 20
"""Numbers that are hashed at a time."""
GIVEN = "given scores"
"""What scores are called that nobody says the making of."""


class ScoreOrigin(Settings):
    """Where scores or features come from, as far as it is known.

    Attributes:
        scorer: Name of the scorer; empty where the file does not say.
        said: Name of the scorer that the user says they are of, where the file does not.
        settings: The scorer's settings.
        hardest: The end of the scores at which the hard examples are; None where unknown.
        model: Name of the model that was scored with; empty where there was none.
        recipe: How it was trained.
        seed: Seed of the training.
        training_accuracy: What it reached on its training examples in its last epoch, in
            percent; None where nothing was trained.
        version: Version of this package.
        dataset: Name of the scored dataset.
        fingerprint: Its fingerprint.
        values_sha256: Hash of the values, in dataset order.
        file: Name of the file that they were read from; empty where they were computed.
        file_sha256: Hash of that file.
    """

    # What a later version says beside is no reason to refuse its files.
    model_config = ConfigDict(extra="ignore", frozen=True)

    scorer: str = ""
    said: str = ""
    settings: Mapping[str, Any] = Field(default_factory=dict)
    hardest: End | None = None
    model: str = ""
    recipe: Mapping[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    training_accuracy: float | None = None
    version: str = ""
    dataset: str = ""
    fingerprint: str = ""
    values_sha256: str = ""
    file: str = ""
    file_sha256: str = ""

    @property
    def label(self) -> str:
        """What the scores are called: ``entropy of resnet20``, or that they were given."""
        if not self.scorer:
            return f"{GIVEN}, said to be of {self.said}" if self.said else GIVEN
        return f"{self.scorer} of {self.model}" if self.model else self.scorer

    @property
    def sentence(self) -> str:
        """What is known of the scores, in a few words."""
        parts = [self.label]
        if self.training_accuracy is not None:
            parts.append(f"training accuracy {self.training_accuracy:.1f} %")
        if self.file:
            parts.append(f"from {self.file}, sha256 {self.file_sha256[:12]}")
        return ", ".join(parts)

    def hardly_learned(self, classes: int) -> bool:
        """Return whether the training accuracy is near that of guessing.

        That is where less than a tenth of the way from 1 / classes to 1 was gone. What is not
        known is not called near.

        Args:
            classes: Number of classes.
        """
        if self.training_accuracy is None or classes < 2:
            return False
        chance = 1 / classes
        return self.training_accuracy / 100 < chance + 0.1 * (1 - chance)

    def facts(self) -> dict[str, Any]:
        """Return what is known as plain data."""
        facts = self.model_dump(mode="json")
        return {name: fact for name, fact in facts.items() if fact not in ("", None, {})}


@dataclass(frozen=True)
class Scored:
    """Scores or features of a dataset, and how they were made.

    Attributes:
        values: Scores, shape (n,), or features, shape (n, dimensions), in dataset order.
        origin: How they were made.
    """

    values: NDArray[Any]
    origin: ScoreOrigin


def array_sha256(values: NDArray[Any]) -> str:
    """Return a hash of an array's numbers, the same on every machine."""
    kind = "<i8" if np.issubdtype(values.dtype, np.integer) else "<f8"
    digest = hashlib.sha256(str(values.shape).encode())
    # Some rows at a time, since features are twice as large in float64 as they are in memory.
    rows = max(1, BLOCK * len(values) // max(1, values.size))
    for start in range(0, len(values), rows):
        digest.update(np.ascontiguousarray(values[start : start + rows], kind).tobytes())
    return digest.hexdigest()
