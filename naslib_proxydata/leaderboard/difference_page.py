"""The parts of a page on which predictors differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

from naslib_proxydata.leaderboard import report
from naslib_proxydata.leaderboard.comparison import Comparison, Pair
from naslib_proxydata.pages.markup import Html
from naslib_proxydata.pages.page import Section, paragraph
from naslib_proxydata.pages.table import Cell, Number, Table, table_html

_HEADER = (
    *("higher", "lower", "significant", "difference [95 %]"),
    *("p, adjusted", "p", "rho", "rho of the lower"),
)

METHOD = (
    "Each difference of Spearman’s rho is that on the same architectures, and is resampled with "
    "them: a paired bootstrap, percentile interval, two-sided p. Intervals hold for one pair each. "
    "Adjusted p-values (Holm) hold for all pairs of a task together: where no two predictors "
    "differed, one pair or more would be called significant (adjusted p below 5 %) in at most 5 % "
    "of such comparisons. Several tasks are not adjusted for. Rho is the mean over seeds."
)


def difference_sections(comparisons: Sequence[Comparison]) -> list[Section]:
    """Return a section on which differences are significant, of all tasks."""
    if not comparisons:
        return []
    content = [part for one in comparisons for part in _task(one)]
    return [Section("Differences", [paragraph(METHOD, "note"), *content])]


def _task(comparison: Comparison) -> list[Html]:
    benchmark, dataset, metric = comparison.task
    title = f"{benchmark}: {dataset}, {metric.replace('_', ' ')}"
    if not comparison.pairs:
        return [paragraph(f"{title}: {comparison.note or 'there is one method alone.'}")]
    significant = sum(pair.is_significant for pair in comparison.pairs)
    seeds = f"{comparison.seeds} seed{'' if comparison.seeds == 1 else 's'}"
    said = (
        f"{title}: {significant} of {len(comparison.pairs)} pairs differ significantly, on "
        f"{comparison.n:,} architectures of {seeds}. {comparison.resamples:,} resamples tell no p "
        f"below {2 / (comparison.resamples + 1):.1g}. "
        f"{comparison.note}"
    )
    lines = [_line(pair) for pair in comparison.pairs]
    return [paragraph(said), table_html(Table(_HEADER, lines, f"differences on {title}"))]


def _line(pair: Pair) -> list[Cell]:
    value, low, high, p_value = pair.difference
    return [
        pair.first,
        pair.second,
        "yes" if pair.is_significant else "no",
        Number(value, f"{report.number(value)} [{report.number(low)}, {report.number(high)}]"),
        Number(pair.adjusted, _probability(pair.adjusted)),
        Number(p_value, _probability(p_value)),
        Number(pair.rho, report.number(pair.rho)),
        Number(pair.other_rho, report.number(pair.other_rho)),
    ]


def _probability(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
