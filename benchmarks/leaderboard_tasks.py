"""Make the page of one benchmark with several tasks: every predictor scored once for all tasks.

    python benchmarks/leaderboard_tasks.py --benchmark transnas-micro --data-root ../shared/data

Run again, it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pages import arguments, copy_figure, mean_table, provenance, run

from naslib_proxydata.leaderboard.rows import Row

PREDICTORS = "eproxy,synflow,naswot,random,params,macs"


def main() -> None:
    """Run the leaderboard of a benchmark over all its tasks and write page and figures."""
    options = arguments(
        __doc__.splitlines()[0], n=200, out="leaderboard_tasks", seeds="0", benchmark=True
    )
    name = options.benchmark
    options.out = options.out / name
    board = run(options, suite=name, predictors=PREDICTORS)
    tasks = list(dict.fromkeys(row.dataset for row in board.rows))
    parts = [
        f"# Leaderboard: {name}",
        f"Made by `benchmarks/leaderboard_tasks.py --benchmark {name}`: {options.n} architectures "
        "drawn at random, each scored once by each predictor for all tasks.",
        "\n".join(average_table(board.rows, tasks)),
    ]
    for task in tasks:
        rows = [row for row in board.rows if row.dataset == task]
        parts += [f"## {task} ({rows[0].metric})", "\n".join(mean_table(rows))]
    parts.append(f"{provenance(board)} {options.note}".strip())
    figure = f"spearman_{name}_{tasks[0]}.png"
    copy_figure(board, figure, options.docs / "figures" / figure)
    parts.append(f"![Spearman's rho on {tasks[0]}](../figures/{figure})")
    page = options.docs / "reference" / f"leaderboard_{name}.md"
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def average_table(rows: Sequence[Row], tasks: Sequence[str]) -> list[str]:
    """Return Spearman and top-10 % retrieval, predictors down, tasks across, with the average."""
    lines = [
        f"| predictor | {' | '.join(tasks)} | average |",
        "| --- |" + " --- |" * (len(tasks) + 1),
    ]
    for name in dict.fromkeys(row.predictor for row in rows):
        mine = [[r for r in rows if r.predictor == name and r.dataset == task] for task in tasks]
        rho = [float(np.mean([row.spearman for row in group])) for group in mine]
        top = [float(np.mean([row.top10_retrieval for row in group])) for group in mine]
        pairs = zip([*rho, float(np.mean(rho))], [*top, float(np.mean(top))], strict=True)
        cells = [f"{one:.2f} / {100 * other:.0f} %" for one, other in pairs]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()
