"""Fields that several configurations have: things named with their options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from naslib_proxydata.errors import shown
from naslib_proxydata.runs.settings import listed
from naslib_proxydata.schema import Settings

IMAGES = "Source of the images that predictors look at."


class Named(Settings):
    """One thing by its registered name, with its options: ``{name: bdp, period: 2}``.

    A bare text is the name. The options are checked by what is named.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def options(self) -> dict[str, Any]:
        """All keys but the name."""
        return dict(self.model_extra or {})


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _named_with_preset(value: Any) -> Any:
    """Read ``"eproxy:PRESET"`` as a predictor with that preset."""
    if not isinstance(value, str):
        return value
    name, colon, preset = value.partition(":")
    return {"name": name, "preset": preset} if colon and preset else {"name": value}


def _named_options(value: Any) -> Any:
    """Turn ``"a,b"`` and ``[a, {b: {...}}]`` into ``{a: {}, b: {...}}``.

    A label ``a:PRESET`` without options stands for predictor ``a`` with that preset.
    """
    value = listed(value)
    if isinstance(value, Mapping):
        return {name: _with_preset(name, given) for name, given in value.items()}
    if not isinstance(value, list | tuple):
        return value
    options: dict[str, Any] = {}
    for item in value:
        if not isinstance(item, Mapping | str):
            raise ValueError(f"expected names, or names with options, got {shown(item)}")
        for name, given in item.items() if isinstance(item, Mapping) else [(item, None)]:
            if name in options:
                raise ValueError(f"{name!r} stands twice; give one of them another label")
            options[name] = _with_preset(name, given)
    return options


def _with_preset(label: Any, given: Any) -> Any:
    """Return a predictor's options; those of a bare ``NAME:PRESET`` are name and preset."""
    if given is not None and given != {}:
        return given
    name, colon, preset = str(label).partition(":")
    return {"predictor": name, "preset": preset} if colon and preset else {}


def _joined_options(value: Any) -> Any:
    """Read ``"a+b"`` as ``"a,b"``, the way strategies are joined.

    In a mapping, a key with a plain value is an option of the only strategy that is named:
    ``{sgas: {}, criterion: 2}`` stands for ``{sgas: {criterion: 2}}``.
    """
    if isinstance(value, Mapping):
        value = _options_in_place(value)
    return _named_options(value.replace("+", ",") if isinstance(value, str) else value)


def _options_in_place(given: Mapping[Any, Any]) -> dict[Any, Any]:
    names = {key: one for key, one in given.items() if one is None or isinstance(one, Mapping)}
    options = {key: one for key, one in given.items() if key not in names}
    if not options:
        return names
    told = ", ".join(map(str, options))
    if not names:
        raise ValueError(
            f"the option {told} stands without a strategy; write {{NAME: {{{told}: VALUE}}}}"
        )
    if len(names) > 1:
        raise ValueError(
            f"the option {told} must say of which strategy, as several are named; write "
            + " or ".join(f"strategy.{name}.{next(iter(options))}" for name in names)
        )
    ((name, own),) = names.items()
    return {name: {**(own or {}), **options}}


Choice = Annotated[Named, BeforeValidator(_named)]
OptionalChoice = Annotated[Named | None, BeforeValidator(_named)]
OptionalPredictor = Annotated[Named | None, BeforeValidator(_named_with_preset)]
Options = Annotated[dict[str, dict[str, Any]], BeforeValidator(_named_options)]
JoinedOptions = Annotated[dict[str, dict[str, Any]], BeforeValidator(_joined_options)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(listed), Field(min_length=1)]
ImageSize = Annotated[
    int | None,
    Field(ge=8, description="Height and width in pixels; null for the search space's own."),
]
NumClasses = Annotated[
    int | None,
    Field(ge=2, description="Outputs of the networks; null for the images', at least 10."),
]
