"""The page of spaces with several tasks: every predictor scored once for all tasks of a space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pages import arguments, mean_table, provenance, run

from naslib_proxydata.leaderboard.report import summary_csv
from naslib_proxydata.leaderboard.rows import Row

EPROXY_BATCH, NASWOT_BATCH = 16, 128
"""Images that the predictors look at by default, as their authors' programs do."""


def make_page(
    script: str, description: str, n: int, title: str, suite: Sequence[str], paper: str
) -> None:
    """Run the leaderboard of a suite and write its page, figure and CSV.

    Args:
        script: The script's file name, which names page, figure and CSV too.
        description: The script's documentation, for its help.
        n: Architectures of each space, if the command line does not say.
        title: The page's heading.
        suite: The benchmarks.
        paper: What arXiv 2210.09459 gives for comparison.
    """
    name = Path(script).stem
    options = arguments(
        description.splitlines()[0],
        n=n,
        out=name,
        seeds="0",
        eproxy=EPROXY_BATCH,
        naswot=NASWOT_BATCH,
    )
    predictors = {
        "eproxy": _unless({"batch": EPROXY_BATCH}, options.eproxy_batch),
        "synflow": {},
        "naswot": _unless({"batch_size": NASWOT_BATCH}, options.naswot_batch),
        **{floor: {} for floor in ("random", "params", "macs")},
    }
    board = run(options, suite=list(suite), predictors=predictors)
    parts = [
        f"# {title}",
        f"Made by `benchmarks/{Path(script).name}`: {options.n} architectures of each space, drawn "
        "at random, each scored once by each predictor for all tasks. Spearman's rho and retrieval "
        f"of the best 10 %; the rows are [here as CSV]({name}.csv). Eproxy looks at "
        f"{options.eproxy_batch} images{_instead(options.eproxy_batch, EPROXY_BATCH)}, naswot at "
        f"{options.naswot_batch}{_instead(options.naswot_batch, NASWOT_BATCH)}.",
    ]
    parts += [f"Published (arXiv 2210.09459): {paper}.", *filter(None, [options.note])]
    for rows in _sections(board.rows):
        parts += [f"## {_heading(rows)}", "\n".join(average_table(rows))]
    for rows in _by_column(board.rows).values():
        first = rows[0]
        parts += [
            f"### {first.benchmark}: {first.dataset} ({first.metric})",
            "\n".join(mean_table(rows)),
        ]
    parts.append(provenance(board))
    parts += [f"Not at hand: `{one.benchmark}` {one.dataset}." for one in board.absent]
    figure = options.docs / "figures" / f"{name}.png"
    draw(board.rows, figure)
    parts.append(f"![Spearman's rho by task](../figures/{name}.png)")
    reference = options.docs / "reference"
    # The path is where the data lay on the machine that measured.
    rows = [replace(row, source=Path(row.source).name) for row in board.rows]
    (reference / f"{name}.csv").write_text(summary_csv(rows), encoding="utf-8", newline="")
    (reference / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def average_table(rows: Sequence[Row]) -> list[str]:
    """Return Spearman and top-10 % retrieval, predictors down, tasks across, with the average."""
    columns = _by_column(rows)
    one_space = len({row.benchmark for row in rows}) == 1
    heads = [dataset if one_space else benchmark for benchmark, dataset in columns]
    lines = [
        f"| predictor | {' | '.join(heads)} | average |",
        "| --- |" + " --- |" * (len(heads) + 1),
    ]
    for name in dict.fromkeys(row.predictor for row in rows):
        groups = [[row for row in group if row.predictor == name] for group in columns.values()]
        rho = [float(np.mean([row.spearman for row in group])) for group in groups]
        top = [float(np.mean([row.top10_retrieval for row in group])) for group in groups]
        pairs = zip([*rho, float(np.mean(rho))], [*top, float(np.mean(top))], strict=True)
        cells = [f"{one:.2f} / {100 * other:.0f} %" for one, other in pairs]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return lines


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw rho by task with its 95 % interval, predictors side by side."""
    from matplotlib.figure import Figure

    columns = _by_column(rows)
    names = list(dict.fromkeys(row.predictor for row in rows))
    figure = Figure(figsize=(7.5, 1.6 + 0.55 * len(columns)), layout="constrained")
    axes = figure.add_subplot()
    for place, name in enumerate(names):
        groups = [[row for row in group if row.predictor == name] for group in columns.values()]
        rho, low, high = (
            np.array([np.mean([getattr(row, field) for row in group]) for group in groups])
            for field in ("spearman", "spearman_low", "spearman_high")
        )
        heights = np.arange(len(columns)) + 0.7 * ((place + 0.5) / len(names) - 0.5)
        errors = np.abs(np.stack([rho - low, high - rho]))
        axes.errorbar(rho, heights, xerr=errors, fmt="o", markersize=4, linewidth=1, label=name)
    spaces = {benchmark for benchmark, _ in columns}
    axes.set_yticks(
        range(len(columns)),
        [dataset if len(spaces) == 1 else f"{space}\n{dataset}" for space, dataset in columns],
        fontsize=8,
    )
    axes.invert_yaxis()
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_xlabel("Spearman's rho with the measured value (95 % bootstrap interval)")
    axes.set_xlim(-1, 1)
    figure.legend(loc="outside upper center", ncols=len(names), fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _unless(default: dict[str, int], value: int) -> dict[str, int]:
    """Return the option with another value, or none: so scores of plain runs are shared."""
    return {key: value for key, usual in default.items() if value != usual}


def _instead(batch: int, published: int) -> str:
    return "" if batch == published else f" instead of the published {published}"


def _by_column(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Group rows by benchmark and dataset, in their order."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.benchmark, row.dataset), []).append(row)
    return groups


def _sections(rows: Sequence[Row]) -> list[list[Row]]:
    """Return a table's rows each: spaces of one dataset share a table, others have their own."""
    spaces: dict[str, list[Row]] = {}
    for row in rows:
        spaces.setdefault(row.benchmark, []).append(row)
    if all(len({row.dataset for row in group}) == 1 for group in spaces.values()):
        return [list(rows)]
    return list(spaces.values())


def _heading(rows: Sequence[Row]) -> str:
    spaces = list(dict.fromkeys(row.benchmark for row in rows))
    return f"All tasks of {spaces[0]}" if len(spaces) == 1 else "All spaces"
