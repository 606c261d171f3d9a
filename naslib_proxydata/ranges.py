"""The ranges of numeric options: said where an option is, and refused outside of it."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

from naslib_proxydata.errors import ConfigError, ProxyDataError, shown

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")

ATTRIBUTE = "ranges"
"""Where a factory keeps the ranges of its options."""


@dataclass(frozen=True)
class Range:
    """The numbers that an option takes.

    Attributes:
        low: The lowest, or the bound above which they are.
        high: The highest, or the bound below which they are.
        whole: Only whole numbers.
        above: ``low`` itself is none of them.
        below: ``high`` itself is none of them.
        many: The option takes several such numbers.
        other: The option takes something else too, such as a name, which is checked elsewhere.
    """

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    above: bool = False
    below: bool = False
    many: bool = False
    other: bool = False

    def __contains__(self, value: object) -> bool:
        """Return whether the option takes the value."""
        if self.many:
            one = replace(self, many=False)
            return isinstance(value, list | tuple) and all(item in one for item in value)
        if isinstance(value, bool) or not isinstance(value, Integral if self.whole else Real):
            return self.other and not isinstance(value, Real)
        number = float(value)
        lowest = number > self.low if self.above else number >= self.low
        highest = number < self.high if self.below else number <= self.high
        return math.isfinite(number) and lowest and highest

    def __str__(self) -> str:
        """Return it in words, such as ``a whole number of at least 1``."""
        kind = "whole number" if self.whole else "number"
        bounds = []
        if math.isfinite(self.low):
            bounds.append(f"{'above' if self.above else 'at least'} {self.low:g}")
        if math.isfinite(self.high):
            bounds.append(f"{'below' if self.below else 'at most'} {self.high:g}")
        words = " and ".join(bounds) or "any size"
        return f"{kind}s, each {words}" if self.many else f"a {kind}, {words}"


def with_ranges(
    what: str, error: type[ProxyDataError] = ConfigError, /, **ranges: Range
) -> Callable[[Callable[Arguments, Made]], Callable[Arguments, Made]]:
    """Return a decorator of what takes options, which refuses those out of their range.

    An option whose default is None may be None.

    Args:
        what: What errors call it, such as ``strategy 'gdas'``.
        error: The class of the errors.
        ranges: By option.
    """

    def decorate(function: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Made:
            given = signature.bind(*args, **kwargs).arguments
            for option, allowed in ranges.items():
                value = given.get(option, signature.parameters[option].default)
                may_be_none = signature.parameters[option].default is None
                if value not in allowed and not (value is None and may_be_none):
                    raise error(f"{what}: option {option} must be {allowed}; got {shown(value)}")
            return function(*args, **kwargs)

        setattr(checked, ATTRIBUTE, dict(ranges))
        return checked

    return decorate


def ranges_of(factory: Callable[..., Any]) -> Mapping[str, Range]:
    """Return the ranges of a factory's options, or of those of the class that it is."""
    maker = factory.__init__ if isinstance(factory, type) else factory  # type: ignore[misc]
    found: Mapping[str, Range] = getattr(maker, ATTRIBUTE, {})
    return found


def at_least(low: float, *, many: bool = False) -> Range:
    """Return the numbers from ``low`` on."""
    return Range(low, many=many)


def counted(low: int, high: float = math.inf, *, many: bool = False) -> Range:
    """Return the whole numbers from ``low`` on, up to ``high``."""
    return Range(low, high, whole=True, many=many)


POSITIVE = Range(0, above=True)
"""Numbers above 0."""
WHOLE = Range(whole=True)
"""All whole numbers, as seeds are."""
SHARE = Range(0, 1)
"""Numbers from 0 to 1."""
PART = Range(0, 1, below=True)
"""Numbers from 0 to below 1."""
