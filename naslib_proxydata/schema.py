"""The base of every validated, frozen settings object, and the wording of its errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import Self

from naslib_proxydata.errors import ConfigError, closest, printable, shown

MOST_SHOWN = 10
"""Mistakes that are told at once."""


class Settings(BaseModel):
    """Settings that are frozen, refuse unknown keys and say what is wrong in one line each."""

    # No setting has a use for infinity, or for no number, which would end in scores of nan.
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )

    @classmethod
    def parse(cls, values: Mapping[str, Any], where: str) -> Self:
        """Validate ``values`` into settings.

        Args:
            values: The keys as a user wrote them.
            where: What the user would call the place, such as ``predictor 'eproxy'``.

        Raises:
            ConfigError: A key is unknown (the closest match is named) or a value is wrong.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            problems = error.errors(include_url=False)
            lines = [_explain(cls, problem) for problem in problems[:MOST_SHOWN]]
            if len(problems) > MOST_SHOWN:
                lines.append(f"and {len(problems) - MOST_SHOWN} more")
            raise ConfigError(printable(f"{where}: " + "; ".join(lines))) from None


WHOLE = "(the whole)"
"""The place of a problem that concerns several keys."""

LONGEST_KEY = 80
"""Characters of a key that a message shows."""


def _explain(model: type[BaseModel], problem: Any) -> str:
    """Turn one pydantic problem into what was expected, what was got and where."""
    path = ".".join(str(part)[:LONGEST_KEY] for part in problem["loc"]) or WHOLE
    if problem["type"] == "extra_forbidden":
        known = sorted(_fields_at(model, problem["loc"][:-1]))
        hint = closest(str(problem["loc"][-1]), known)
        return f"unknown key {path!r}.{hint} Known keys: {', '.join(known) or 'none'}"
    if problem["type"] == "value_error":
        # A validator of ours has said all; one of several keys together names them itself.
        said = str(problem["ctx"]["error"])
        return said if path == WHOLE or said.startswith(path) else f"{path}: {said}"
    return f"{path}: {problem['msg']}, got {shown(problem.get('input'))}"


def _fields_at(model: type[BaseModel], path: tuple[Any, ...]) -> set[str]:
    """Follow ``path`` through nested models and return the field names found there."""
    current: type[BaseModel] = model
    labels = 0  # parts that name a place in a mapping of models, and none of their fields
    for part in path:
        if isinstance(part, int):  # a place in a list of models, which share their fields
            continue
        if labels:
            labels -= 1
            continue
        field = current.model_fields.get(str(part))
        annotation = getattr(field, "annotation", None)
        nested = _model_in(annotation)
        if nested is None:
            return set()
        current, labels = nested, _mappings_in(annotation)
    return set(current.model_fields)


def _mappings_in(annotation: Any) -> int:
    """Return how many mappings there are around a model, as in ``dict[str, dict[str, Model]]``."""
    inner = max((_mappings_in(one) for one in getattr(annotation, "__args__", ())), default=0)
    return inner + (getattr(annotation, "__origin__", None) is dict)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as ``Model | None`` or ``list[Model]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
