"""Values with their intervals, a line for each name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from naslib_proxydata.pages.chart import (
    WIDTH,
    diamond,
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
from naslib_proxydata.pages.scales import Scale, linear_ticks

_TOP, _AXIS, _RIGHT = 10, 40, 46
_BETWEEN = 10
"""Units from one point of a name to its next; a name with one has more room."""
_LONGEST = 24


@dataclass(frozen=True)
class RankPoint:
    """One value.

    Attributes:
        name: Its line.
        group: What its colour stands for, such as a seed; empty for one colour.
        value: nan where it is not defined.
        low: Lower end of the interval, nan without.
        high: Upper end.
        told: What a pointer on it tells.
    """

    name: str
    group: str
    value: float
    low: float
    high: float
    told: str


def rank_chart(
    points: Sequence[RankPoint],
    axis: str,
    published: dict[str, float],
    ceiling: float = math.nan,
    *,
    groups_are_averaged: bool = True,
) -> Html:
    """Draw values with intervals, names from top to bottom as they come.

    Args:
        points: At least one.
        axis: What the values are.
        published: An open diamond by name.
        ceiling: A dashed line, where known.
        groups_are_averaged: Whether the mean over groups stands behind each name, as that over
            seeds does and that over runs does not.
    """
    names = list(dict.fromkeys(point.name for point in points))
    groups = sorted({point.group for point in points})
    most = max(sum(point.name == name for point in points) for name in names)
    step = max(22.0, _BETWEEN * most + 8)
    bottom = _TOP + step * len(names)
    left = max(width_of(shortened(name, _LONGEST)) for name in names) + 14
    scale = Scale(*_ends(points, published), left, WIDTH - _RIGHT)
    drawn = [*_axis(scale, bottom, axis), *_ceiling(scale, bottom, ceiling)]
    for place, name in enumerate(names):
        middle = _TOP + step * (place + 0.5)
        mine = [point for point in points if point.name == name]
        drawn.append(text_at(left - 10, middle, shortened(name, _LONGEST), "end"))
        if len(groups) == 1 or groups_are_averaged:
            drawn.append(text_at(WIDTH, middle, _mean(mine), "end", "value"))
        if not math.isnan(published.get(name, math.nan)):
            drawn.append(_published(scale, middle, name, published[name]))
        for number, point in enumerate(mine):
            offset = (number - (len(mine) - 1) / 2) * _BETWEEN
            drawn += _point(scale, middle + offset, point, groups.index(point.group))
    return svg(bottom + _AXIS, drawn, f"{axis}: {len(names)} lines")


def _ends(points: Sequence[RankPoint], published: dict[str, float]) -> tuple[float, float]:
    """Return the ends of the axis: from 0 or below to 1, as correlations have it."""
    lows = [one for point in points for one in (point.low, point.value) if math.isfinite(one)]
    return min([0.0, *lows, *filter(math.isfinite, published.values())]), 1.0


def _axis(scale: Scale, bottom: float, name: str) -> list[Html]:
    drawn = []
    for tick in linear_ticks(scale.low, scale.high):
        kind = "zero" if tick == 0 else "grid"
        drawn.append(line(scale(tick), _TOP, scale(tick), bottom, kind))
        drawn.append(text_at(scale(tick), bottom + 12, f"{tick:g}", kind="tick"))
    return [*drawn, text_at((scale.start + scale.end) / 2, bottom + 31, name, kind="axis")]


def _ceiling(scale: Scale, bottom: float, value: float) -> list[Html]:
    if math.isnan(value):
        return []
    drawn = line(scale(value), _TOP, scale(value), bottom, "ceiling")
    text = f"noise ceiling {value:.3f}: one training against the others"
    return [told([drawn], text, "bound")]


def _point(scale: Scale, y: float, point: RankPoint, group: int) -> list[Html]:
    if math.isnan(point.value):
        return []
    drawn = []
    if not math.isnan(point.low):
        drawn.append(line(scale(point.low), y, scale(point.high), y, "interval"))
    return [told([*drawn, dot(scale(point.value), y)], point.told, series(group))]


def _published(scale: Scale, y: float, name: str, value: float) -> Html:
    return told([diamond(scale(value), y)], f"{name}\npublished: {value:.2f}", "paper")


def _mean(points: Sequence[RankPoint]) -> str:
    """Return the mean over the points of a name, a dash where one is not defined."""
    mean = fmean(point.value for point in points)
    return "–" if math.isnan(mean) else f"{mean:.2f}"
