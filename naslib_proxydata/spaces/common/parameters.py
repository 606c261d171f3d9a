"""An architecture as categorical parameters, which tuners of hyperparameters know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from naslib_proxydata.errors import ArchitectureError, unknown_name

Choice: TypeAlias = str | int | bool
Architecture = TypeVar("Architecture")


@dataclass(frozen=True)
class Parameters(Generic[Architecture]):
    """Categorical parameters that name an architecture together.

    Not every combination need be an architecture.

    Attributes:
        choices: What each parameter may be, by its name.
        read: From one choice of each, in the order of the names, to an architecture.
        write: The way back.
    """

    choices: Mapping[str, tuple[Choice, ...]]
    read: Callable[[Sequence[Any]], Architecture]
    write: Callable[[Architecture], Sequence[Choice]]

    def architecture(self, values: Mapping[str, Any]) -> Architecture:
        """Return the architecture that values name; values of other parameters are not looked at.

        Raises:
            ArchitectureError: A parameter is absent or has another value than its choices, or the
                choices are no architecture together.
        """
        for name, choices in self.choices.items():
            if name not in values:
                raise ArchitectureError(
                    f"expected the parameters {', '.join(self.choices)}, of which {name!r} is "
                    f"absent; got {', '.join(map(str, values)) or 'none'}"
                )
            if values[name] not in choices:
                raise ArchitectureError(
                    unknown_name(
                        "choice", str(values[name]), map(str, choices), f"parameter {name!r}"
                    )
                )
        return self.read([values[name] for name in self.choices])

    def values(self, architecture: Architecture) -> dict[str, Choice]:
        """Return the choice of each parameter that names an architecture."""
        return dict(zip(self.choices, self.write(architecture), strict=True))
