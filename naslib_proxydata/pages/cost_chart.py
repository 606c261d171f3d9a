"""Values against what they cost, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from naslib_proxydata.pages.chart import (
    WIDTH,
    dot,
    line,
    series,
    shortened,
    svg,
    text_at,
    told,
    width_of,
)
from naslib_proxydata.pages.markup import Html
from naslib_proxydata.pages.scales import Scale, linear_ticks, padded, whole_powers

_LEFT, _TOP, _HEIGHT, _AXIS = 48, 12, 300, 40
_LONGEST = 20
_TINY = 1e-7
"""Seconds below which a cost is drawn as this much: a logarithm of 0 there is none."""


@dataclass(frozen=True)
class CostPoint:
    """One value and its cost.

    Attributes:
        name: Written beside it where there is room.
        group: What its colour stands for; empty for one colour.
        cost: Above 0; nan where it is not known, which draws nothing.
        value: nan where it is not defined.
        told: What a pointer on it tells.
    """

    name: str
    group: str
    cost: float
    value: float
    told: str


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def cost_chart(points: Sequence[CostPoint], cost: str, value: str) -> Html:
    """Draw values against costs.

    Args:
        points: Those without cost or value are left out.
        cost: What the horizontal axis is.
        value: What the vertical axis is.
    """
    known = [one for one in points if math.isfinite(one.cost) and math.isfinite(one.value)]
    groups = sorted({point.group for point in known})
    costs = [math.log10(max(one.cost, _TINY)) for one in known]
    low, high = padded(costs)
    low, high = min(low, math.floor(low + 0.7)), max(high, math.ceil(high - 0.7))
    x = Scale(low, high, _LEFT, WIDTH - 8)
    y = Scale(*padded([0.0, *(one.value for one in known)]), _TOP + _HEIGHT, _TOP)
    placed = [(one, x(place), y(one.value)) for one, place in zip(known, costs, strict=True)]
    drawn = [*_axes(x, y, cost, value), *_labels(placed)]
    drawn += [
        told([dot(left, top, 5)], one.told, series(groups.index(one.group)))
        for one, left, top in placed
    ]
    return svg(_TOP + _HEIGHT + _AXIS, drawn, f"{value} against {cost}: {len(known)} points")


def _axes(x: Scale, y: Scale, cost: str, value: str) -> list[Html]:
    bottom = _TOP + _HEIGHT
    drawn = []
    for power in whole_powers(x.low, x.high):
        drawn.append(line(x(power), _TOP, x(power), bottom, "grid"))
        drawn.append(text_at(x(power), bottom + 12, f"{10.0**power:g}", kind="tick"))
    for tick in linear_ticks(y.low, y.high):
        kind = "zero" if tick == 0 else "grid"
        drawn.append(line(_LEFT, y(tick), WIDTH - 8, y(tick), kind))
        drawn.append(text_at(_LEFT - 6, y(tick), f"{tick:g}", "end", "tick"))
    drawn.append(text_at((x.start + x.end) / 2, bottom + 31, cost, kind="axis"))
    return [*drawn, text_at(0, _TOP - 6, value, "start", "axis")]


def _labels(placed: Sequence[tuple[CostPoint, float, float]]) -> list[Html]:
    """Return names beside their points, where they cover nothing; a pointer tells the others."""
    taken = [_Box(x - 6, y - 6, x + 6, y + 6) for _, x, y in placed]
    drawn = []
    for point, x, y in placed:
        name = shortened(point.name, _LONGEST)
        for anchor, left, top in _places(x, y, width_of(name)):
            box = _Box(left, top - 7, left + width_of(name), top + 7)
            inside = box.left >= _LEFT and box.right <= WIDTH - 4 and box.top >= _TOP
            if inside and not any(box.meets(other) for other in taken):
                taken.append(box)
                at = {"start": left, "end": box.right, "middle": (left + box.right) / 2}[anchor]
                drawn.append(text_at(at, top, name, anchor, "label"))
                break
    return drawn


def _places(x: float, y: float, width: float) -> Iterable[tuple[str, float, float]]:
    """Yield anchor, left end and middle line of each place that a name may have, best first."""
    yield "start", x + 9, y
    yield "end", x - 9 - width, y
    for up in (-14, 14):
        yield "middle", x - width / 2, y + up
        yield "start", x + 6, y + up
        yield "end", x - 6 - width, y + up
